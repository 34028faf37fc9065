"""reset_due_quotas: the sweep that the event calls."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pymysql
import pytest

from tests.helpers.support import (
    Quota,
    at_once,
    call,
    no_transaction_is_open,
    rows,
    state_of,
    value,
    wait_until,
    waiting,
)

PAST = datetime(2020, 1, 1)


def sweep(quota: Quota, batch: int = 100) -> tuple[str, int]:
    answer = call(quota.connection, "reset_due_quotas", batch)
    return answer.status, answer.rows_done


def test_it_closes_lapsed_periods_that_nobody_touches(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(next_reset_time=PAST)
    status, done = sweep(quota)
    assert status == "DONE"
    assert done >= 1
    assert quota.used() == 0
    assert quota.ledger(columns="operation_type, delta_value, current_used, period_start")[1:] == [
        ("RESET", -4, 0, datetime(2019, 12, 1))
    ]
    assert quota.column("next_reset_time") > datetime.now() - timedelta(days=1)
    assert sweep(quota) == ("DONE", 0)


def test_periods_that_are_closed_together_end_as_one_that_is_closed_alone(quota: Quota) -> None:
    alone = quota.sibling()
    for each in (quota, alone):  # today's period began at the end of last month
        each.define("MONTHLY", 10, soft_limit=3, used=4, period_anchor="2001-01-31 23:59:59")
        each.set(period_start="2019-11-30 23:59:59", next_alert_count=None)
        each.set(period_end="2019-12-31 23:59:59", next_reset_time="2019-12-31 23:59:59")
    alone.set(period_end=None)
    assert sweep(quota)[1] >= 2
    columns = ("used_count", "period_start", "period_end", "next_reset_time", "next_alert_count")
    assert [quota.column(name) for name in columns] == [alone.column(name) for name in columns]
    written = "operation_type, delta_value, current_used, period_start"
    assert quota.ledger(columns=written) == alone.ledger(columns=written)
    assert quota.ledger()[1:] == [-4]


def test_it_leaves_open_periods_and_limits_without_periods_alone(quota: Quota) -> None:
    for limit_type in ("MONTHLY", "TOTAL"):
        quota.define(limit_type, 10)
    quota.consume(4)
    sweep(quota)
    assert (quota.used(), quota.used("TOTAL"), quota.ledger()) == (4, 4, [4])


def test_it_schedules_what_scenario_1_inserted(quota: Quota) -> None:
    rows(
        quota.connection,
        "INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type, hard_limit, used_count)"
        " VALUES (%s, %s, 'MONTHLY', 10, 3)",
        *(quota.tenant_id, quota.quota_type),
    )
    sweep(quota)
    assert quota.column("next_reset_time").day == 1
    assert (quota.used(), quota.ledger()) == (3, [])


def test_a_schedule_that_was_taken_away_by_hand_is_made_anew_and_closes_nothing(
    quota: Quota,
) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(next_reset_time=None, period_end=None)
    assert sweep(quota)[1] >= 1
    assert quota.column("next_reset_time").day == 1
    assert (quota.used(), quota.ledger()) == (4, [4])


def test_a_quota_with_slots_is_closed_by_what_was_spent(quota: Quota) -> None:
    quota.define("DAILY", 100, used=10, slot_count=2)
    assert quota.used("DAILY") > 10, "slots hold units"
    quota.set("DAILY", period_start="2019-12-31", period_end=PAST, next_reset_time=PAST)
    statement = "UPDATE quota_slots SET next_reset_time = %s WHERE tenant_id = %s"
    rows(quota.connection, statement, PAST, quota.tenant_id)
    sweep(quota)
    assert quota.ledger("DAILY") == [10, -10]


def test_every_zone_is_closed_by_its_own_wall_clock(quota: Quota) -> None:
    ahead, behind = quota.sibling("ahead"), quota.sibling("behind")
    ahead.define_tenant(zone="+14:00")
    behind.define_tenant(zone="-12:00")
    soon = value(quota.connection, "SELECT UTC_TIMESTAMP() + INTERVAL 1 HOUR")
    for each in (ahead, behind):
        each.define("DAILY", 10, used=1)
        each.set("DAILY", next_reset_time=soon)  # past for one, to come for the other
    sweep(quota)
    assert (ahead.used("DAILY"), behind.used("DAILY")) == (0, 1)


def test_it_works_in_batches_until_nothing_is_left(quota: Quota) -> None:
    quotas = [quota.sibling(str(n)) for n in range(7)]
    for each in quotas:
        each.define("DAILY", 10, used=1)
        each.set("DAILY", next_reset_time=PAST)
    assert sweep(quota, batch=2) == ("DONE", 7)
    assert [each.used("DAILY") for each in quotas] == [0] * 7


def test_it_rests_between_batches(quota: Quota) -> None:
    quotas = [quota.sibling(str(n)) for n in range(40)]
    for each in quotas:
        each.define("DAILY", 10, used=1)
        each.set("DAILY", next_reset_time=PAST)
    worker, watcher = quota.connect(), quota.connect()
    state = "SELECT state FROM performance_schema.processlist WHERE id = %s"
    with ThreadPoolExecutor(1) as pool:
        sweeping = pool.submit(call, worker, "reset_due_quotas", 1)
        seen = set()
        while not sweeping.done():
            seen |= {each for (each,) in rows(watcher, state, worker.thread_id())}
    assert sweeping.result().rows_done == 40
    assert "User sleep" in seen


@pytest.mark.parametrize("step", [86400, -86400])
def test_it_rests_two_seconds_at_most_whichever_way_the_clock_steps(
    quota: Quota, step: int
) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(next_reset_time=PAST)
    trigger = f"step_{quota.tenant_id}"
    rows(
        quota.connection,
        f"CREATE TRIGGER {trigger} BEFORE INSERT ON quota_usage_records FOR EACH ROW"
        f" SET timestamp = UNIX_TIMESTAMP() + {step}",
    )
    sweeper = quota.connect(read_timeout=10)
    rows(sweeper, "SET @the_test_sets_the_time = TRUE")  # a trigger's SET is the session's
    try:
        assert call(sweeper, "reset_due_quotas", 100).status == "DONE"
    finally:
        rows(quota.connection, f"KILL {sweeper.thread_id()}")
        rows(quota.connection, f"DROP TRIGGER {trigger}")
    assert quota.ledger(columns="operation_type") == ["CONSUME", "RESET"]


def test_it_does_not_wait_for_a_quota_that_somebody_holds(quota: Quota) -> None:
    other = quota.sibling()
    for each in (quota, other):
        each.define("MONTHLY", 10, used=4)
        each.set(next_reset_time=PAST)
    holder = quota.connect(autocommit=False)
    rows(
        holder,
        "SELECT 1 FROM tenant_quotas WHERE quota_id = %s FOR UPDATE",
        quota.column("quota_id"),
    )
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert sweep(quota) == ("DONE", 1)
    assert (quota.used(), other.used()) == (4, 0)
    holder.rollback()
    assert sweep(quota) == ("DONE", 1)


def test_one_unknown_zone_does_not_stop_the_others(quota: Quota) -> None:
    lost = quota.sibling()
    lost.define_tenant()
    for each in (quota, lost):
        each.define("MONTHLY", 10, used=4)
        each.set(next_reset_time=PAST)
    statement = "UPDATE tenants SET time_zone = %s WHERE tenant_id = %s"
    rows(quota.connection, statement, "Mars/Olympus", lost.tenant_id)
    assert sweep(quota) == ("DONE", 1)
    rows(quota.connection, statement, "SYSTEM", lost.tenant_id)
    assert sweep(quota) == ("DONE", 1)


def test_a_second_run_at_the_same_time_is_told_so(quota: Quota) -> None:
    name = value(
        quota.connection,
        "SELECT CONCAT('tenant_quota.reset.', LEFT(SHA2(DATABASE(), 256), 40))",
    )
    other = quota.connect()
    assert value(other, "SELECT GET_LOCK(%s, 0)", name) == 1
    assert sweep(quota) == ("BUSY", 0)
    assert value(other, "SELECT RELEASE_LOCK(%s)", name) == 1
    assert sweep(quota)[0] == "DONE"
    assert value(quota.connection, "SELECT IS_FREE_LOCK(%s)", name) == 1


def test_it_leaves_a_heartbeat(quota: Quota) -> None:
    before = value(quota.connection, "SELECT UTC_TIMESTAMP(6)")
    sweep(quota)
    ((started, finished, error),) = rows(
        quota.connection,
        "SELECT started_at, finished_at, last_error FROM quota_jobs"
        " WHERE job_name = 'reset_due_quotas'",
    )
    assert before <= started <= finished
    assert error is None


def test_an_error_is_kept_in_the_heartbeat_and_the_lock_is_given_back(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(next_reset_time=PAST)
    trigger = f"break_{quota.tenant_id}"
    rows(
        quota.connection,
        f"CREATE TRIGGER {trigger} BEFORE INSERT ON quota_usage_records FOR EACH ROW"
        " BEGIN IF NEW.operation_type = 'RESET' THEN"
        " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the disk is on fire'; END IF; END",
    )
    last_error = "SELECT last_error FROM quota_jobs WHERE job_name = 'reset_due_quotas'"
    try:
        with pytest.raises(pymysql.err.MySQLError, match="the disk is on fire"):
            sweep(quota)
        assert value(quota.connection, last_error) == "the disk is on fire"
        assert quota.used() == 4
    finally:
        rows(quota.connection, f"DROP TRIGGER {trigger}")
    assert sweep(quota) == ("DONE", 1)
    assert value(quota.connection, last_error) is None


def test_a_server_that_is_read_only_refuses_it_and_keeps_no_lock(quota: Quota) -> None:
    other = quota.connect()
    rows(quota.connection, "SET GLOBAL super_read_only = ON")
    try:
        with pytest.raises(pymysql.err.MySQLError) as caught:
            sweep(quota)
    finally:
        rows(quota.connection, "SET GLOBAL super_read_only = OFF")
        rows(quota.connection, "SET GLOBAL read_only = OFF")
    assert caught.value.args[0] == 1290
    assert call(other, "reset_due_quotas", 100).status == "DONE"


def test_a_server_that_becomes_read_only_in_mid_sweep_keeps_no_lock(quota: Quota) -> None:
    """Then the server refuses the heartbeat of the sweep that failed, as well."""
    quota.define("MONTHLY", 10, used=4)
    quota.set(next_reset_time=PAST)
    holder, sweeper, admin, other = (quota.connect(autocommit=n > 0) for n in range(4))
    end_of_ledger = (
        "SELECT COUNT(*) FROM quota_usage_records FORCE INDEX (PRIMARY)"
        " WHERE quota_id = %s AND created_at > '2100-01-01' FOR UPDATE"
    )
    rows(holder, end_of_ledger, quota.column("quota_id"))
    state = "SELECT state FROM performance_schema.processlist WHERE id = %s"
    with ThreadPoolExecutor(2) as pool:
        sweeping = pool.submit(call, sweeper, "reset_due_quotas", 100)
        assert wait_until(lambda: waiting(quota, sweeper))
        # It waits for the sweep's statement to end, and lets no further one begin.
        switching = pool.submit(rows, admin, "SET GLOBAL super_read_only = ON")
        assert wait_until(
            lambda: value(other, state, admin.thread_id()) == "Waiting for global read lock"
        )
        holder.rollback()
        try:
            with pytest.raises(pymysql.err.MySQLError, match="so it cannot execute") as caught:
                sweeping.result(timeout=30)
            switching.result(timeout=30)
        finally:
            rows(admin, "SET GLOBAL super_read_only = OFF")
            rows(admin, "SET GLOBAL read_only = OFF")
    assert caught.value.args[0] == 1290
    assert no_transaction_is_open(sweeper)
    assert call(other, "reset_due_quotas", 100).status == "DONE"
    assert quota.ledger() == [4, -4]


def test_inside_a_transaction_it_is_part_of_it(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(next_reset_time=PAST)
    quota.connection.begin()
    assert call(quota.connection, "reset_due_quotas", 10).transaction == "JOINED"
    assert quota.used() == 0
    quota.connection.rollback()
    assert quota.used() == 4


@pytest.mark.parametrize("batch", [None, 0, -5])
def test_a_batch_has_at_least_one_row(quota: Quota, batch: int | None) -> None:
    with pytest.raises(pymysql.err.MySQLError, match="p_batch_size must be at least 1") as caught:
        call(quota.connection, "reset_due_quotas", batch)
    assert state_of(caught.value) == ("45001", "invalid_argument")


def test_sweeps_and_consumers_at_once_close_each_period_once(quota: Quota) -> None:
    quotas = [quota.sibling(str(n)) for n in range(20)]
    for each in quotas:
        each.define("DAILY", 1000, used=5)
        each.set("DAILY", next_reset_time=PAST)
    connections = [quota.connect() for _ in range(8)]

    def work(number: int) -> list[str]:
        if number < 4:
            return [call(connections[number], "reset_due_quotas", 3).status for _ in range(5)]
        return [each.consume(1, on=connections[number]).status for each in quotas]

    statuses = at_once(8, work)
    assert {status for each in statuses[4:] for status in each} == {"GRANTED"}
    for each in quotas:
        assert each.ledger("DAILY", "operation_type").count("RESET") == 1
        assert each.used("DAILY") == 4
        each.assert_adds_up(["DAILY"])
