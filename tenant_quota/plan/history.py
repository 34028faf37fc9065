"""The SQL around a plan's steps: the session, the lock, the checks, and yoyo's own tables."""

from __future__ import annotations

import textwrap
from typing import Any

from yoyo.internalmigrations import v2
from yoyo.migrations import default_migration_table

from tenant_quota.apply import interrupted
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.connection import LOCK_WAIT_SECONDS, OLDEST_SERVER, SQL_MODE
from tenant_quota.names import literal
from tenant_quota.plan.steps import Check

MIGRATION_TABLE = f"`{default_migration_table}`"
LOG_TABLE = f"`{QuotaBackend.log_table}`"
VERSION_TABLE = f"`{QuotaBackend.version_table}`"
_LOCK_SECONDS = 60

SESSION = [
    "SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin",
    f"SET SESSION sql_mode = '{SQL_MODE}'",
    "SET SESSION time_zone = '+00:00', SESSION autocommit = 1, SESSION group_concat_max_len = 1000000,\n"
    f"    SESSION lock_wait_timeout = {LOCK_WAIT_SECONDS}",
    # The same lock as apply's, so that neither runs beside the other (backend.lock_name).
    "SET @tenant_quota_lock = CONCAT('tenant_quota.migrate.', DATABASE())",
    "SET @tenant_quota_lock = IF(CHAR_LENGTH(@tenant_quota_lock) <= 64, @tenant_quota_lock,\n"
    "    CONCAT('tenant_quota.migrate.', LEFT(SHA2(DATABASE(), 256), 40)))",
]
ENDING = ["SELECT RELEASE_LOCK(@tenant_quota_lock) INTO @tenant_quota_lock"]

_APPLIED = "@tenant_quota_applied"


def first_checks() -> list[Check]:
    """Return what must hold on any server, the lock among it."""
    number = (
        "SUBSTRING_INDEX(SUBSTRING_INDEX(SUBSTRING_INDEX(VERSION(), '-', 1), '.', {}), '.', -1)"
    )
    parts = "\n    + ".join(f"{number.format(n)} * {10 ** (6 - 2 * n)}" for n in (1, 2, 3))
    oldest = ".".join(map(str, OLDEST_SERVER))
    least = sum(part * 10 ** (4 - 2 * n) for n, part in enumerate(OLDEST_SERVER))
    kept = (
        "(SELECT info LIKE CONCAT('%/', '* is this kept? %') /* is this kept? */\n"
        "    FROM information_schema.processlist WHERE id = CONNECTION_ID())"
    )
    return [
        Check("DATABASE() IS NOT NULL", "name the database: mysql ... DATABASE < file"),
        Check(
            f"VERSION() NOT LIKE '%MariaDB%' AND {parts} >= {least}",
            f"MySQL {oldest} or later is needed",
        ),
        Check(kept, "this client strips comments, which belong to a procedure: add --comments"),
        Check(
            f"GET_LOCK(@tenant_quota_lock, {_LOCK_SECONDS}) = 1",
            "another apply or rollback is running on this database",
        ),
    ]


def state_checks(applied: list[str], pending: list[str], direction: str) -> list[Check]:
    """Return the checks that the database is where the plan begins.

    ``applied`` must be, in a rollback all that it takes back; nothing ``pending`` may be.
    """
    checks = []
    if pending:
        what = "some of this plan is applied here already: make a new plan"
        checks.append(Check(f"NOT JSON_OVERLAPS({_APPLIED}, {_names(pending)})", what))
    if applied:
        what = (
            "not all that this plan takes back is applied here: make a new plan"
            if direction == "rollback"
            else f"this database is not at {applied[-1]}, where the plan begins: make a new plan"
        )
        checks.append(Check(f"JSON_CONTAINS({_APPLIED}, {_names(applied)})", what))
    return checks


def _names(names: list[str]) -> str:
    """Return names as a literal JSON array, one a line."""
    return literal("[{}]".format(",\n    ".join(f'"{name}"' for name in names)))


#: Reads what is applied, also where yoyo's table is not there yet.
READ_APPLIED = [
    "SET @tenant_quota_sql = IF(EXISTS(SELECT 1 FROM information_schema.tables\n"
    f"    WHERE table_schema = DATABASE() AND table_name = {literal(default_migration_table)}),\n"
    f"    'SET {_APPLIED} = (SELECT COALESCE(JSON_ARRAYAGG(migration_id), JSON_ARRAY()) FROM {MIGRATION_TABLE})',\n"
    f"    'SET {_APPLIED} = JSON_ARRAY()')",
    "PREPARE tenant_quota_statement FROM @tenant_quota_sql",
    "EXECUTE tenant_quota_statement",
    "DEALLOCATE PREPARE tenant_quota_statement",
]


class _Recorder:
    """Stands in for a backend to get the text of yoyo's own statements."""

    migration_table_quoted = MIGRATION_TABLE
    log_table_quoted = LOG_TABLE
    version_table_quoted = VERSION_TABLE

    def __init__(self) -> None:
        self.statements: list[str] = []

    def quote_identifier(self, identifier: str) -> str:
        return f"`{identifier}`"

    def execute(self, sql: str) -> None:
        self.statements.append(textwrap.dedent(sql).strip())


def own_tables() -> list[str]:
    """Return the statements that make yoyo's tables where they are missing."""
    recorder = _Recorder()
    for create in (v2.create_log_table, v2.create_migration_table, v2.create_version_table):
        create(recorder)
    return [
        *(
            s.replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", 1)
            for s in recorder.statements
        ),
        f"INSERT INTO {VERSION_TABLE} (version, installed_at_utc)\n"
        f"SELECT 2, UTC_TIMESTAMP() FROM (SELECT 1) AS one WHERE NOT EXISTS (SELECT 1 FROM {VERSION_TABLE})",
    ]


def begun(migration: Any, direction: str, number: int, statement: str) -> list[str]:
    """Return the record that a statement begins (see interrupted), in place of the one before.

    If a table is in the way of a CREATE TABLE, nobody knows; with the first statement there
    is no record then, for it would be taken for the trace of an interrupted run.
    """
    table, before = interrupted.table_of(statement), interrupted.definition_before(statement)
    if before == interrupted.UNKNOWN and number == 0:
        return []
    there = (
        "EXISTS (SELECT 1 FROM information_schema.tables\n"
        f"    WHERE table_schema = DATABASE() AND table_name = {literal(table)})"
    )
    comment = literal(f"{number} {before} {table}")
    if before == interrupted.ABSENT and number:
        comment = (
            f"IF({there},\n    {literal(f'{number} {interrupted.UNKNOWN} {table}')}, {comment})"
        )
    record = _log(migration, interrupted.OPERATIONS[direction], comment)
    if before == interrupted.ABSENT and not number:
        record += f"\nFROM (SELECT 1) AS one WHERE NOT {there}"
    return ["START TRANSACTION", _forget(migration), record, "COMMIT"]


def marks(migration: Any, direction: str, *, anew: bool) -> list[str]:
    """Return what tells that a migration is done, or done ``anew``: yoyo's log and its mark."""
    unmark = f"DELETE FROM {MIGRATION_TABLE} WHERE migration_hash = {literal(migration.hash)}"
    mark = (
        f"INSERT INTO {MIGRATION_TABLE} (migration_hash, migration_id, applied_at_utc)\n"
        f"VALUES ({literal(migration.hash)}, {literal(migration.id)}, UTC_TIMESTAMP())"
    )
    marked = [unmark] if direction == "rollback" else [unmark, mark] if anew else [mark]
    return [_log(migration, direction), *marked, _forget(migration)]


def _forget(migration: Any) -> str:
    """Return what removes the record that a migration begins."""
    operations = ", ".join(literal(o) for o in interrupted.OPERATIONS.values())
    return (
        f"DELETE FROM {LOG_TABLE} WHERE migration_hash = {literal(migration.hash)}\n"
        f"    AND operation IN ({operations})"
    )


def _log(migration: Any, operation: str, comment: str = "NULL") -> str:
    """Return the INSERT of a row of yoyo's log; who runs the plan is who did it."""
    return (
        f"INSERT INTO {LOG_TABLE} (id, migration_hash, migration_id, operation, username, hostname,\n"
        "    comment, created_at_utc)\n"
        f"SELECT UUID(), {literal(migration.hash)}, {literal(migration.id)}, {literal(operation)},\n"
        "    LEFT(USER(), CHAR_LENGTH(USER()) - CHAR_LENGTH(SUBSTRING_INDEX(USER(), '@', -1)) - 1),\n"
        f"    SUBSTRING_INDEX(USER(), '@', -1), {comment}, UTC_TIMESTAMP()"
    )
