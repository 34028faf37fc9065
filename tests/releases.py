"""A release that was never made: the SQL as it is, declared as shipped, and what follows it."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from tenant_quota import pins
from tenant_quota.object_files import KINDS
from tenant_quota.paths import sql_root


def copy_release(folder: Path) -> Path:
    """Copy the SQL, with every migration declared as shipped."""
    for name in ("migrations", *KINDS):
        shutil.copytree(sql_root() / name, folder / name)
    names = {file.stem for file in (folder / "migrations").glob("[0-9]*")}
    shipped = sorted(name for name in names if not name.endswith(".rollback"))
    (folder / "migrations/released.txt").write_text("\n".join(["# shipped", *shipped]) + "\n")
    return folder


def next_release(folder: Path, changed: Collection[str] = ()) -> Path:
    """Copy it with another text of these procedures, all without, and pin what changed."""
    copy_release(folder)
    for file in (folder / "procedures").glob("*.sql"):
        if not changed or file.stem in changed:
            text = file.read_text(encoding="utf-8")
            assert "\nBEGIN\n" in text
            file.write_text(text.replace("\nBEGIN\n", "\nBEGIN\n    -- new\n", 1), encoding="utf-8")
    pins.pin(folder)
    return folder
