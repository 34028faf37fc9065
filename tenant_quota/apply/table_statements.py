"""The SQL around a migration of tables: the record that a statement begins, marks, yoyo's tables.

Made without a connection: `apply` runs it, `plan` prints it. MySQL commits each DDL statement by
itself, so between it and yoyo's mark there is a moment in which a kill leaves it done and
unmarked. So before each, its number and its table's fingerprint go into yoyo's log, under the operation
`begin`. After a kill crash_recovery compares that with the table.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from yoyo.internalmigrations import v2
from yoyo.migrations import default_migration_table

from tenant_quota.apply import fingerprints
from tenant_quota.names import literal

MIGRATIONS, LOG, VERSION = default_migration_table, "_yoyo_log", "_yoyo_version"
OPERATIONS = {"apply": "begin", "rollback": "begin undo"}
#: A condition of the log: that a row is such a record.
IS_BEGUN = f"operation IN ({', '.join(map(literal, OPERATIONS.values()))})"
#: Of a table, in place of its fingerprint: it is not there; nobody knows.
ABSENT, UNKNOWN = "absent", "-"

_TABLE = re.compile(
    r"\s*(?P<verb>CREATE|ALTER|DROP)\s+"
    r"(?P<what>TABLE|(?:UNIQUE\s+)?INDEX\s+\S+\s+ON)\s+`?(?P<table>\w+)`?",
    re.IGNORECASE,
)
_DDL = re.compile(r"(?:\s*--[^\n]*\n)*\s*(CREATE|ALTER|DROP|RENAME|TRUNCATE)\b", re.IGNORECASE)


def table_of(statement: str) -> str:
    """Return the table a DDL statement is about, empty where that cannot be said."""
    match = _match(statement)
    return match["table"] if match else ""


def _match(statement: str) -> re.Match[str] | None:
    return _TABLE.match(re.sub(r"\A(?:\s*--[^\n]*\n)+", "", statement))


def is_ddl(statement: str) -> bool:
    """Whether MySQL commits a statement by itself."""
    return _DDL.match(statement) is not None


def begun(migration: Any, direction: str, number: int, statement: str) -> list[str]:
    """Return the record that a statement begins, in place of the one before.

    If a table is in the way of a CREATE TABLE, nobody knows later whose it was. With the first
    statement there is no record then: it would be taken for the trace of an interrupted run.
    """
    match, table, where = _match(statement), table_of(statement), ""
    if match and (match["verb"].upper(), match["what"].upper()) == ("CREATE", "TABLE"):
        there = (
            "EXISTS (SELECT 1 FROM information_schema.tables\n"
            f"    WHERE table_schema = DATABASE() AND table_name = {literal(table)})"
        )
        how = f"IF({there},\n    '{UNKNOWN}', '{ABSENT}')"
        where = "" if number else f"\nFROM (SELECT 1) AS one WHERE NOT {there}"
    else:
        how = f"COALESCE({fingerprints.table(table)}, '{ABSENT}')"
    return _record(
        migration, OPERATIONS[direction], f"CONCAT('{number} ', {how}, ' {table}')", where
    )


def unclear(migration: Any, operation: str, number: int, table: str) -> list[str]:
    """Return the record of a statement that was refused: what it is about may change meanwhile."""
    return _record(migration, operation, literal(f"{number} {UNKNOWN} {table}"))


def _record(migration: Any, operation: str, comment: str, where: str = "") -> list[str]:
    insert = _log(migration, operation, comment) + where
    return ["START TRANSACTION", forget(migration), insert, "COMMIT"]


def marks(migration: Any, direction: str) -> list[str]:
    """Return what tells that a migration is done: yoyo's log and its mark."""
    unmark = f"DELETE FROM `{MIGRATIONS}` WHERE migration_hash = {literal(migration.hash)}"
    mark = (
        f"INSERT INTO `{MIGRATIONS}` (migration_hash, migration_id, applied_at_utc)\n"
        f"VALUES ({literal(migration.hash)}, {literal(migration.id)}, UTC_TIMESTAMP())"
    )
    marked = [unmark, mark] if direction == "apply" else [unmark]
    return [_log(migration, direction, "NULL"), *marked, forget(migration)]


def forget(migration: Any) -> str:
    """Return what removes the record that a migration begins."""
    return (
        f"DELETE FROM `{LOG}` WHERE migration_hash = {literal(migration.hash)}\n    AND {IS_BEGUN}"
    )


def _log(migration: Any, operation: str, comment: str) -> str:
    """Return the INSERT of a row of yoyo's log; the account that runs it is who did it."""
    return (
        f"INSERT INTO `{LOG}` (id, migration_hash, migration_id, operation, username, hostname,\n"
        "    comment, created_at_utc)\n"
        f"SELECT UUID(), {literal(migration.hash)}, {literal(migration.id)}, {literal(operation)},\n"
        "    LEFT(USER(), CHAR_LENGTH(USER()) - CHAR_LENGTH(SUBSTRING_INDEX(USER(), '@', -1)) - 1),\n"
        f"    SUBSTRING_INDEX(USER(), '@', -1), {comment}, UTC_TIMESTAMP()"
    )


class _Recorder:
    """Stands in for a backend to get the text of yoyo's own statements."""

    migration_table_quoted = f"`{MIGRATIONS}`"
    log_table_quoted = f"`{LOG}`"
    version_table_quoted = f"`{VERSION}`"

    def __init__(self) -> None:
        self.statements: list[str] = []

    def quote_identifier(self, identifier: str) -> str:
        return f"`{identifier}`"

    def execute(self, sql: str) -> None:
        statement = textwrap.dedent(sql).strip()
        self.statements.append(statement.replace("TABLE ", "TABLE IF NOT EXISTS ", 1))


def own_tables() -> list[str]:
    """Return the statements that make yoyo's tables where they are missing; the last marks them."""
    recorder = _Recorder()
    for create in (v2.create_log_table, v2.create_migration_table, v2.create_version_table):
        create(recorder)
    return [
        *recorder.statements,
        f"INSERT INTO `{VERSION}` (version, installed_at_utc)\n"
        f"SELECT 2, UTC_TIMESTAMP() FROM (SELECT 1) AS one WHERE NOT EXISTS (SELECT 1 FROM `{VERSION}`)",
    ]
