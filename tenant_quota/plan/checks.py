"""The SQL around a plan's steps: the session, the lock, and what must hold before any of them."""

from __future__ import annotations

from dataclasses import dataclass

from tenant_quota.apply.fingerprints import LONG_LISTS
from tenant_quota.apply.table_statements import MIGRATIONS
from tenant_quota.connection import LOCK_WAIT_SECONDS, OLDEST_SERVER, SQL_MODE
from tenant_quota.names import literal

_LOCK_SECONDS = 60


@dataclass(frozen=True)
class Check:
    """What must hold before anything is changed, as SQL, and what to say where it does not."""

    condition: str
    message: str

    @property
    def statement(self) -> str:
        """The statement that stops the client, naming the reason, where this fails.

        Plain SQL cannot raise an error of its own (SIGNAL takes no condition, and IF is for
        procedures): UUID_TO_BIN is asked to read the message, which its error repeats.
        """
        return (
            f"SET @tenant_quota_ok = IF({self.condition},\n"
            f"    NULL, UUID_TO_BIN({literal('tenant-quota: ' + self.message)}))"
        )


SESSION = [
    "SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin",
    f"SET SESSION sql_mode = '{SQL_MODE}'",
    "SET SESSION time_zone = '+00:00', SESSION autocommit = 1,\n"
    f"    SESSION lock_wait_timeout = {LOCK_WAIT_SECONDS}",
    LONG_LISTS,
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
    f"    WHERE table_schema = DATABASE() AND table_name = {literal(MIGRATIONS)}),\n"
    f"    'SET {_APPLIED} = (SELECT COALESCE(JSON_ARRAYAGG(migration_id), JSON_ARRAY()) FROM `{MIGRATIONS}`)',\n"
    f"    'SET {_APPLIED} = JSON_ARRAY()')",
    "PREPARE tenant_quota_statement FROM @tenant_quota_sql",
    "EXECUTE tenant_quota_statement",
    "DEALLOCATE PREPARE tenant_quota_statement",
]
