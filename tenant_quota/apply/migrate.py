"""Apply, roll back and list the migrations, one at a time, with clear failures."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tenant_quota.apply import crash_recovery, fitness, shipped
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.apply.migrations import load_migrations
from tenant_quota.apply.object_files import last_pins
from tenant_quota.apply.object_statements import reopen
from tenant_quota.apply.run import OnStep, Run
from tenant_quota.apply.run import Progress as Progress
from tenant_quota.apply.state import read_state
from tenant_quota.apply.stored_objects import (
    Server,
    definer_of_most,
    execute,
    pins_to_install,
)
from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.paths import sql_root

LOCK_TIMEOUT = 60.0  # seconds to wait for another apply


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
        if definer is not None:
            fitness.refuse_unknown(connection, definer)
    with QuotaBackend(options) as backend, backend.lock(lock_timeout, _waiting(on_note)):
        connection = backend.connection
        migrations = load_migrations(root)
        _settle(backend)
        crash_recovery.make_own_tables(connection)
        state = read_state(connection)
        for name in sorted(state.applied.keys() - {m.id for m in migrations}):
            on_note(f"{name} is applied in {options.database} but has no file here.")
        anew = pins_to_install(
            connection, root, state, definer=definer, force=force, on_note=on_note
        )
        definer = definer or definer_of_most(connection, root)
        server = Server(connection, root, definer, on_note, force)
        execute(connection, reopen(anew, state.applied, state.next_again, server))
        chosen = state.to_apply(migrations, anew)
        return Run(backend, server, "apply", on_step, "apply").all(chosen)


def rollback_plan(
    options: ConnectionOptions,
    *,
    root: Path | None = None,
    count: int | None = 1,
    to: str | None = None,
) -> list[str]:
    """Return what `rollback` with the same arguments would take back, in its order."""
    with closing(connect_to_database(options)) as connection:
        chosen = read_state(connection).to_take_back(load_migrations(root), count, to)
        return [each.id for each in chosen]


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
        state = read_state(backend.connection)
        chosen = state.to_take_back(load_migrations(root), count, to)
        if chosen:
            crash_recovery.make_own_tables(backend.connection)
        left = {*state.applied, *(each.id for each in state.reapplied)}
        left -= {each.id for each in chosen}
        # Counted again from where a kill left it, it would take back more than it was told.
        same = f"rollback --to {shlex.quote(max(left))}" if left else "rollback --all"
        server = Server(backend.connection, root, on_note=on_note)
        return Run(backend, server, "rollback", on_step, same).all(chosen)


def status(options: ConnectionOptions, *, root: Path | None = None) -> list[MigrationState]:
    """Return every migration and whether it is applied. Writes nothing."""
    root = root or sql_root()
    with closing(connect_to_database(options)) as connection:
        state, last = read_state(connection), last_pins(root)
        by_hand: dict[str, list[str]] = {}
        for each, found in shipped.changed_by_hand(connection, last, state.rows).items():
            # What a migration has begun and not finished is its own work.
            if found.hash and not found.begun:
                by_hand.setdefault(last[each].migration, []).append(str(found))
    names = [m.id for m in load_migrations(root)]
    pending = {pin.migration for pin in state.pending_pins(root)} | state.interrupted
    applied = {name: at for name, at in state.applied.items() if name not in pending}
    states = [
        MigrationState(
            name,
            "applied" if name in applied else "pending",
            applied.get(name),
            "; ".join(by_hand.get(name, ())),
        )
        for name in names
    ]
    unknown = (name for name in applied if name not in names)
    return states + [MigrationState(name, "unknown", applied[name]) for name in unknown]


def _settle(backend: QuotaBackend) -> None:
    """Wait for what a run that was cut off may be committing; sweep what it left."""
    crash_recovery.settle(backend.connection)
    shipped.sweep(backend.connection)


def _waiting(on_note: OnNote) -> OnNote:
    return lambda holder: on_note(f"Another apply or rollback is running ({holder}); waiting.")
