"""What each role must be refused: statements, and the errors that MySQL answers with.

Statements are run as they stand, on a schema of the tests' own. ``{schema}`` is that schema,
``{prefix}`` what the roles' names begin with, ``{victim}`` a connection of somebody else.
"""

from __future__ import annotations

from tenant_quota.apply.object_files import path_in, read_object_file
from tenant_quota.grants.needs import read_code_needs
from tenant_quota.paths import sql_root

#: Access denied: to a schema, an account, a table, a column, a routine, a thing of the server,
#: a role; KILL of another's connection; XA RECOVER; triggers, where there is a binlog.
DENIED = {1044, 1045, 1142, 1143, 1370, 1227, 3530, 1095, 1401, 1419}

TABLES = sorted(
    {*read_code_needs(sql_root()).tables, "quota_object_history", "_yoyo_migration", "_yoyo_log"}
)
VIEWS = sorted(read_code_needs(sql_root()).views)

READ = [f"SELECT * FROM {table}" for table in TABLES]
WRITE = [
    *(f"DELETE FROM {table}" for table in TABLES),
    "INSERT INTO tenants (tenant_id, tenant_name) VALUES ('X', 'X')",
    "INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type) VALUES ('X', 'X', 'TOTAL')",
    "UPDATE tenant_quotas SET used_count = 0",
    "UPDATE tenant_quotas SET hard_limit = 1000000 WHERE quota_id = 1",
    "UPDATE quota_usage_records SET delta_value = 0",
    "UPDATE quota_reservations SET expires_at = '2099-01-01'",
    "UPDATE quota_alerts SET used_count = 0",
    "REPLACE INTO quota_jobs (job_name) VALUES ('x')",
    "INSERT INTO quota_denials (quota_id, denied_count) VALUES (1, 100)",
    "INSERT INTO quota_slots (quota_id, slot_number) VALUES (1, 1)",
    "TRUNCATE quota_usage_records",
    "UPDATE quota_usage_monitor SET tenant_id = 'X'",
]
LOCKS = [
    "SELECT * FROM tenant_quotas FOR UPDATE",
    "SELECT * FROM tenant_quotas FOR SHARE",
    "LOCK TABLES tenant_quotas READ",
    "LOCK TABLES tenant_quotas WRITE",
    "LOCK TABLES quota_usage_monitor READ",
    "LOCK INSTANCE FOR BACKUP",
    "FLUSH TABLES",
    "FLUSH TABLES WITH READ LOCK",
    "FLUSH TABLES tenant_quotas FOR EXPORT",
    "FLUSH PRIVILEGES",
    "HANDLER tenant_quotas OPEN",
]
FILES = [
    "LOAD DATA INFILE '/tmp/x' INTO TABLE tenants",
    "LOAD XML INFILE '/tmp/x' INTO TABLE tenants",
    "SELECT 1 INTO OUTFILE '/tmp/tenant_quota_test_outfile'",
    "SELECT 1 INTO DUMPFILE '/tmp/tenant_quota_test_outfile'",
]
DEFINITIONS = [
    "CREATE TABLE x (a INT)",
    "CREATE TEMPORARY TABLE tenant_quotas (a INT)",
    "ALTER TABLE tenant_quotas ADD x INT",
    "ALTER TABLE tenant_quotas DROP CHECK x",
    "DROP TABLE tenant_quotas",
    "RENAME TABLE tenant_quotas TO x",
    "CREATE INDEX x ON tenant_quotas (used_count)",
    "DROP INDEX tenant_quotas_natural ON tenant_quotas",
    "CREATE TRIGGER x BEFORE UPDATE ON tenant_quotas FOR EACH ROW SET NEW.used_count = 0",
    "CREATE VIEW x AS SELECT 1 AS a",
    "CREATE OR REPLACE VIEW quota_usage_monitor AS SELECT 1 AS a",
    "DROP VIEW quota_usage_monitor",
    "CREATE PROCEDURE x () SELECT 1",
    "CREATE DEFINER = {prefix}_definer@localhost PROCEDURE x () DELETE FROM tenants",
    "CREATE FUNCTION x () RETURNS INT DETERMINISTIC RETURN 1",
    "ALTER PROCEDURE consume_quota SQL SECURITY INVOKER",
    "DROP PROCEDURE consume_quota",
    "CREATE EVENT x ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    "ALTER EVENT reset_due_quotas DISABLE",
    "ALTER EVENT purge_quota_usage DO CALL purge_quota_usage(1, 100)",
    "DROP EVENT reset_due_quotas",
    "DROP DATABASE {schema}",
    "ALTER DATABASE {schema} READ ONLY = 1",
    "CREATE DATABASE {schema}_x",
    "OPTIMIZE TABLE tenant_quotas",
]
TEXTS = [
    "SHOW CREATE TABLE tenant_quotas",
    "SHOW COLUMNS FROM tenant_quotas",
    "SHOW INDEX FROM tenant_quotas",
    "SHOW CREATE VIEW quota_usage_monitor",
    "SHOW CREATE EVENT reset_due_quotas",
    "SHOW EVENTS",
    "EXPLAIN SELECT * FROM tenant_quotas",
]
SERVER = [
    "SET GLOBAL event_scheduler = OFF",
    "SET GLOBAL innodb_flush_log_at_trx_commit = 2",
    "SET PERSIST max_connections = 1",
    "SET SESSION sql_log_bin = 0",
    "SET SESSION binlog_format = 'STATEMENT'",
    "SET SESSION gtid_next = 'AUTOMATIC'",
    "SET SESSION session_track_gtids = 'ALL_GTIDS', SESSION pseudo_replica_mode = 1",
    "SET GLOBAL time_zone = '+14:00'",
    "KILL {victim}",
    "KILL QUERY {victim}",
    "SHUTDOWN",
    "RESTART",
    "RESET BINARY LOGS AND GTIDS",
    "PURGE BINARY LOGS BEFORE '2000-01-01'",
    "SHOW BINARY LOGS",
    "SHOW ENGINE INNODB STATUS",
    "XA RECOVER",
    "INSTALL PLUGIN x SONAME 'x.so'",
    "INSTALL COMPONENT 'file://component_validate_password'",
    "CREATE FUNCTION x RETURNS INTEGER SONAME 'x.so'",
]
RIGHTS = [
    "GRANT EXECUTE ON PROCEDURE consume_quota TO {prefix}_monitor",
    "GRANT EXECUTE ON {schema}.* TO {prefix}_monitor",
    "GRANT SELECT ON tenant_quotas TO {prefix}_monitor",
    "GRANT SELECT ON quota_usage_monitor TO {prefix}_app",
    "GRANT {prefix}_admin TO {prefix}_app",
    "GRANT SYSTEM_USER ON *.* TO {prefix}_app",
    "REVOKE EXECUTE ON PROCEDURE consume_quota FROM {prefix}_app",
    "SET ROLE {prefix}_nobody",
    "SET DEFAULT ROLE {prefix}_admin TO {prefix}_app",
    "ALTER USER {prefix}_definer@localhost ACCOUNT UNLOCK",
    "ALTER USER {prefix}_definer@localhost IDENTIFIED BY 'x'",
    "SET PASSWORD FOR {prefix}_definer@localhost = 'x'",
    "RENAME USER {prefix}_definer@localhost TO {prefix}_x@localhost",
    "DROP USER {prefix}_definer@localhost",
    "DROP ROLE {prefix}_app",
    "CREATE USER {prefix}_x",
    "CREATE ROLE {prefix}_x",
    "SHOW GRANTS FOR {prefix}_definer@localhost",
    "SHOW CREATE USER {prefix}_definer@localhost",
]
ELSEWHERE = [
    "SELECT * FROM mysql.user",
    "SELECT * FROM mysql.procs_priv",
    "UPDATE mysql.user SET account_locked = 'N'",
    "USE mysql",
    "SELECT * FROM {schema}_other.t",
    "USE {schema}_other",
    "CALL {schema}_other.p()",
    "SELECT * FROM performance_schema.events_statements_history",
    "SELECT * FROM performance_schema.threads",
    "SELECT * FROM sys.processlist",
]


def calls(names: set[str]) -> list[str]:
    """Return a CALL of each, with as many arguments as it has: OUT ones as @out."""
    found = []
    for name in sorted(names):
        path = path_in(sql_root(), "PROCEDURE", name)
        assert path
        head = read_object_file(sql_root(), path).statement.partition("\n)")[0].splitlines()[1:]
        ways = [line.split()[0] for line in head if line.split()[:1] and "p_" in line]
        arguments = ", ".join("@out" if way != "IN" else "NULL" for way in ways)
        found.append(f"CALL {name}({arguments})")
    return found


NEEDS = read_code_needs(sql_root())
INTERNAL = calls(NEEDS.internal)
ADMINISTRATIVE = calls(NEEDS.administration)
APPLICATION = calls(NEEDS.application)

#: For everybody but the definer.
ALL = [*WRITE, *LOCKS, *FILES, *DEFINITIONS, *TEXTS, *SERVER, *RIGHTS, *ELSEWHERE]
READ_VIEWS = [f"SELECT * FROM {view}" for view in VIEWS]
#: What the roles cannot be refused of all this, because they need it.
ADMIN_READS = {f"SELECT * FROM {name}" for name in ("quota_alerts", "quota_definition_changes")}
ADMIN_READS |= {"SELECT * FROM tenant_definition_changes"}

FORBIDDEN: dict[str, list[str]] = {
    "app": [
        *(*READ, *READ_VIEWS, *ALL, *INTERNAL, *ADMINISTRATIVE),
        "SELECT * FROM quota_usage_monitor FOR UPDATE",
        "SHOW COLUMNS FROM quota_usage_monitor",
        "SET ROLE {prefix}_admin",
    ],
    "monitor": [
        *(each for each in READ if each != "SELECT * FROM quota_alerts"),
        *(*ALL, *INTERNAL, *ADMINISTRATIVE),
        "UPDATE quota_alerts SET delivered_at = NULL",
        "SELECT * FROM quota_alerts FOR UPDATE",
        *(each for each in APPLICATION if not each.startswith("CALL check_quota(")),
        "SELECT * FROM quota_usage_monitor FOR UPDATE",
        "SET ROLE {prefix}_app",
    ],
    "admin": [
        *(each for each in READ if each not in ADMIN_READS),
        *ALL,
        *INTERNAL,
        "UPDATE quota_definition_changes SET changed_by = 'x'",
        "DELETE FROM quota_definition_changes",
        "UPDATE quota_alerts SET alert_level = 'WARNING', delivered_at = NULL",
        "SELECT * FROM quota_usage_monitor FOR UPDATE",
    ],
}

#: The definer cannot log in; what it holds is refused here all the same. EVENT it must have,
#: or its events do not run, and with it come the statements on events. Its own password and
#: grants are its own too; OPTIMIZE asks for no more than SELECT and INSERT.
NOT_THE_DEFINERS = ("quota_object_history", "_yoyo_migration", "_yoyo_log")
FORBIDDEN["definer"] = [
    *(f"SELECT * FROM {table}" for table in (*NOT_THE_DEFINERS, "quota_definition_changes")),
    *(f"DELETE FROM {table}" for table in (*NOT_THE_DEFINERS, "tenants", "tenant_quotas")),
    "UPDATE quota_usage_records SET delta_value = 0",
    "UPDATE quota_definition_changes SET changed_by = 'x'",
    "DELETE FROM quota_definition_changes",
    "UPDATE tenant_definition_changes SET changed_by = 'x'",
    "TRUNCATE quota_usage_records",
    *(each for each in LOCKS if "SELECT" not in each and "HANDLER" not in each),
    *FILES,
    *(each for each in DEFINITIONS if " EVENT " not in each and "IZE TABLE" not in each),
    *SERVER,
    *(
        each
        for each in RIGHTS
        if not each.startswith(("SET PASSWORD", "SHOW", "ALTER USER")) or "UNLOCK" in each
    ),
    *ELSEWHERE,
]

#: Settings that MySQL lets any session make, and what a call then does: raises, or nothing
#: at all changes. More settings of the second kind are in test_sessions.
SETTINGS = [
    ("SET timestamp = 1", "clock_pinned"),
    ("SET timestamp = UNIX_TIMESTAMP() + 40000000", "clock_pinned"),
    ("SET unique_checks = 0", "invalid_argument"),
    ("SET insert_id = 18446744073709551614", ""),
    ("SET foreign_key_checks = 0", ""),
    ("SET time_zone = '+14:00'", ""),
    ("SET sql_mode = ''", ""),
    ("SET transaction_isolation = 'READ-UNCOMMITTED'", ""),
    ("SET completion_type = 'CHAIN'", ""),
    ("SET innodb_lock_wait_timeout = 1073741824", ""),
    ("SET sql_safe_updates = 1", ""),
    ("SET max_sp_recursion_depth = 255", ""),
    ("SET rand_seed1 = 1, rand_seed2 = 1", ""),
    ("SET updatable_views_with_limit = 0", ""),
]
