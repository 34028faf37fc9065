"""Telling which of a killed migration's DDL happened, so that none is lost or repeated.

One statement happens or does not. Where the record that it begins is still in yoyo's log (see
table_statements), the table tells: the same fingerprint, it did not happen; another, it did.
Either way leads on from there: on to the end, or back to where it began, by as many of the
rollback's statements.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pymysql.connections import Connection

from tenant_quota.apply import fingerprints
from tenant_quota.apply import table_statements as tables
from tenant_quota.apply.migrations import statements_of
from tenant_quota.apply.table_statements import ABSENT, OPERATIONS, UNKNOWN
from tenant_quota.names import literal
from tenant_quota.statements import fetch, fetch_if_there, run


@dataclass(frozen=True)
class _Record:
    """Which statement was about to run, and how its table was then."""

    operation: str
    number: int  # of the statement, from 0
    table_was: str
    table: str

    def happened(self, now: str) -> bool:
        """Whether the statement did, by the fingerprint that the table has now."""
        return self.table_was not in (UNKNOWN, now)


def done(connection: Connection[Any], migration: Any, direction: str) -> int:
    """Return how many of the statements need not run: an interrupted run has done them.

    Or it went the other way, and did not come to what they would undo. Reads only.
    """
    record = _read(connection, migration)
    if record is None:
        return 0
    count = record.number + record.happened(_fingerprint(connection, record.table))
    if record.operation == OPERATIONS[direction]:
        return count
    return max(0, len(statements_of(migration, direction)) - count)


def after_refusal(
    connection: Connection[Any], migration: Any, direction: str, *, is_marked: bool
) -> Iterable[str]:
    """Return what lets the next run begin anew at the statement that the server refused.

    The record stays where the table did change: then the statement of a killed run was still
    at work and has finished by now.
    """
    record = _read(connection, migration)
    if record is None or record.happened(_fingerprint(connection, record.table)):
        return []
    if record.number == 0 and is_marked == (direction == "rollback"):
        return [tables.forget(migration)]
    return tables.unclear(migration, OPERATIONS[direction], record.number, record.table)


def _read(connection: Connection[Any], migration: Any) -> _Record | None:
    rows = fetch_if_there(
        connection,
        f"SELECT operation, comment FROM `{tables.LOG}` "  # noqa: S608
        f"WHERE migration_hash = {literal(migration.hash)} AND {tables.IS_BEGUN}",
    )
    if not rows:
        return None
    number, before, table = rows[0]["comment"].split(" ", 2)
    return _Record(rows[0]["operation"], int(number), before, table)


def _fingerprint(connection: Connection[Any], table: str) -> str:
    """Return what a table's definition is known by, or `absent`."""
    return str(fetch(connection, f"SELECT {fingerprints.table(table)} AS now")[0]["now"] or ABSENT)


def settle(connection: Connection[Any]) -> None:
    """Wait for the mark that a run which was cut off may be committing."""
    fetch_if_there(connection, f"SELECT migration_id FROM `{tables.MIGRATIONS}` FOR SHARE")  # noqa: S608


def make_own_tables(connection: Connection[Any]) -> None:
    """Make yoyo's own tables, also where an earlier attempt was killed half-way."""
    if not fetch_if_there(connection, f"SELECT version FROM `{tables.VERSION}`"):  # noqa: S608
        for statement in tables.own_tables():
            run(connection, statement)
