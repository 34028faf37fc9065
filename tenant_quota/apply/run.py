"""Running migrations one by one: each is marked before the next begins, each failure explained."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql

from tenant_quota.apply import interrupted
from tenant_quota.apply.again import Reapplied
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.apply.object_files import pins_of
from tenant_quota.apply.stored_objects import Installer, Manner
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


@dataclass(frozen=True)
class Run:
    """A run in one direction; ``command`` is what does the rest of it after a failure."""

    backend: QuotaBackend
    root: Path
    direction: str  # apply or rollback
    manner: Manner
    on_step: OnStep
    command: str

    def all(self, migrations: list[Any]) -> list[str]:
        """Run the migrations in order and return their names."""
        for number, migration in enumerate(migrations, start=1):
            self.on_step(Progress(migration.id, number, len(migrations)))
            started = time.monotonic()
            self.backend.assert_locked()
            self._one(migration)
            seconds = time.monotonic() - started
            self.on_step(Progress(migration.id, number, len(migrations), seconds))
        return [migration.id for migration in migrations]

    def _one(self, migration: Any) -> None:
        """Run one; every failure names the file, the statement and the server's error."""
        self.backend.last.text = ""
        try:
            with self.backend.copy() as steps:
                self._process(steps, migration)
            if not isinstance(migration, Reapplied):
                self._mark(migration)
            return
        except pymysql.Error as error:
            reason = StatementFailed(error, self.backend.last.text, self._hint(error)).message
            if not isinstance(migration, Reapplied):
                interrupted.forget(self.backend, migration, self.direction, error)
        except TenantQuotaError as error:
            reason = error.message
        file = migration.id if isinstance(migration, Reapplied) else Path(migration.path).name
        verb = "rolled back" if self.direction == "rollback" else "applied"
        raise TenantQuotaError(
            f"{file} could not be {verb}.\n{reason}\n"
            f"Run `tenant-quota {self.command}` when that is mended: it carries on here."
        )

    def _process(self, steps: QuotaBackend, migration: Any) -> None:
        """Run the statements; those of tables from where an interrupted run was."""
        pins = pins_of(self.root / "migrations")
        if isinstance(migration, Reapplied) or migration.id in pins:
            installer = Installer(steps.connection, self.manner)
            if self.direction == "rollback":
                installer.restore(migration.id)
            else:
                installer.install(self.root, pins[migration.id])
            return
        statements = interrupted.statements_of(migration, self.direction)
        if not statements:
            migration.process_steps(steps, self.direction)
            return
        done = interrupted.done(self.backend, migration, self.direction)
        with steps.disable_transactions():
            for number, statement in enumerate(statements[done:], start=done):
                interrupted.begin(self.backend, migration, self.direction, number, statement)
                steps.cursor().execute(statement)

    def _mark(self, migration: Any) -> None:
        with self.backend.transaction():
            self.backend.log_migration(migration, self.direction)
            self.backend.unmark_one(migration, log=False)
            if self.direction == "apply":
                self.backend.mark_one(migration, log=False)
            interrupted.end(self.backend, migration)

    def _hint(self, error: pymysql.Error) -> str:
        table = interrupted.table_of(self.backend.last.text)
        if error_number(error) == LOCK_WAIT_TIMEOUT and table:
            return who_holds(self.backend.connection, table)
        return ""
