"""Running migrations one by one: each is marked before the next begins, each failure explained."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql

from tenant_quota.apply import again, interrupted
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.apply.stored_objects import restore
from tenant_quota.errors import TenantQuotaError
from tenant_quota.statements import LOCK_WAIT_TIMEOUT, StatementFailed, error_number, who_holds


@dataclass(frozen=True)
class Progress:
    """One migration, before it runs (``seconds`` None) and after it is done."""

    migration: str
    number: int
    total: int
    seconds: float | None = None


OnStep = Callable[[Progress], None]


def run(
    backend: QuotaBackend, direction: str, migrations: list[Any], on_step: OnStep, same: str = ""
) -> list[str]:
    """Run the migrations one by one; each is marked before the next begins.

    ``same`` is the command that does the rest of it after a failure.
    """
    done = []
    for number, migration in enumerate(migrations, start=1):
        on_step(Progress(migration.id, number, len(migrations)))
        started = time.monotonic()
        backend.assert_locked()
        _run_one(backend, direction, migration, same or direction)
        done.append(migration.id)
        seconds = time.monotonic() - started
        on_step(Progress(migration.id, number, len(migrations), seconds))
    return done


def _run_one(backend: QuotaBackend, direction: str, migration: Any, same: str) -> None:
    """Run one migration; every failure names the file, the statement and the server's error."""
    backend.last.text = ""
    file = migration.id if isinstance(migration, again.Reapplied) else Path(migration.path).name
    verb = "rolled back" if direction == "rollback" else "applied"
    carry_on = f"Run `tenant-quota {same}` when that is mended: it carries on here."
    try:
        with backend.copy() as steps:
            if isinstance(migration, again.Reapplied):
                restore(steps.connection, migration.id)
                return
            _process(backend, steps, direction, migration)
        with backend.transaction():
            backend.log_migration(migration, direction)
            backend.unmark_one(migration, log=False)
            if direction == "apply":
                backend.mark_one(migration, log=False)
            interrupted.end(backend, migration)
        return
    except pymysql.Error as error:
        reason = StatementFailed(error, backend.last.text, _hint(backend, error)).message
        interrupted.forget(backend, migration, direction, error)
    except TenantQuotaError as error:
        reason = error.message
    raise TenantQuotaError(f"{file} could not be {verb}.\n{reason}\n{carry_on}")


def _process(backend: QuotaBackend, steps: QuotaBackend, direction: str, migration: Any) -> None:
    """Run a migration's statements, those of tables from where an interrupted run was."""
    statements = interrupted.statements_of(migration, direction)
    if not statements:
        migration.process_steps(steps, direction)
        return
    with steps.disable_transactions():
        for number in range(interrupted.done(backend, migration, direction), len(statements)):
            interrupted.begin(backend, migration, direction, number, statements[number])
            steps.cursor().execute(statements[number])


def _hint(backend: QuotaBackend, error: pymysql.Error) -> str:
    table = interrupted.table_of(backend.last.text)
    if error_number(error) == LOCK_WAIT_TIMEOUT and table:
        return who_holds(backend.connection, table)
    return ""
