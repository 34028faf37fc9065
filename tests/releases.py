"""Releases: what each shipped, so that an upgrade from any of them can be tried.

``make ship VERSION=1.0.0`` declares the migrations as shipped (migrations/released.txt), which
`pin` never rewrites then, and keeps the plan from nothing in tests/released/1.0.0.sql: all that
this version installs, its texts too, which no later version has.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Collection
from pathlib import Path

from tenant_quota.apply import pins
from tenant_quota.apply.object_files import KINDS
from tenant_quota.apply.pins import released
from tenant_quota.paths import sql_root
from tenant_quota.plan.file import as_sql
from tenant_quota.plan.make import NOTHING, plan_between
from tenant_quota.schema.verify import shipped_body

RELEASED = Path(__file__).parent / "released"


def ship(version: str, root: Path, folder: Path = RELEASED) -> Path:
    """Declare all that ``root`` has as shipped by this version, and keep what it installs."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"{version!r} is no version: 1.0.0")
    file = folder / f"{version}.sql"
    if file.exists():
        raise ValueError(f"{version} is released already: {file}")
    names = {each.stem for each in (root / "migrations").glob("[0-9]*")}
    new = sorted({n for n in names if not n.endswith(".rollback")} - released(root / "migrations"))
    with (root / "migrations/released.txt").open("a", encoding="utf-8") as shipped:
        shipped.write("\n".join([f"# {version}", *new]) + "\n")
    folder.mkdir(exist_ok=True)
    text = as_sql(plan_between(NOTHING, root=root), f"make ship VERSION={version}")
    file.write_text(text, encoding="utf-8")
    return file


def copy_release(folder: Path) -> Path:
    """Copy the SQL to where a release can be made up."""
    for name in ("migrations", *KINDS):
        shutil.copytree(sql_root() / name, folder / name)
    return folder


def change_procedures(root: Path, changed: Collection[str] = ()) -> None:
    """Give these procedures another text, all without, and pin what changed."""
    for file in (root / "procedures").rglob("*.sql"):
        if not changed or file.stem in changed:
            text = file.read_text(encoding="utf-8")
            body = shipped_body(root, f"procedure {file.stem}")
            assert body
            changed_body = body.replace("BEGIN\n", "BEGIN\n    -- new\n", 1)
            file.write_text(text.replace(body, changed_body), encoding="utf-8")
    pins.pin(root)


def next_release(folder: Path, changed: Collection[str] = ()) -> Path:
    """Return the SQL of a version after one that shipped what there is."""
    root = copy_release(folder)
    ship("0.0.1", root, folder / "released")
    change_procedures(root, changed)
    return root


if __name__ == "__main__":
    print(f"kept in {ship(sys.argv[1], sql_root())}")
