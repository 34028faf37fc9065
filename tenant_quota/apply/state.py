"""What a database says of its migrations: which are applied, begun, and what they installed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pymysql.connections import Connection

from tenant_quota.apply import table_statements as tables
from tenant_quota.apply.history_statements import (
    BY_HAND,
    HISTORY,
    Row,
    again_id,
    is_done,
)
from tenant_quota.apply.migrations import AGAIN, Migration, Reapplied
from tenant_quota.apply.object_files import Object, Pin, last_pins
from tenant_quota.errors import TenantQuotaError
from tenant_quota.names import literal
from tenant_quota.statements import fetch, fetch_if_there


@dataclass(frozen=True)
class State:
    """Read at one moment; nothing where yoyo or the history has no tables yet."""

    applied: dict[str, datetime]  # when; UTC
    begun: set[str]  # migrations of tables that an interrupted run has begun, to or fro
    rows: dict[Object, Row]  # the newest of each object; see read_rows
    ids: set[str]  # of all rows of the history but those of texts made by hand

    @property
    def interrupted(self) -> set[str]:
        """The applied migrations of tables that an interrupted run has changed."""
        return self.begun & self.applied.keys()

    @property
    def half_applied(self) -> set[str]:
        """The migrations that are not marked, and have left more or less behind."""
        names = {name for name in self.ids if AGAIN not in name}
        return (names | self.begun) - self.applied.keys()

    @property
    def reapplied(self) -> list[Reapplied]:
        """What was installed anew, oldest first."""
        return [Reapplied(name) for name in sorted(self.ids) if AGAIN in name]

    @property
    def next_again(self) -> str:
        """The id of the rows of what is installed anew next."""
        return again_id(max(self.applied, default=""), self.ids, self.rows.values())

    def pending_pins(self, root: Path) -> list[Pin]:
        """Return the pins that are not installed as they are now, but of a later version's rows.

        Those of applied migrations are among them: a pin is another than then if no release has
        shipped it, for a database that follows a checkout. Or a rollback was interrupted that
        had begun to take it back.
        """
        known = {file.stem for file in (root / "migrations").glob("[0-9]*")}
        return [
            pin
            for each, pin in last_pins(root).items()
            if not is_done(row := self.rows.get(each), pin)
            and (row is None or row["migration_id"].partition(AGAIN)[0] in known)
        ]

    def to_apply(self, migrations: list[Migration], anew: Collection[Pin]) -> list[Migration]:
        """Return what is not applied, or not all that it installs: ``anew``."""
        pending = {pin.migration for pin in anew} | self.interrupted
        return [m for m in migrations if m.id not in self.applied or m.id in pending]

    def to_take_back(
        self, migrations: list[Migration], count: int | None, to: str | None
    ) -> list[Migration | Reapplied]:
        """Return what to take back, last first; what is half applied among it.

        All after ``to``, else the last ``count``, None meaning all. Raises TenantQuotaError.
        """
        there = {*self.applied, *self.half_applied}
        if not there:
            return []
        chosen: list[Migration | Reapplied] = []
        for migration in migrations:
            chosen += [migration] if migration.id in there else []
            chosen += [each for each in self.reapplied if each.after == migration.id]
        chosen.reverse()
        if to is not None:
            names = [each.id for each in chosen]
            if to not in {*self.applied, *(each.id for each in self.reapplied)}:
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


def read_state(connection: Connection[Any]) -> State:
    """Read it, and write nothing. Raises StatementFailed where this account may not look."""
    applied = fetch_if_there(
        connection,
        f"SELECT migration_id, applied_at_utc FROM `{tables.MIGRATIONS}` ORDER BY migration_id",  # noqa: S608
    )
    begun = fetch_if_there(
        connection,
        f"SELECT DISTINCT migration_id FROM `{tables.LOG}` WHERE {tables.IS_BEGUN}",  # noqa: S608
    )
    rows = read_rows(connection)
    return State(
        {row["migration_id"]: row["applied_at_utc"] for row in applied},
        {row["migration_id"] for row in begun},
        newest(rows),
        {row["migration_id"] for row in rows},
    )


def read_rows(connection: Connection[Any]) -> list[Row]:
    """Return the rows of the history, oldest first, but those of texts made by hand.

    They have texts only of what is begun and not finished.
    """
    rows = fetch_if_there(
        connection,
        "SELECT migration_id, object_type, object_name, new_sha256, installed_hash, "  # noqa: S608
        "IF(installed_at IS NULL, previous_create, NULL) AS previous_create, installed_at "
        f"FROM {HISTORY} ORDER BY migration_id",
    )
    return [row for row in rows if BY_HAND not in row["migration_id"]]


def newest(rows: list[Row]) -> dict[Object, Row]:
    """Return the newest row of each object."""
    return {(row["object_type"], row["object_name"]): row for row in rows}


def rows_of(connection: Connection[Any], migration: str) -> list[Row]:
    """Return all that the rows of a migration hold, or of what `again_id` named."""
    where = f"WHERE migration_id = {literal(migration)} ORDER BY object_type, object_name"
    return [*fetch(connection, f"SELECT * FROM {HISTORY} {where}")]  # noqa: S608
