"""Apply, roll back and list the migrations: yoyo's, one at a time, with clear failures."""

from __future__ import annotations

import glob
import logging
import shlex
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import yoyo.migrations
from yoyo.exceptions import BadMigration, MigrationConflict
from yoyo.migrations import MigrationList, read_migrations, topological_sort

from tenant_quota.apply import again, by_hand, fitness, proof
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.apply.object_files import Pin, last_pins
from tenant_quota.apply.run import OnStep, Run
from tenant_quota.apply.run import Progress as Progress
from tenant_quota.apply.stored_objects import Manner
from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError
from tenant_quota.paths import sql_root

LOCK_TIMEOUT = 60.0  # seconds to wait for another apply

# yoyo logs a failing import with its traceback; the error that we raise says it all.
logging.getLogger("yoyo.migrations").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class MigrationState:
    """One line of `status`; ``state`` is applied, pending or unknown (no file here)."""

    migration: str
    state: str
    applied_at: datetime | None  # UTC
    by_hand: str = ""  # what somebody changed of it since, in words


OnNote = Callable[[str], None]


def _nothing(_: object) -> None:
    pass


def apply(
    options: ConnectionOptions,
    *,
    root: Path | None = None,
    definer: str | None = None,
    lock_timeout: float = LOCK_TIMEOUT,
    create_database: bool = False,
    force: bool = False,
    on_step: OnStep = _nothing,
    on_note: OnNote = _nothing,
) -> list[str]:
    """Apply what is pending and return the migrations' names, in order.

    ``root`` holds migrations/, procedures/ and so on; the default is the package's own.
    ``definer`` (user@host) is who all of it runs as, also what another installed before; None:
    what is installed now runs as most of what is there does, or as who is connected.
    ``lock_timeout`` is in seconds. ``on_step`` is told before and after each migration,
    ``on_note`` what else is worth a line. With ``force`` what was changed by hand is put
    back, and kept; without, nothing is done where something of that would be lost. Raises
    TenantQuotaError; what was applied before stays, and calling again carries on.
    """
    root = root or sql_root()
    with closing(connect_to_database(options, create=create_database)) as connection:
        fitness.refuse_unfit(connection)
    with QuotaBackend(options) as backend, backend.lock(lock_timeout, _waiting(on_note)):
        migrations = load_migrations(root)
        _settle(backend)
        backend.ensure_internal_schema_updated()
        applied = set(applied_at(backend))
        for name in sorted(applied - {m.id for m in migrations}):
            on_note(f"{name} is applied in {options.database} but has no file here.")
        anew = again.pending_pins(backend, root, definer)
        anew += again.replace_or_keep(backend, root, anew, force, on_note)
        manner = Manner(definer or again.definer_of_most(backend, root), on_note, force)
        again.begin(backend, applied, anew, manner)
        chosen = to_apply(backend, root, applied, anew)
        return Run(backend, root, "apply", manner, on_step, "apply").all(chosen)


def to_apply(
    backend: QuotaBackend, root: Path, applied: Collection[str], anew: Collection[Pin]
) -> list[Any]:
    """Return what is not applied, or not all that it installs: ``anew``, in order."""
    pending = {pin.migration for pin in anew} | again.undone(backend, applied)
    migrations = topological_sort(load_migrations(root))
    return [m for m in migrations if m.id not in applied or m.id in pending]


def rollback_plan(
    options: ConnectionOptions,
    *,
    root: Path | None = None,
    count: int | None = 1,
    to: str | None = None,
) -> list[str]:
    """Return what `rollback` with the same arguments would take back, in its order."""
    with QuotaBackend(options) as backend:
        return [m.id for m in to_take_back(backend, root or sql_root(), count, to)]


def rollback(
    options: ConnectionOptions,
    *,
    root: Path | None = None,
    count: int | None = 1,
    to: str | None = None,
    lock_timeout: float = LOCK_TIMEOUT,
    on_step: OnStep = _nothing,
    on_note: OnNote = _nothing,
) -> list[str]:
    """Take back all migrations after ``to``, else the last ``count``, None meaning all.

    Returns their names in the order they were taken back. What was changed by hand since is
    kept in the history, and said. Raises TenantQuotaError.
    """
    root = root or sql_root()
    with QuotaBackend(options) as backend, backend.lock(lock_timeout, _waiting(on_note)):
        _settle(backend)
        chosen = to_take_back(backend, root, count, to)
        if chosen:
            backend.ensure_internal_schema_updated()
        left = {*applied_at(backend), *(each.id for each in again.reapplied(backend))}
        left -= {each.id for each in chosen}
        # Counted again from where a kill left it, it would take back more than it was told.
        same = f"rollback --to {shlex.quote(max(left))}" if left else "rollback --all"
        return Run(backend, root, "rollback", Manner(note=on_note), on_step, same).all(chosen)


def status(options: ConnectionOptions, *, root: Path | None = None) -> list[MigrationState]:
    """Return every migration and whether it is applied. Writes nothing."""
    root = root or sql_root()
    with QuotaBackend(options) as backend:
        applied = applied_at(backend)
        for name in _pending(backend, root, applied):
            applied.pop(name)
        last = last_pins(root)
        changed: dict[str, list[str]] = {}
        for each, found in by_hand.find(backend.connection, last).items():
            # What a migration has begun and not finished is its own work.
            if found.hash and not found.begun:
                changed.setdefault(last[each].migration, []).append(str(found))
    names = [m.id for m in load_migrations(root)]
    states = [
        MigrationState(
            name,
            "applied" if name in applied else "pending",
            applied.get(name),
            "; ".join(changed.get(name, ())),
        )
        for name in names
    ]
    unknown = (name for name in applied if name not in names)
    return states + [MigrationState(name, "unknown", applied[name]) for name in unknown]


def _pending(backend: QuotaBackend, root: Path, applied: Collection[str]) -> set[str]:
    """Return the applied migrations that `apply` would do again."""
    stale = {pin.migration for pin in again.pending_pins(backend, root)}
    return (stale & {*applied}) | again.undone(backend, applied)


def _settle(backend: QuotaBackend) -> None:
    """Wait for the mark that a run which was cut off may be committing; sweep what it left."""
    with backend.copy() as settling:
        if backend.migration_table in settling.list_tables():
            settling.execute(
                f"SELECT migration_id FROM {backend.migration_table_quoted} FOR SHARE"  # noqa: S608
            ).fetchall()
        proof.sweep(settling.connection)


def _waiting(on_note: OnNote) -> OnNote:
    return lambda holder: on_note(f"Another apply or rollback is running ({holder}); waiting.")


def load_migrations(root: Path | None) -> MigrationList:
    """Return the migrations, loaded. Raises TenantQuotaError if there are none or one is bad."""
    directory = (root or sql_root()) / "migrations"
    if not directory.is_dir():
        raise TenantQuotaError(f"There is no folder {directory}: is the package complete?")
    try:
        migrations = read_migrations(glob.escape(str(directory)))
        # yoyo opens them in the locale's encoding; ours are UTF-8 everywhere.
        vars(yoyo.migrations)["open"] = partial(open, encoding="utf-8")
        for migration in migrations:
            migration.load()
    except BadMigration as error:
        reason = "; ".join(str(argument) for argument in error.args)
        raise TenantQuotaError(f"A migration cannot be read: {reason}") from None
    except MigrationConflict as error:
        raise TenantQuotaError(f"Two migrations are named {error}.") from None
    if not migrations:
        raise TenantQuotaError(f"There are no migrations in {directory}.")
    return migrations


def applied_at(backend: QuotaBackend) -> dict[str, datetime]:
    """Return when each migration was applied; empty where yoyo has no tables yet."""
    if backend.migration_table not in backend.list_tables():
        return {}
    rows = backend.execute(
        f"SELECT migration_id, applied_at_utc FROM {backend.migration_table_quoted} "  # noqa: S608
        "ORDER BY migration_id"
    ).fetchall()
    return dict(rows)


def to_take_back(backend: QuotaBackend, root: Path, count: int | None, to: str | None) -> list[Any]:
    """Return what to take back, last first; what is half applied among it."""
    migrations = load_migrations(root)
    applied = applied_at(backend)
    anew = again.reapplied(backend)
    there = {*applied, *again.half_applied(backend, applied)}
    if not there:
        return []
    chosen: list[Any] = []
    for migration in topological_sort(migrations):
        chosen += [migration] if migration.id in there else []
        chosen += [each for each in anew if each.after == migration.id]
    chosen.reverse()
    if to is not None:
        names = [each.id for each in chosen]
        if to not in {*applied, *(each.id for each in anew)}:
            raise TenantQuotaError(f"{to} is not applied: nothing to go back to.")
        chosen = chosen[: names.index(to)] if to in names else []
    elif count is not None:
        chosen = chosen[:count]
    newest = max(there)
    if chosen and newest not in {m.id for m in migrations}:
        raise TenantQuotaError(
            f"{newest} is applied but has no file here: roll back with the version that has it."
        )
    return chosen
