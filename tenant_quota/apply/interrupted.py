"""Telling which of a killed migration's DDL happened, so that none is lost or repeated.

MySQL commits each DDL statement by itself, so between it and yoyo's mark there is a moment
in which a kill leaves it done and unmarked; the next CREATE TABLE would fail with 1050.
One statement happens or does not. So before each, its number and its table's definition go
into yoyo's own log, as a hash under the operation `begin`. Where that row is still there,
the table tells: the same definition, it did not happen; another, it did. Either way leads on
from there: on to the end, or back to where it began, by as many of the rollback's statements.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
from yoyo.migrations import read_sql_migration

from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.statements import error_number, is_connection_lost

_TABLE = re.compile(
    r"\s*(?P<verb>CREATE|ALTER|DROP)\s+"
    r"(?:TABLE|(?:UNIQUE\s+)?INDEX\s+\S+\s+ON)\s+`?(?P<table>\w+)`?",
    re.IGNORECASE,
)
OPERATIONS = {"apply": "begin", "rollback": "begin undo"}
#: Of a table, in place of its definition's hash: it is not there; it is; nobody knows.
ABSENT, PRESENT, UNKNOWN = "absent", "present", "-"


@dataclass(frozen=True)
class _Record:
    """Which statement was about to run, and how its table was then."""

    operation: str
    number: int  # of the statement, from 0
    definition: str
    table: str

    def happened(self, now: str) -> bool:
        """Whether the statement did, by the definition that the table has now."""
        if self.definition in (PRESENT, UNKNOWN):
            return self.definition == PRESENT and now == ABSENT
        return self.definition != now


def table_of(statement: str) -> str:
    """Return the table a DDL statement is about, empty where that cannot be said."""
    match = _match(statement)
    return match["table"] if match else ""


def definition_before(statement: str) -> str:
    """Return what plain SQL can know of the table before the statement runs."""
    match = _match(statement)
    creates = re.search(r"\bTABLE\b", match[0], re.IGNORECASE) if match else None
    verb = match["verb"].upper() if match and creates else ""
    return {"CREATE": ABSENT, "DROP": PRESENT}.get(verb, UNKNOWN)


def _match(statement: str) -> re.Match[str] | None:
    return _TABLE.match(re.sub(r"\A(?:\s*--[^\n]*\n)+", "", statement))


def statements_of(migration: Any, direction: str) -> list[str]:
    """Return the statements of an SQL migration that is all DDL, in order; else none."""
    path = Path(migration.path)
    if path.suffix != ".sql":
        return []
    if direction == "rollback":
        path = path.with_name(f"{path.stem}.rollback.sql")
    statements = [s.strip().rstrip(";").rstrip() for s in read_sql_migration(str(path))[2]]
    return statements if all(map(table_of, statements)) else []


def done(backend: QuotaBackend, migration: Any, direction: str) -> int:
    """Return how many of the statements need not run: an interrupted run has done them.

    Or it went the other way, and did not come to what they would undo. Reads only.
    """
    record = _record(backend, migration)
    if record is None:
        return 0
    count = record.number + record.happened(_definition(backend, record.table))
    if record.operation == OPERATIONS[direction]:
        return count
    return max(0, len(statements_of(migration, direction)) - count)


def begin(
    backend: QuotaBackend, migration: Any, direction: str, number: int, statement: str
) -> None:
    """Record that this statement of the migration is about to run."""
    table = table_of(statement)
    _write(backend, migration, direction, f"{number} {_definition(backend, table)} {table}")


def _write(backend: QuotaBackend, migration: Any, direction: str, comment: str) -> None:
    with backend.transaction():
        end(backend, migration)
        data = backend.get_log_data(migration) | {
            "operation": OPERATIONS[direction],
            "comment": comment,
        }
        backend.execute(
            f"INSERT INTO {backend.log_table_quoted} (id, migration_hash, migration_id, "  # noqa: S608
            "operation, username, hostname, comment, created_at_utc) VALUES (:id, "
            ":migration_hash, :migration_id, :operation, :username, :hostname, :comment, "
            ":created_at_utc)",
            data,
        )


def begun(backend: QuotaBackend) -> set[str]:
    """Return the migrations that an interrupted run has begun, to apply or to roll back."""
    if backend.log_table not in backend.list_tables():
        return set()
    rows = backend.execute(
        f"SELECT migration_id FROM {backend.log_table_quoted} "  # noqa: S608
        "WHERE operation IN ('begin', 'begin undo')"
    ).fetchall()
    return {name for (name,) in rows}


def end(backend: QuotaBackend, migration: Any) -> None:
    """Remove the record: the migration is marked, or nothing of it happened."""
    backend.execute(
        f"DELETE FROM {backend.log_table_quoted} "  # noqa: S608
        "WHERE migration_hash = :hash AND operation IN ('begin', 'begin undo')",
        {"hash": migration.hash},
    )


def forget(backend: QuotaBackend, migration: Any, direction: str, error: pymysql.Error) -> None:
    """Let the next run begin anew at the statement that the server refused.

    The record stays where the outcome is unknown, or where the table did change: then the
    statement of a killed run was still at work and has finished by now.
    """
    if is_connection_lost(error):
        return
    with suppress(pymysql.Error):
        record = _record(backend, migration)
        if record is None or record.happened(_definition(backend, record.table)):
            return
        if record.number == 0 and _is_marked(backend, migration) == (direction == "rollback"):
            end(backend, migration)
        else:  # what stands in the way may change before the next run
            comment = f"{record.number} {UNKNOWN} {record.table}"
            _write(backend, migration, direction, comment)


def _is_marked(backend: QuotaBackend, migration: Any) -> bool:
    sql = f"SELECT 1 FROM {backend.migration_table_quoted} WHERE migration_hash = :hash"  # noqa: S608
    return backend.execute(sql, {"hash": migration.hash}).fetchone() is not None


def _record(backend: QuotaBackend, migration: Any) -> _Record | None:
    row = backend.execute(
        f"SELECT operation, comment FROM {backend.log_table_quoted} "  # noqa: S608
        "WHERE migration_hash = :hash AND operation IN ('begin', 'begin undo')",
        {"hash": migration.hash},
    ).fetchone()
    if row is None:
        return None
    number, definition, table = row[1].split(" ", 2)
    return _Record(row[0], int(number), definition, table)


def _definition(backend: QuotaBackend, table: str) -> str:
    """Return a hash of the table's definition, or `absent`."""
    try:
        text = backend.execute(f"SHOW CREATE TABLE {backend.quote_identifier(table)}").fetchone()[1]
    except pymysql.Error as error:
        if error_number(error) == 1146:
            return ABSENT
        raise
    text = re.sub(r" AUTO_INCREMENT=\d+", "", text)
    return hashlib.sha256(text.encode()).hexdigest()
