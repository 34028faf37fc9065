"""The files in migrations/, in the order in which they depend on each other.

yoyo's own reading opens them in the locale's encoding and runs those of pins. Ours are UTF-8
everywhere, and pins are read. Only a Python file with steps of its own is left to yoyo.
"""

from __future__ import annotations

import glob
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yoyo.exceptions import BadMigration, MigrationConflict
from yoyo.migrations import get_migration_hash, read_migrations, read_sql_migration
from yoyo.topologicalsort import CycleError, topological_sort

from tenant_quota.apply.object_files import Pin, read_pin_file
from tenant_quota.apply.table_statements import table_of
from tenant_quota.errors import TenantQuotaError
from tenant_quota.paths import sql_root

#: In the id of history rows of what was pinned anew after its migration had been applied. Before
#: it stands the last migration that was applied then: so ids sort by age.
AGAIN = " again "

# yoyo logs a failing import with its traceback; the error that we raise says it all.
logging.getLogger("yoyo.migrations").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Migration:
    """One migration: SQL, the pins of files that it installs, or Python steps for yoyo."""

    id: str
    path: Path
    depends: frozenset[str] = frozenset()
    pins: tuple[Pin, ...] | None = None
    steps: Any = None  # yoyo's migration
    transactional: bool = True

    @property
    def hash(self) -> str:
        """What yoyo marks it by."""
        return str(get_migration_hash(self.id))

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.path.name


@dataclass(frozen=True)
class Reapplied:
    """What one `apply` installed anew of migrations that were applied before; see AGAIN."""

    id: str
    pins: tuple[Pin, ...] = ()

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.id

    @property
    def after(self) -> str:
        """The last migration that was applied then."""
        return self.id.partition(AGAIN)[0]


def load_migrations(root: Path | None) -> list[Migration]:
    """Return the migrations. Raises TenantQuotaError if there are none or one is bad."""
    directory = (root or sql_root()) / "migrations"
    if not directory.is_dir():
        raise TenantQuotaError(f"There is no folder {directory}: is the package complete?")
    try:
        found = {each.id: _read(each) for each in read_migrations(glob.escape(str(directory)))}
        for each in found.values():
            if not each.depends <= found.keys():
                raise BadMigration(f"Could not resolve dependencies in {each.path}")
        names = topological_sort(found, {name: each.depends for name, each in found.items()})
        migrations = [found[name] for name in names]
    except CycleError as error:
        names = ", ".join(error.args[1])
        raise TenantQuotaError(f"Migrations that depend on each other: {names}.") from None
    except BadMigration as error:
        reason = "; ".join(str(argument) for argument in error.args)
        raise TenantQuotaError(f"A migration cannot be read: {reason}") from None
    except MigrationConflict as error:
        raise TenantQuotaError(f"Two migrations are named {error}.") from None
    if not migrations:
        raise TenantQuotaError(f"There are no migrations in {directory}.")
    return migrations


def _read(migration: Any) -> Migration:
    """Return ours for one of yoyo's, which has not been loaded."""
    name, path = migration.id, Path(migration.path)
    if path.suffix == ".sql":
        words, _, _ = read_sql_migration(migration.path)
        depends = frozenset(words.get("depends", "").split())
        is_transactional = words.get("transactional", "true").lower() == "true"
        return Migration(name, path, depends, transactional=is_transactional)
    pinned = read_pin_file(path)
    if pinned is not None:
        return Migration(name, path, pinned.depends, pinned.pins)
    migration.load()
    return Migration(name, path, frozenset(m.id for m in migration.depends), steps=migration)


def sql_of(migration: Any, direction: str) -> list[str]:
    """Return the statements of a migration's SQL file, or of its rollback file, in order."""
    path = Path(migration.path)
    if direction == "rollback":
        path = path.with_name(f"{path.stem}.rollback.sql")
    return [each.strip().rstrip(";").rstrip() for each in read_sql_migration(str(path))[2]]


def statements_of(migration: Any, direction: str) -> list[str]:
    """Return the statements of an SQL migration that is all DDL, in order; else none."""
    if Path(migration.path).suffix != ".sql":
        return []
    statements = sql_of(migration, direction)
    return statements if all(map(table_of, statements)) else []
