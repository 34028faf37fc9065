"""Drift made by hand, as a table: what is done to a schema, and what verify must name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pymysql.connections import Connection

from tenant_quota.apply import live_objects as live
from tests.helpers.support import rows

Deed = str | Callable[[Connection], None]


@dataclass(frozen=True)
class Drift:
    """``deeds`` are SQL or functions; ``found`` has each difference's name and its words.

    What belongs to the product in ``found`` is put back after the test; what is new there
    goes with ``undo``.
    """

    name: str
    deeds: tuple[Deed, ...]
    found: dict[str, str]
    undo: tuple[str, ...] = field(default=())


def drift(name: str, *deeds: Deed, found: dict[str, str], undo: str = "") -> Drift:
    return Drift(name, deeds, found, (undo,) if undo else ())


def edit(key: str, *changes: tuple[str, str], **settings: str) -> Deed:
    """Make an object anew from its own text with these replaced, and other session settings."""
    kind, _, name = key.partition(" ")

    def make(connection: Connection) -> None:
        found = live.read_live(connection, kind.upper(), name)
        assert found is not None
        text = found.create
        for old, new in changes:
            assert old in text, text
            text = text.replace(old, new, 1)
        live.drop(connection, kind.upper(), name)
        live.create(connection, text, replace(found.settings, **settings))

    return make


def of_another(key: str) -> Deed:
    """Make an object anew for another definer."""
    kind, _, name = key.partition(" ")

    def make(connection: Connection) -> None:
        found = live.read_live(connection, kind.upper(), name)
        assert found is not None
        edit(key, (found.definer, "`somebody`@`else.where`"))(connection)  # type: ignore[operator]

    return make


def under_another_default(key: str) -> Deed:
    """Make a procedure anew while the schema has another collation."""

    def make(connection: Connection) -> None:
        ((before,),) = rows(connection, "SELECT @@collation_database")
        ((name,),) = rows(connection, "SELECT DATABASE()")
        rows(connection, f"ALTER DATABASE `{name}` COLLATE utf8mb4_general_ci")
        edit(key)(connection)  # type: ignore[operator]
        rows(connection, f"ALTER DATABASE `{name}` COLLATE {before}")

    return make


BIN = "CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin"

TABLES = [
    drift(
        "dropped",
        "DROP TABLE quota_definition_changes",
        found={"table quota_definition_changes": "missing"},
    ),
    drift(
        "renamed",
        "RENAME TABLE quota_definition_changes TO quota_changes_old",
        found={"table quota_definition_changes": "missing", "table quota_changes_old": "unknown"},
        undo="DROP TABLE quota_changes_old",
    ),
    drift(
        "engine",
        "ALTER TABLE quota_definition_changes ENGINE = MyISAM",
        found={"table quota_definition_changes, engine": "expected InnoDB, found MyISAM"},
    ),
    drift(
        "row format",
        "ALTER TABLE quota_definition_changes ROW_FORMAT = COMPACT",
        found={"table quota_definition_changes, row format": "expected Dynamic, found Compact"},
    ),
    drift(
        "default collation",
        "ALTER TABLE quota_definition_changes COLLATE utf8mb4_general_ci",
        found={"table quota_definition_changes, collation": "found utf8mb4_general_ci"},
    ),
    drift(
        "comment",
        "ALTER TABLE quota_definition_changes COMMENT 'x'",
        found={"table quota_definition_changes, comment": "found x"},
    ),
    drift(
        "options",
        "ALTER TABLE quota_definition_changes CHECKSUM = 1",
        found={"table quota_definition_changes, options": "expected none, found checksum=1"},
    ),
    drift(
        "partitioned",
        "ALTER TABLE quota_definition_changes PARTITION BY HASH (change_id) PARTITIONS 2",
        found={
            "table quota_definition_changes, partition p0": "unknown (by HASH",
            "table quota_definition_changes, partition p1": "unknown (by HASH",
        },
    ),
]

COLUMNS = [
    drift(
        "widened",
        "ALTER TABLE quota_jobs MODIFY last_error VARCHAR(1024) COMMENT 'NULL: the last run had none'",
        found={
            "table quota_jobs, column last_error, type": "expected varchar(512), found varchar(1024)"
        },
    ),
    drift(
        "narrowed",
        "ALTER TABLE quota_jobs MODIFY rows_done INT NOT NULL DEFAULT 0 COMMENT 'rows of the last run'",
        found={"table quota_jobs, column rows_done, type": "expected bigint, found int"},
    ),
    drift(
        "unsigned",
        "ALTER TABLE quota_jobs MODIFY rows_done BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'rows of the last run'",
        found={"table quota_jobs, column rows_done, type": "found bigint unsigned"},
    ),
    drift(
        "another default",
        "ALTER TABLE tenants ALTER status SET DEFAULT 'SUSPENDED'",
        found={"table tenants, column status, default": "expected ACTIVE, found SUSPENDED"},
    ),
    drift(
        "no default",
        "ALTER TABLE quota_usage_records ALTER refund_id DROP DEFAULT",
        found={"table quota_usage_records, column refund_id, default": "expected '', found none"},
    ),
    drift(
        "another expression as default",
        "ALTER TABLE tenants ALTER created_at SET DEFAULT (NOW(6))",
        found={
            "table tenants, column created_at, default expression": "expected utc_timestamp(6), found now(6)"
        },
    ),
    drift(
        "nullable",
        f"ALTER TABLE quota_alerts MODIFY quota_type VARCHAR(32) {BIN}",
        found={"table quota_alerts, column quota_type, nullable": "expected no, found yes"},
    ),
    drift(
        "collation",
        "ALTER TABLE quota_alerts MODIFY quota_type VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL",
        found={"table quota_alerts, column quota_type, collation": "found utf8mb4_0900_ai_ci"},
    ),
    drift(
        "character set",
        "ALTER TABLE quota_alerts MODIFY quota_type VARCHAR(32) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL",
        found={
            "table quota_alerts, column quota_type, charset": "found latin1",
            "table quota_alerts, column quota_type, collation": "found latin1_bin",
        },
    ),
    drift(
        "comment",
        "ALTER TABLE tenants MODIFY updated_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'local'",
        found={"table tenants, column updated_at, comment": "expected UTC, found local"},
    ),
    drift(
        "extra",
        "ALTER TABLE tenants ADD colour VARCHAR(9) AFTER tenant_name",
        found={"table tenants, column colour": "unknown (type varchar(9)"},
    ),
    drift(
        "extra, generated",
        "ALTER TABLE tenants ADD initial CHAR(1) AS (LEFT(tenant_name, 1)) STORED",
        found={"table tenants, column initial": "STORED GENERATED"},
    ),
    drift(
        "dropped",
        "ALTER TABLE quota_jobs DROP COLUMN rows_done",
        found={"table quota_jobs, column rows_done": "missing"},
    ),
    drift(
        "renamed",
        "ALTER TABLE quota_jobs RENAME COLUMN rows_done TO rows_made",
        found={
            "table quota_jobs, column rows_done": "missing",
            "table quota_jobs, column rows_made": "unknown",
        },
    ),
    drift(
        "order",
        "ALTER TABLE quota_jobs MODIFY started_at DATETIME(6) COMMENT 'last run, UTC' AFTER rows_done",
        found={"table quota_jobs, order of columns": "finished_at, rows_done, started_at"},
    ),
    drift(
        "invisible",
        "ALTER TABLE quota_jobs ALTER COLUMN started_at SET INVISIBLE",
        found={"table quota_jobs, column started_at, extra": "expected none, found INVISIBLE"},
    ),
    drift(
        "AUTO_INCREMENT gone",
        "ALTER TABLE tenant_quotas MODIFY quota_id BIGINT UNSIGNED NOT NULL",
        found={
            "table tenant_quotas, column quota_id, extra": "expected auto_increment, found none"
        },
    ),
    drift(
        "ON UPDATE",
        "ALTER TABLE tenants MODIFY updated_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)) ON UPDATE NOW(6) COMMENT 'UTC'",
        found={"table tenants, column updated_at, extra": "on update CURRENT_TIMESTAMP(6)"},
    ),
]

INDEXES = [
    drift(
        "dropped",
        "ALTER TABLE tenants DROP INDEX tenants_by_parent",
        found={"table tenants, index tenants_by_parent": "missing"},
    ),
    drift(
        "primary key dropped",
        "ALTER TABLE quota_alerts DROP PRIMARY KEY",
        found={"table quota_alerts, index PRIMARY": "missing"},
    ),
    drift(
        "invisible",
        "ALTER TABLE tenant_quotas ALTER INDEX tenant_quotas_due INVISIBLE",
        found={"table tenant_quotas, index tenant_quotas_due, visible": "expected yes, found no"},
    ),
    drift(
        "order of its columns",
        "ALTER TABLE tenant_quotas DROP INDEX tenant_quotas_due, ADD INDEX tenant_quotas_due (next_reset_time, limit_type)",
        found={
            "table tenant_quotas, index tenant_quotas_due, columns": "expected limit_type, next_reset_time, found next_reset_time, limit_type"
        },
    ),
    drift(
        "a column less",
        "ALTER TABLE tenant_quotas DROP INDEX tenant_quotas_due, ADD INDEX tenant_quotas_due (limit_type)",
        found={"table tenant_quotas, index tenant_quotas_due, columns": "found limit_type"},
    ),
    drift(
        "a prefix",
        "ALTER TABLE tenants DROP INDEX tenants_by_parent, ADD INDEX tenants_by_parent (parent_tenant_id(8))",
        found={"table tenants, index tenants_by_parent, columns": "found parent_tenant_id(8)"},
    ),
    drift(
        "descending",
        "ALTER TABLE tenants DROP INDEX tenants_by_parent, ADD INDEX tenants_by_parent (parent_tenant_id DESC)",
        found={"table tenants, index tenants_by_parent, columns": "found parent_tenant_id DESC"},
    ),
    drift(
        "an expression",
        "ALTER TABLE tenants DROP INDEX tenants_by_parent, ADD INDEX tenants_by_parent ((LOWER(parent_tenant_id)))",
        found={"table tenants, index tenants_by_parent, columns": "lower(`parent_tenant_id`)"},
    ),
    drift(
        "no longer unique",
        "ALTER TABLE tenant_quotas DROP INDEX tenant_quotas_natural, ADD INDEX tenant_quotas_natural (tenant_id, quota_type, limit_type)",
        found={
            "table tenant_quotas, index tenant_quotas_natural, unique": "expected yes, found no"
        },
    ),
    drift(
        "comment",
        "ALTER TABLE tenants DROP INDEX tenants_by_parent, ADD INDEX tenants_by_parent (parent_tenant_id) COMMENT 'x'",
        found={"table tenants, index tenants_by_parent, comment": "expected none, found x"},
    ),
    drift(
        "extra",
        "CREATE INDEX by_name ON tenants (tenant_name)",
        found={"table tenants, index by_name": "columns tenant_name"},
    ),
    drift(
        "renamed",
        "ALTER TABLE tenants RENAME INDEX tenants_by_parent TO by_parent",
        found={
            "table tenants, index tenants_by_parent": "missing",
            "table tenants, index by_parent": "unknown",
        },
    ),
]

CONSTRAINTS = [
    drift(
        "check dropped",
        "ALTER TABLE tenant_quotas DROP CHECK tenant_quotas_used_count",
        found={"table tenant_quotas, check tenant_quotas_used_count": "missing"},
    ),
    drift(
        "check not enforced",
        "ALTER TABLE tenant_quotas ALTER CHECK tenant_quotas_used_count NOT ENFORCED",
        found={
            "table tenant_quotas, check tenant_quotas_used_count, enforced": "expected yes, found no"
        },
    ),
    drift(
        "another check of the same name",
        "ALTER TABLE tenant_quotas DROP CHECK tenant_quotas_used_count, ADD CONSTRAINT tenant_quotas_used_count CHECK (used_count >= -1)",
        found={
            "table tenant_quotas, check tenant_quotas_used_count, clause": "expected (`used_count` >= 0), found (`used_count` >= -(1))"
        },
    ),
    drift(
        "extra check",
        "ALTER TABLE tenants ADD CONSTRAINT short_name CHECK (LENGTH(tenant_name) < 10)",
        found={"table tenants, check short_name": "unknown (clause"},
    ),
    drift(
        "foreign key",
        "ALTER TABLE quota_definition_changes ADD CONSTRAINT changed_quota FOREIGN KEY (quota_id) REFERENCES tenant_quotas (quota_id) ON DELETE CASCADE",
        found={
            "table quota_definition_changes, foreign key changed_quota": "references tenant_quotas (quota_id); on update NO ACTION; on delete CASCADE"
        },
    ),
    drift(
        "trigger",
        "CREATE TRIGGER spy BEFORE UPDATE ON tenant_quotas FOR EACH ROW SET NEW.used_count = 0",
        found={"table tenant_quotas, trigger spy": "BEFORE UPDATE; body SET NEW.used_count = 0"},
    ),
]
