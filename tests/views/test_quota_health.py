"""quota_health: a row for each check, in a schema of its own, where nothing else happens."""

from collections.abc import Iterator

import pytest
from pymysql.connections import Connection

from tests.helpers.server import connect
from tests.helpers.support import EVENTS, call, rows

TABLES = (
    *("tenants", "tenant_quotas", "quota_usage_records", "quota_reservations"),
    *("quota_slots", "quota_alerts", "quota_denials"),
)
PAST = "2020-01-01 00:00:00"


@pytest.fixture
def database(own_schema: str) -> Iterator[Connection]:
    """Give that schema, empty; its events are asleep and have just run."""
    with connect(own_schema, autocommit=True) as connection:
        for table in TABLES:
            rows(connection, f"DELETE FROM {table}")
        for name in EVENTS:
            rows(connection, f"ALTER EVENT {name} DISABLE")
            rows(
                connection,
                "REPLACE INTO quota_jobs (job_name, started_at, finished_at)"
                " VALUES (%s, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))",
                name,
            )
        yield connection


def health(connection: Connection, check: str) -> tuple[str, int | None]:
    """Return status and amount of one check."""
    ((status, amount),) = rows(
        connection, "SELECT status, amount FROM quota_health WHERE check_name = %s", check
    )
    return status, amount


def test_every_check_shows_also_when_all_is_well(database: Connection) -> None:
    found = rows(
        database, "SELECT check_name, amount FROM quota_health WHERE check_name NOT LIKE 'event.%%'"
    )
    assert [name for name, _ in found] == [
        *("job.reset_due_quotas", "job.expire_quota_reservations", "job.purge_quota_usage"),
        *("overdue_resets", "lapsed_reservations", "orphan_quotas", "unknown_zones"),
        *("undelivered_alerts", "counters_over_limit"),
        *("future_periods", "future_heartbeats", "future_alerts", "future_records"),
    ]
    assert {amount for _, amount in found[3:]} == {0}
    assert not rows(
        database,
        "SELECT * FROM quota_health WHERE status <> 'OK' AND check_name NOT LIKE 'event%%'",
    )


def test_an_event_is_enabled_disabled_or_missing(database: Connection) -> None:
    ((*_, create, _, _, _),) = rows(database, "SHOW CREATE EVENT reset_due_quotas")
    check = "event.reset_due_quotas"
    assert health(database, check) == ("WARNING", 1)
    rows(database, "ALTER EVENT reset_due_quotas DISABLE ON SLAVE")
    assert health(database, check) == ("WARNING", 1)
    detail = "SELECT detail FROM quota_health WHERE check_name = %s"
    assert "failover" in rows(database, detail, check)[0][0]
    rows(database, "ALTER EVENT reset_due_quotas ENABLE")
    assert health(database, check) == ("OK", 0)
    rows(database, "DROP EVENT reset_due_quotas")
    try:
        assert health(database, check) == ("ERROR", 1)
    finally:
        rows(database, create.replace("%", "%%"))


def test_a_heartbeat_that_stopped_never_came_or_failed(database: Connection) -> None:
    check = "job.expire_quota_reservations"
    rows(database, "UPDATE quota_jobs SET finished_at = UTC_TIMESTAMP(6) - INTERVAL 6 MINUTE")
    status, late = health(database, check)
    assert (status, 300 < (late or 0) < 420) == ("WARNING", True)
    assert health(database, "job.purge_quota_usage")[0] == "OK", "a daily one has more time"
    rows(database, "DELETE FROM quota_jobs")
    assert health(database, check) == ("WARNING", None)
    rows(
        database,
        "INSERT INTO quota_jobs (job_name, finished_at, last_error)"
        " VALUES ('expire_quota_reservations', UTC_TIMESTAMP(6), 'the disk is on fire 火')",
    )
    assert health(database, check)[0] == "ERROR"


def test_resets_and_reservations_that_nobody_swept(database: Connection) -> None:
    rows(
        database,
        "INSERT INTO tenants (tenant_id, tenant_name, time_zone) VALUES ('E', 'East', '+14:00'),"
        " ('W', 'West', '-12:00')",
    )
    rows(
        database,
        "INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type, hard_limit, next_reset_time)"
        " VALUES ('E', 'U', 'DAILY', 5, UTC_TIMESTAMP()), ('W', 'U', 'DAILY', 5, UTC_TIMESTAMP()),"
        " ('E', 'U', 'MONTHLY', 5, NULL)",
    )
    assert health(database, "overdue_resets") == ("WARNING", 1)
    hold = (
        "INSERT INTO quota_reservations"
        " (reservation_id, quota_id, tenant_id, quota_type, kind, status, amount, expires_at)"
        " VALUES (UUID(), 1, 'E', 'U', 'RESERVATION', %s, 1, %s)"
    )
    rows(database, hold, "EXPIRED", PAST)
    rows(database, hold, "HELD", "2999-01-01")
    assert health(database, "lapsed_reservations") == ("OK", 0)
    rows(database, hold, "HELD", PAST)
    assert health(database, "lapsed_reservations") == ("WARNING", 1)


def test_orphans_unknown_zones_and_counters_over_their_limit(database: Connection) -> None:
    rows(
        database,
        "INSERT INTO tenants (tenant_id, tenant_name, time_zone) VALUES ('M', 'x', 'Mars/Olympus'),"
        " ('S', 'x', 'SYSTEM')",
    )
    rows(
        database,
        "INSERT INTO tenant_quotas"
        " (tenant_id, quota_type, limit_type, hard_limit, used_count, enforcement)"
        " VALUES ('M', 'U', 'TOTAL', 5, 5, 'ENFORCE'), ('S', 'U', 'TOTAL', 5, 6, 'ENFORCE'),"
        " ('S', 'V', 'TOTAL', 5, 6, 'SHADOW'), ('S', 'W', 'RATE', 5, 6, 'ENFORCE'),"
        " ('gone', 'U', 'TOTAL', 5, 0, 'ENFORCE')",
    )
    assert health(database, "orphan_quotas") == ("WARNING", 1)
    assert health(database, "unknown_zones") == ("ERROR", 1)
    assert health(database, "counters_over_limit") == ("WARNING", 1)


def test_alerts_that_nobody_reads(database: Connection) -> None:
    rows(
        database,
        "INSERT INTO quota_alerts"
        " (quota_id, tenant_id, quota_type, limit_type, alert_level, hard_limit)"
        " VALUES (1, 'T', 'U', 'TOTAL', 'WARNING', 5)",
    )
    assert health(database, "undelivered_alerts") == ("OK", 1)
    rows(database, "UPDATE quota_alerts SET created_at = created_at - INTERVAL 2 HOUR")
    assert health(database, "undelivered_alerts") == ("WARNING", 1)
    rows(database, "UPDATE quota_alerts SET delivered_at = UTC_TIMESTAMP(6)")
    assert health(database, "undelivered_alerts") == ("OK", 0)


def test_looking_needs_no_right_on_any_table(database: Connection, own_schema: str) -> None:
    schema = own_schema.rpartition("/")[2]
    user = f"w_{schema[-12:]}"
    rows(database, f"CREATE USER {user} IDENTIFIED BY 'look'")
    try:
        rows(database, f"GRANT SELECT ON quota_health TO {user}")
        with connect(own_schema, user=user, password=b"look", autocommit=True) as watcher:
            # Events show to accounts with EVENT only; to others the heartbeat speaks.
            assert health(watcher, "event.reset_due_quotas") == ("OK", 1)
            rows(database, "UPDATE quota_jobs SET finished_at = '2020-01-01'")
            assert health(watcher, "event.reset_due_quotas") == ("ERROR", 1)
            rows(database, "DELETE FROM quota_jobs")
            for event in ("reset_due_quotas", "expire_quota_reservations"):
                assert health(watcher, f"event.{event}") == ("WARNING", 1), "none knows yet"
            assert health(watcher, "event.purge_quota_usage") == ("OK", 1), "it is not due"
            assert health(watcher, "overdue_resets") == ("OK", 0)
    finally:
        rows(database, f"DROP USER {user}")


def test_big_tables_are_entered_by_an_index(database: Connection) -> None:
    many = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
    rows(
        database,
        "INSERT INTO quota_reservations (reservation_id, quota_id, tenant_id, quota_type, kind,"
        f" status, amount, expires_at) {many}"
        " SELECT UUID(), i, 'T', 'U', 'RESERVATION', 'EXPIRED', 1, '2020-01-01' FROM n",
    )
    rows(
        database,
        "INSERT INTO quota_alerts (quota_id, tenant_id, quota_type, limit_type, alert_level,"
        f" hard_limit, delivered_at) {many}"
        " SELECT i, 'T', 'U', 'DAILY', 'WARNING', 1, IF(i = 7, NULL, '2020-01-01') FROM n",
    )
    rows(database, "ANALYZE TABLE quota_reservations, quota_alerts")
    ((plan,),) = rows(database, "EXPLAIN FORMAT=TREE SELECT * FROM quota_health")
    assert "range scan on quota_reservations using quota_reservations_lapsed" in plan
    assert "on quota_alerts using quota_alerts_undelivered" in plan, plan
    assert "quota_usage_records" not in plan


def test_what_a_clock_ahead_has_dated_shows(database: Connection) -> None:
    call(database, "define_quota", "A", "UNITS", "HOURLY", 10, None, None)
    call(database, "consume_quota", "A", "UNITS", 1, None, None, None)
    for statement in (
        "UPDATE tenant_quotas SET period_start = period_start + INTERVAL 1 DAY,"
        " period_end = period_end + INTERVAL 1 DAY, next_reset_time = period_end",
        "UPDATE quota_jobs SET finished_at = finished_at + INTERVAL 1 DAY"
        " WHERE job_name = 'purge_quota_usage'",
        "UPDATE quota_usage_records SET created_at = created_at + INTERVAL 1 DAY",
        "INSERT INTO quota_alerts (quota_id, tenant_id, quota_type, limit_type, alert_level,"
        " hard_limit, created_at) VALUES (1, 'A', 'UNITS', 'HOURLY', 'WARNING', 10,"
        " UTC_TIMESTAMP(6) + INTERVAL 1 DAY)",
    ):
        rows(database, statement)
    for check in ("future_periods", "future_heartbeats", "future_alerts", "future_records"):
        assert health(database, check) == ("WARNING", 1), check


def test_before_its_first_run_the_purge_is_well_for_an_account_that_sees_no_event(
    database: Connection,
) -> None:
    rows(database, "DELETE FROM quota_jobs WHERE job_name = 'purge_quota_usage'")
    for name in ("reset_due_quotas", "expire_quota_reservations", "purge_quota_usage"):
        rows(database, f"DROP EVENT {name}")  # nothing is seen: as for quota_monitor
    assert health(database, "event.purge_quota_usage") == ("OK", 1)
