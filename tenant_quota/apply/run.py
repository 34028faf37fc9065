"""Running migrations one by one: each is marked before the next begins, each failure explained."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import pymysql

from tenant_quota.apply import crash_recovery
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.apply.generator import marked, work
from tenant_quota.apply.migrations import Migration, Reapplied
from tenant_quota.apply.object_statements import Statement
from tenant_quota.apply.state import read_state
from tenant_quota.apply.stored_objects import Server, execute
from tenant_quota.errors import TenantQuotaError
from tenant_quota.statements import StatementFailed, run


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
    server: Server
    direction: str  # apply or rollback
    on_step: OnStep
    command: str

    def all(self, migrations: Iterable[Migration | Reapplied]) -> list[str]:
        """Run the migrations in order and return their names."""
        names = [each.id for each in migrations]
        for number, migration in enumerate(migrations, start=1):
            self.on_step(Progress(migration.id, number, len(names)))
            started = time.monotonic()
            self.backend.assert_locked()
            self._one(migration)
            seconds = time.monotonic() - started
            self.on_step(Progress(migration.id, number, len(names), seconds))
        return names

    def _one(self, migration: Migration | Reapplied) -> None:
        """Run one; every failure names the file, the statement and the server's error."""
        try:
            statements = self._statements(migration)
            statements = marked(migration, self.direction, statements)
            execute(self.backend.connection, statements, self.server.definer)
            return
        except pymysql.Error as error:  # from inside of a Python step
            reason = StatementFailed(error, "").message
        except TenantQuotaError as error:
            reason = error.message
            if not (isinstance(error, StatementFailed) and error.is_connection_lost):
                self._after_refusal(migration)
        verb = "rolled back" if self.direction == "rollback" else "applied"
        raise TenantQuotaError(
            f"{migration.name} could not be {verb}.\n{reason}\n"
            f"Run `tenant-quota {self.command}` when that is mended: it carries on here."
        )

    def _statements(self, migration: Migration | Reapplied) -> Iterable[Statement]:
        if isinstance(migration, Migration) and migration.steps is not None:
            with QuotaBackend(self.backend.options) as own:
                migration.steps.process_steps(own, self.direction)
            return ()
        self.server.look_again()
        return work(migration, self.direction, self.server)

    def _after_refusal(self, migration: Migration | Reapplied) -> None:
        """Leave what the next run goes by, as far as that can be done."""
        connection = self.backend.connection
        with suppress(TenantQuotaError, pymysql.Error):
            run(connection, "ROLLBACK")
            if isinstance(migration, Migration):
                marks = read_state(connection).applied
                left = crash_recovery.after_refusal(
                    connection, migration, self.direction, is_marked=migration.id in marks
                )
                execute(connection, left)
