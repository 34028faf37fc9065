"""Telling whether a killed migration's DDL happened, so that it is neither lost nor repeated.

MySQL commits a DDL statement by itself, so between it and yoyo's mark there is a moment
in which a kill leaves it done and unmarked; the next CREATE TABLE would fail with 1050.
A migration is one DDL statement, which happens or does not. So before it runs, its
table's definition goes into yoyo's own log, as a hash under the operation `begin`. Where
that row is still there, the table tells: the same definition, it did not happen; another, it
did. Either way leads on from there: on to the end, or back to where it began.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pymysql
from yoyo.migrations import read_sql_migration

from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.statements import error_number

_TABLE = re.compile(
    r"\s*(?:(?:CREATE|ALTER|DROP)\s+TABLE|CREATE\s+(?:UNIQUE\s+)?INDEX\s+\S+\s+ON"
    r"|DROP\s+INDEX\s+\S+\s+ON)\s+`?(\w+)`?",
    re.IGNORECASE,
)
_LOST = {0, 2006, 2013, 2055}
OPERATIONS = {"apply": "begin", "rollback": "begin undo"}
ABSENT = "absent"  # the definition of a table that is not there


def table_of(statement: str) -> str:
    """Return the table a DDL statement is about, empty where that cannot be said."""
    match = _TABLE.match(re.sub(r"\A(?:\s*--[^\n]*\n)+", "", statement))
    return match[1] if match else ""


def created_table(statement: str) -> str:
    """Return the table that a CREATE TABLE makes, empty where it is another statement."""
    match = re.match(r"(?:\s*--[^\n]*\n)*\s*CREATE\s+TABLE\b", statement, re.IGNORECASE)
    return table_of(statement) if match else ""


def begin(backend: QuotaBackend, migration: Any, direction: str) -> bool:
    """Record that the migration begins; return True if an interrupted run has done it all."""
    if finished(backend, migration, direction):
        return True
    table = _only_table(migration, direction)
    record = _record(backend, migration) if table else None
    if not table or (record is not None and record[0] == OPERATIONS[direction]):
        return False
    with backend.transaction():
        end(backend, migration)
        data = backend.get_log_data(migration) | {
            "operation": OPERATIONS[direction],
            "comment": f"{_definition(backend, table)} {table}",
        }
        backend.execute(
            f"INSERT INTO {backend.log_table_quoted} (id, migration_hash, migration_id, "  # noqa: S608
            "operation, username, hostname, comment, created_at_utc) VALUES (:id, "
            ":migration_hash, :migration_id, :operation, :username, :hostname, :comment, "
            ":created_at_utc)",
            data,
        )
    return False


def finished(backend: QuotaBackend, migration: Any, direction: str) -> bool:
    """Return True if an interrupted run has left nothing to do. Reads only.

    It has done it all; or it went the other way, and did nothing that could be undone.
    """
    table = _only_table(migration, direction)
    record = _record(backend, migration) if table else None
    if record is None:
        return False
    happened = record[1] != _definition(backend, table)
    return happened == (record[0] == OPERATIONS[direction])


def begun(backend: QuotaBackend, direction: str) -> set[str]:
    """Return the migrations that an interrupted run has begun in this direction."""
    if backend.log_table not in backend.list_tables():
        return set()
    rows = backend.execute(
        f"SELECT migration_id FROM {backend.log_table_quoted} WHERE operation = :operation",  # noqa: S608
        {"operation": OPERATIONS[direction]},
    ).fetchall()
    return {name for (name,) in rows}


def end(backend: QuotaBackend, migration: Any) -> None:
    """Remove the record: the migration is marked, or nothing of it happened."""
    backend.execute(
        f"DELETE FROM {backend.log_table_quoted} "  # noqa: S608
        "WHERE migration_hash = :hash AND operation IN ('begin', 'begin undo')",
        {"hash": migration.hash},
    )


def forget(backend: QuotaBackend, migration: Any, error: pymysql.Error) -> None:
    """Remove the record after the server refused, so that the next run starts afresh.

    It stays where the outcome is unknown, or where the table did change: then the
    statement of a killed run was still at work and has finished by now.
    """
    if error_number(error) in _LOST:
        return
    with suppress(pymysql.Error):
        row = _record(backend, migration)
        if row is not None and row[1] == _definition(backend, row[2]):
            end(backend, migration)


def _record(backend: QuotaBackend, migration: Any) -> tuple[str, str, str] | None:
    """Return operation, definition and table of the record, None where there is none."""
    row = backend.execute(
        f"SELECT operation, comment FROM {backend.log_table_quoted} "  # noqa: S608
        "WHERE migration_hash = :hash AND operation IN ('begin', 'begin undo')",
        {"hash": migration.hash},
    ).fetchone()
    if row is None:
        return None
    definition, _, table = row[1].partition(" ")
    return row[0], definition, table


def _only_table(migration: Any, direction: str) -> str:
    """Return the table of an SQL migration that is one DDL statement, else nothing."""
    path = Path(migration.path)
    if path.suffix != ".sql":
        return ""
    if direction == "rollback":
        path = path.with_name(f"{path.stem}.rollback.sql")
    statements = read_sql_migration(str(path))[2]
    return table_of(statements[0]) if len(statements) == 1 else ""


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
