"""More drift made by hand: procedures, views, events, what is unknown, and the history."""

from __future__ import annotations

from tests.helpers.drifts import BIN, drift, edit, of_another, under_another_default

#: Ungranted and short, so that many ways to spoil it read well.
P = "procedure validate_quota_argument"
TRANSACTION = "IN p_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin"
FIRST = f"IN p_parameter  VARCHAR(64)  {BIN}"

PROCEDURES = [
    drift("dropped", "DROP PROCEDURE consume_quota", found={"procedure consume_quota": "missing"}),
    drift(
        "body",
        edit(P, ("v_number >= p_least", "v_number > p_least")),
        found={f"{P}, body": "differs"},
    ),
    drift(
        "a comment in its body",
        edit(P, ("    IF v_message", "    -- hotfix\n    IF v_message")),
        found={f"{P}, body": "differs"},
    ),
    drift(
        "an introducer in its body, which information_schema does not show",
        edit(P, ("', not '", "_latin1', not '")),
        found={f"{P}, body": "differs"},
    ),
    drift(
        "a parameter's type",
        edit(P, ("p_least      BIGINT", "p_least INT")),
        found={f"{P}, parameter p_least, type": "expected bigint, found int"},
    ),
    drift(
        "a parameter's collation",
        edit(
            P,
            (f"VARCHAR(64)  {BIN}", "VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci"),
        ),
        found={f"{P}, parameter p_parameter, collation": "found utf8mb4_0900_ai_ci"},
    ),
    drift(
        "a parameter's character set",
        edit(P, (f"VARCHAR(64)  {BIN}", "VARCHAR(64) CHARACTER SET latin1 COLLATE latin1_bin")),
        found={
            f"{P}, parameter p_parameter, charset": "expected utf8mb4, found latin1",
            f"{P}, parameter p_parameter, collation": "found latin1_bin",
        },
    ),
    drift(
        "a parameter's direction",
        edit(P, ("IN p_value", "INOUT p_value")),
        found={f"{P}, parameter p_value, mode": "expected IN, found INOUT"},
    ),
    drift(
        "a parameter more",
        edit(P, (FIRST, f"{FIRST}, IN p_more INT")),
        found={f"{P}, parameter p_more": "unknown (mode IN; type int)"},
    ),
    drift(
        "a parameter less",
        edit("procedure undo_quota_transaction", (TRANSACTION, "")),
        found={"procedure undo_quota_transaction, parameter p_transaction": "missing"},
    ),
    drift(
        "parameters in another order",
        edit(
            P,
            ("IN p_least      BIGINT", "IN p_most_ BIGINT"),
            ("IN p_most       BIGINT", "IN p_least BIGINT"),
            ("p_most_", "p_most"),
        ),
        found={f"{P}, order of parameters": "found p_parameter, p_value, p_most, p_least"},
    ),
    drift(
        "security",
        "ALTER PROCEDURE consume_quota SQL SECURITY INVOKER",
        found={"procedure consume_quota, security": "expected DEFINER, found INVOKER"},
    ),
    drift(
        "data access",
        "ALTER PROCEDURE consume_quota READS SQL DATA",
        found={"procedure consume_quota, data access": "found READS SQL DATA"},
    ),
    drift(
        "determinism",
        edit(P, ("    NO SQL\n", "    NO SQL\n    DETERMINISTIC\n")),
        found={f"{P}, deterministic": "expected no, found yes"},
    ),
    drift(
        "comment",
        "ALTER PROCEDURE consume_quota COMMENT 'hotfix 17'",
        found={"procedure consume_quota, comment": "found hotfix 17"},
    ),
    drift("sql_mode", edit(P, sql_mode=""), found={f"{P}, sql mode": "found none"}),
    drift(
        "character_set_client",
        edit(P, character_set_client="latin1"),
        found={f"{P}, character set client": "expected utf8mb4, found latin1"},
    ),
    drift(
        "collation_connection",
        edit(P, collation_connection="utf8mb4_general_ci"),
        found={f"{P}, collation connection": "found utf8mb4_general_ci"},
    ),
    drift(
        "the schema's collation at its creation",
        under_another_default(P),
        found={f"{P}, database collation": "others have, found utf8mb4_general_ci"},
    ),
    drift(
        "definer",
        of_another(P),
        found={f"{P}, definer": "others have, found somebody@else.where"},
    ),
]

V = "view quota_usage_history"

VIEWS = [
    drift("dropped", "DROP VIEW quota_health", found={"view quota_health": "missing"}),
    drift("definition", edit(V, (" * 100)", " * 1000)")), found={f"{V}, definition": "differs"}),
    drift(
        "a column's name",
        edit(V, ("AS `usage_rate`", "AS `rate`")),
        found={f"{V}, definition": "differs", f"{V}, columns": "used_count, hard_limit, rate"},
    ),
    drift(
        "security",
        edit(V, ("SQL SECURITY DEFINER", "SQL SECURITY INVOKER")),
        found={f"{V}, security": "expected DEFINER, found INVOKER"},
    ),
    drift(
        "algorithm",
        edit(V, ("ALGORITHM=UNDEFINED", "ALGORITHM=TEMPTABLE")),
        found={f"{V}, algorithm": "expected UNDEFINED, found TEMPTABLE"},
    ),
    drift(
        "collation_connection",
        edit(V, collation_connection="utf8mb4_general_ci"),
        found={f"{V}, collation connection": "found utf8mb4_general_ci"},
    ),
    drift(
        "replaced, updatable and checked",
        f"CREATE OR REPLACE VIEW {V[5:]} AS SELECT tenant_id FROM tenants WHERE status = 'ACTIVE' WITH CHECK OPTION",
        found={
            f"{V}, definition": "differs",
            f"{V}, columns": "found tenant_id",
            f"{V}, check option": "expected NONE, found CASCADED",
            f"{V}, updatable": "expected no, found yes",
        },
    ),
    drift("definer", of_another(V), found={f"{V}, definer": "found somebody@else.where"}),
    drift(
        "a table in its place",
        f"DROP VIEW {V[5:]}",
        f"CREATE TABLE {V[5:]} (a INT)",
        found={V: "missing", f"table {V[5:]}": "unknown"},
        undo=f"DROP TABLE {V[5:]}",
    ),
]

E = "event reset_due_quotas"

EVENTS = [
    drift("dropped", f"DROP {E}", found={E: "missing"}),
    drift(
        "disabled", f"ALTER {E} DISABLE", found={f"{E}, status": "expected ENABLED, found DISABLED"}
    ),
    drift(
        "asleep as on a replica, which this server is not",
        f"ALTER {E} DISABLE ON SLAVE",
        found={f"{E}, status": "SIDE_DISABLED"},
    ),
    drift(
        "schedule",
        edit(E, ("EVERY 1 MINUTE", "EVERY 1 HOUR")),
        found={f"{E}, schedule": "expected EVERY 1 MINUTE, found EVERY 1 HOUR"},
    ),
    drift(
        "start",
        edit(E, ("'2001-01-01 00:00:00'", "'2001-01-01 00:00:07'")),
        found={f"{E}, starts": "found 2001-01-01 00:00:07"},
    ),
    drift(
        "end",
        edit(E, (" ON COMPLETION", " ENDS '2037-01-01 00:00:00' ON COMPLETION")),
        found={f"{E}, ends": "expected none, found 2037-01-01 00:00:00"},
    ),
    drift(
        "once",
        edit(E, ("EVERY 1 MINUTE STARTS '2001-01-01 00:00:00'", "AT '2037-01-01 00:00:00'")),
        found={f"{E}, schedule": "found AT 2037-01-01 00:00:00", f"{E}, starts": "found none"},
    ),
    drift("body", f"ALTER {E} DO CALL reset_due_quotas(5000)", found={f"{E}, body": "differs"}),
    drift(
        "ON COMPLETION",
        edit(E, ("ON COMPLETION PRESERVE", "ON COMPLETION NOT PRESERVE")),
        found={f"{E}, on completion": "found NOT PRESERVE"},
    ),
    drift("comment", f"ALTER {E} COMMENT 'x'", found={f"{E}, comment": "found x"}),
    drift(
        "sql_mode", edit(E, sql_mode="ANSI_QUOTES"), found={f"{E}, sql mode": "found ANSI_QUOTES"}
    ),
    drift(
        "time zone",
        edit(E, time_zone="+08:00"),
        found={f"{E}, time zone": "expected +00:00, found +08:00"},
    ),
    drift("definer", of_another(E), found={f"{E}, definer": "found somebody@else.where"}),
]

UNKNOWN = [
    drift(
        "procedure",
        "CREATE PROCEDURE consume_quota_old () SELECT 1",
        found={"procedure consume_quota_old": "unknown"},
        undo="DROP PROCEDURE consume_quota_old",
    ),
    drift(
        "function",
        "CREATE FUNCTION quota_left () RETURNS INT DETERMINISTIC NO SQL RETURN 1",
        found={"function quota_left": "unknown"},
        undo="DROP FUNCTION quota_left",
    ),
    drift(
        "view",
        "CREATE VIEW quota_report AS SELECT 1 AS a",
        found={"view quota_report": "unknown"},
        undo="DROP VIEW quota_report",
    ),
    drift(
        "event",
        "CREATE EVENT reset_quotas ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1",
        found={"event reset_quotas": "unknown"},
        undo="DROP EVENT reset_quotas",
    ),
    drift(
        "table",
        "CREATE TABLE tenant_quotas_backup (a INT)",
        found={"table tenant_quotas_backup": "unknown"},
        undo="DROP TABLE tenant_quotas_backup",
    ),
]

MIGRATIONS = [
    drift(
        "row missing",
        "DELETE FROM _yoyo_migration WHERE migration_id = '0001_create_tables'",
        found={"migration 0001_create_tables": "pending"},
        undo="INSERT INTO _yoyo_migration (migration_hash, migration_id, applied_at_utc) VALUES (SHA2('0001_create_tables', 256), '0001_create_tables', UTC_TIMESTAMP())",
    ),
    drift(
        "begun and interrupted",
        "DELETE FROM _yoyo_migration WHERE migration_id = '0001_create_tables'",
        "INSERT INTO _yoyo_log (id, migration_id, operation) VALUES ('x', '0001_create_tables', 'begin')",
        found={"migration 0001_create_tables": "interrupted"},
        undo="INSERT INTO _yoyo_migration (migration_hash, migration_id, applied_at_utc) VALUES (SHA2('0001_create_tables', 256), '0001_create_tables', UTC_TIMESTAMP())",
    ),
    drift(
        "of a later version",
        "INSERT INTO _yoyo_migration (migration_hash, migration_id) VALUES ('x', '9999_install_more_quota')",
        found={"migration 9999_install_more_quota": "unknown to this version"},
        undo="DELETE FROM _yoyo_migration WHERE migration_hash = 'x'",
    ),
]
