"""Releases that never were: what one shipped, and the SQL of the version after it."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from tenant_quota.apply import pins
from tenant_quota.apply.object_files import KINDS
from tenant_quota.paths import sql_root
from tenant_quota.schema.verify import shipped_body
from tools.releases import ship


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
