"""quota_alerts: one row per quota, period and level, in the transaction of the use itself."""

from __future__ import annotations

import json
from datetime import date, datetime, time

import pytest
from pymysql.connections import Connection

from tests.helpers.holds import confirm, in_utc, lapse, lease, refund, release, reserve
from tests.helpers.support import Quota, Value, at_once, binlog_position, call, changes, rows, value

DAY_1, DAY_2 = "2030-05-10 12:00:00", "2030-05-11 12:00:00"


def alerts(quota: Quota, columns: str = "alert_level") -> list[Value]:
    """Return the tenant's alerts in the order they were written, one column or several."""
    found = rows(
        quota.connection,
        f"SELECT {columns} FROM quota_alerts WHERE tenant_id = %s ORDER BY created_at, alert_id",
        quota.tenant_id,
    )
    return [row[0] if len(row) == 1 else row for row in found]


def test_crossing_the_soft_limit_warns_once(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10, soft_limit=8)
    quota.consume(7)
    assert alerts(quota) == []
    quota.consume(1)
    ((start, *told),) = alerts(
        quota,
        "period_start, quota_id, quota_type, limit_type, alert_level, enforcement, used_count,"
        " hard_limit, soft_limit, delivered_at",
    )
    assert told == [
        *(quota.column("quota_id"), quota.quota_type, "MONTHLY", "WARNING", "ENFORCE"),
        *(8, 10, 8, None),
    ]
    assert quota.ledger(columns="period_start") == [start] * 2
    quota.consume(2)
    assert alerts(quota) == ["WARNING"]


def test_crossing_it_again_after_a_refund_is_the_same_periods_and_not_told_again(
    quota: Quota,
) -> None:
    quota.define("MONTHLY", hard_limit=10, soft_limit=8)
    quota.consume(9, key="k")
    refund(quota, "k", "r")
    quota.consume(9)
    assert alerts(quota) == ["WARNING"]


def test_without_a_soft_limit_nothing_warns(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    quota.consume(10)
    assert alerts(quota) == []


def test_the_first_denial_of_a_period_is_told_and_no_other(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3, used=2)
    for _ in range(3):
        assert quota.consume(2).status == "EXCEEDED"
    assert alerts(quota, "alert_level, used_count, hard_limit") == [("EXCEEDED", 2, 3)]
    assert quota.ledger() == [2]


def test_other_refusals_are_no_alerts(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3, soft_limit=1, product_codes=["a"])
    assert quota.consume(1, product="b").status == "PRODUCT_NOT_COVERED"
    assert quota.check(9, product="a").status == "EXCEEDED", "only asked"
    quota.suspend()
    assert quota.consume(1, product="a").status == "SUSPENDED"
    assert alerts(quota) == []


def test_a_denied_call_crosses_no_soft_limit(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10, soft_limit=2)
    quota.define("TOTAL", hard_limit=3)
    assert quota.consume(5).limit_type == "TOTAL"
    assert alerts(quota, "limit_type, alert_level") == [("TOTAL", "EXCEEDED")]


def test_each_limit_and_ancestor_is_told_of_its_own(quota: Quota) -> None:
    child = quota.child()
    quota.define("MONTHLY", hard_limit=10, soft_limit=5)
    child.define("TOTAL", hard_limit=6, soft_limit=5)
    child.consume(5)
    assert alerts(quota) == alerts(child) == ["WARNING"]
    child.consume(2)
    assert alerts(child, "alert_level, period_start") == [
        ("WARNING", datetime(1000, 1, 1)),
        ("EXCEEDED", datetime(1000, 1, 1)),
    ]
    assert alerts(quota) == ["WARNING"], "it had room"


def test_both_levels_are_armed_again_with_the_next_period(quota: Quota) -> None:
    in_utc(quota, "DAILY", hard_limit=3, soft_limit=2)
    for day in (DAY_1, DAY_2):
        for amount in (2, 2, 1, 2):
            quota.consume_at(day, amount)
    assert alerts(quota, "period_start, alert_level, used_count") == [
        (datetime(2030, 5, 10), "WARNING", 2),
        (datetime(2030, 5, 10), "EXCEEDED", 2),
        (datetime(2030, 5, 11), "WARNING", 2),
        (datetime(2030, 5, 11), "EXCEEDED", 2),
    ]


def test_reservations_cross_limits_like_consumptions(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10, soft_limit=8)
    hold = reserve(quota, 8, "k")
    assert alerts(quota) == ["WARNING"]
    assert reserve(quota, 3).status == "EXCEEDED"
    assert alerts(quota) == ["WARNING", "EXCEEDED"]
    confirm(quota, hold, 1)
    assert alerts(quota) == ["WARNING", "EXCEEDED"]


def test_units_that_had_lapsed_are_no_denial(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    reserve(quota, 10, "k")
    lapse(quota)
    assert quota.consume(10).status == "GRANTED"
    assert alerts(quota) == []


@pytest.mark.parametrize("how", ["acquire", "lease"])
def test_tokens_that_ran_out_are_told_once_a_day(quota: Quota, how: str) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    take = quota.acquire if how == "acquire" else lambda: lease(quota)
    for _ in range(3):
        take()
    ((level, limit_type, start, created),) = alerts(
        quota, "alert_level, limit_type, period_start, created_at"
    )
    assert (level, limit_type) == ("EXCEEDED", "CONCURRENT")
    assert start == datetime.combine(created.date(), time())


def test_an_empty_bucket_is_told_once_a_day(quota: Quota) -> None:
    quota.define("RATE", hard_limit=1, refill_per_second=0.0001)
    for day in (DAY_1, DAY_1, DAY_2, DAY_2):
        quota.acquire_at(day)
        quota.acquire_at(day)
    assert alerts(quota, "alert_level, DATE(period_start)") == [
        ("EXCEEDED", date(2030, 5, 10)),
        ("EXCEEDED", date(2030, 5, 11)),
    ]


def test_what_fell_below_the_soft_limit_warns_again_on_another_day(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=5, soft_limit=1)
    quota.define("RATE", hard_limit=5, soft_limit=1, refill_per_second=100)
    for day in ("2030-05-10", "2030-05-11"):
        for second in range(3):  # the bucket is full again
            quota.acquire_at(f"{day} 12:00:0{second}")
            quota.release()
    assert sorted(alerts(quota, "limit_type, alert_level, DATE(period_start)")) == [
        ("CONCURRENT", "WARNING", date(2030, 5, 10)),
        ("CONCURRENT", "WARNING", date(2030, 5, 11)),
        ("RATE", "WARNING", date(2030, 5, 10)),
        ("RATE", "WARNING", date(2030, 5, 11)),
    ]


def test_a_lease_that_ends_below_the_soft_limit_lets_it_warn_again(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=5, soft_limit=1)
    held = lease(quota)
    assert quota.column("next_alert_count", "CONCURRENT") is None
    assert release(quota, held).status == "RELEASED"
    assert quota.column("next_alert_count", "CONCURRENT") == 1


def test_a_bucket_alone_warns_again_once_it_was_full(quota: Quota) -> None:
    quota.define("RATE", hard_limit=5, soft_limit=2, refill_per_second=1)
    for day in ("2030-05-10", "2030-05-11"):
        for second in (0, 0, 30, 30):  # two of each: the first finds the bucket full
            quota.acquire_at(f"{day} 12:00:{second:02}")
    assert alerts(quota, "alert_level, DATE(period_start)") == [
        ("WARNING", date(2030, 5, 10)),
        ("WARNING", date(2030, 5, 11)),
    ]


# SHADOW


def test_a_shadow_bucket_tells_what_it_would_have_denied(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    quota.define("RATE", hard_limit=1, refill_per_second=0.0001, enforcement="SHADOW")
    assert [quota.consume(1).status for _ in range(3)] == ["GRANTED"] * 3
    assert alerts(quota, "limit_type, alert_level") == [("RATE", "EXCEEDED")]


def test_a_shadow_limit_tells_what_it_would_have_denied(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3, soft_limit=2, enforcement="SHADOW")
    quota.consume(2)
    assert alerts(quota) == ["WARNING"]
    for _ in range(3):
        assert quota.consume(2).status == "GRANTED"
    assert alerts(quota, "alert_level, enforcement, used_count") == [
        ("WARNING", "SHADOW", 2),
        ("EXCEEDED", "SHADOW", 4),
    ]


def test_a_shadow_limit_that_is_passed_in_one_step_tells_both(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3, soft_limit=2, enforcement="SHADOW")
    quota.consume(5)
    quota.consume(5)
    assert sorted(alerts(quota)) == ["EXCEEDED", "WARNING"]


# Replays and transactions


def test_a_replay_tells_nothing(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10, soft_limit=8)
    quota.consume(9, key="k")
    rows(quota.connection, "DELETE FROM quota_alerts WHERE tenant_id = %s", quota.tenant_id)
    for joined in (False, True):
        session = quota.connect(autocommit=not joined)
        assert quota.consume(9, key="k", on=session).status == "REPLAYED"
        session.commit()
    assert alerts(quota) == []


@pytest.mark.parametrize("level", ["WARNING", "EXCEEDED"])
def test_an_alert_lives_and_dies_with_the_callers_transaction(quota: Quota, level: str) -> None:
    quota.define("MONTHLY", hard_limit=10, soft_limit=8)
    amount = 8 if level == "WARNING" else 11
    session = quota.connect(autocommit=False)
    for end in (session.rollback, session.commit):
        quota.consume(amount, key="k", on=session)
        assert alerts(quota) == []
        end()
    assert alerts(quota) == [level]


def test_a_denials_alert_is_durable_when_the_answer_arrives(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=1)
    session = quota.connect()
    quota.consume(2, key="k", on=session)
    session.close()
    assert alerts(quota) == ["EXCEEDED"]


def test_two_callers_in_transactions_of_old_snapshots_write_one_alert(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=1)
    session = quota.connect(autocommit=False)
    value(session, "SELECT COUNT(*) FROM quota_alerts")
    quota.consume(2)
    assert quota.consume(2, on=session).status == "EXCEEDED"
    session.commit()
    assert alerts(quota) == ["EXCEEDED"]


# Storms


def test_a_storm_of_32_denied_callers_writes_one_alert_and_hardly_anything_else(
    quota: Quota,
) -> None:
    quota.define("MONTHLY", hard_limit=3, used=3)
    quota.define("DAILY", hard_limit=100, used=0)
    connections = [quota.connect() for _ in range(32)]
    is_logged = value(quota.connection, "SELECT @@log_bin AND @@binlog_format = 'ROW'")
    if is_logged:
        rows(quota.connection, "FLUSH BINARY LOGS")
        before = binlog_position(quota.connection)

    def work(number: int) -> set[str]:
        mine, key = connections[number], f"k{number}" if number % 2 else None
        return {str(quota.consume(1, key=key, on=mine).status) for _ in range(10)}

    assert at_once(32, work) == [{"EXCEEDED"}] * 32
    assert alerts(quota, "limit_type, alert_level, used_count") == [("MONTHLY", "EXCEEDED", 3)]
    assert (quota.ledger(), quota.ledger("DAILY")) == ([3], [])
    if is_logged:
        written = changes(quota.connection, before)
        counts = written.count("quota_denials")
        assert [table for table in written if table != "quota_denials"] == ["quota_alerts"]
        assert counts <= 20, "one in a hundred is counted: about three of these 320"


def test_32_callers_at_once_cross_the_soft_limit_once(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=64, soft_limit=40)
    connections = [quota.connect() for _ in range(32)]
    at_once(32, lambda n: [quota.consume(1, on=connections[n]) for _ in range(3)])
    assert alerts(quota, "alert_level, used_count") == [("WARNING", 40), ("EXCEEDED", 64)]


def test_a_suspended_tenant_is_denied_by_no_limit(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3, used=3)
    quota.suspend()
    assert quota.consume(1).status == "SUSPENDED"
    count = "SELECT COUNT(*) FROM quota_alerts WHERE tenant_id = %s"
    assert value(quota.connection, count, quota.tenant_id) == 0


# How many were denied: a sample


def denied(quota: Quota, limit_type: str = "MONTHLY") -> object:
    """Return what the view says of one limit."""
    return value(
        quota.connection,
        "SELECT denied_count FROM quota_usage_monitor WHERE tenant_id = %s AND limit_type = %s",
        *(quota.tenant_id, limit_type),
    )


def roll(session: Connection, *, counts: bool) -> None:
    """Make this session's next RAND() fall below one in a hundred, or not."""
    rows(session, f"SET rand_seed1 = {0 if counts else 200_000_000}, rand_seed2 = 0")


@pytest.mark.parametrize("is_told", [False, True])
def test_a_denial_in_a_hundred_counts_as_a_hundred(quota: Quota, is_told: bool) -> None:
    quota.define("MONTHLY", hard_limit=1)
    quota.define("DAILY", hard_limit=100)
    for _ in range(is_told):
        roll(quota.connection, counts=False)
        assert quota.consume(2).status == "EXCEEDED"
    assert denied(quota) == 0
    for total in (100, 200):
        roll(quota.connection, counts=True)
        assert quota.consume(2, key="k").status == "EXCEEDED"
        assert (denied(quota), denied(quota, "DAILY")) == (total, 0)
    roll(quota.connection, counts=False)
    assert quota.consume(2).status == "EXCEEDED"
    assert denied(quota) == 200


def test_about_as_many_denials_are_counted_as_there_were(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=0)
    rows(quota.connection, "SET rand_seed1 = 20261201, rand_seed2 = 4711")
    for _ in range(4000):
        quota.consume(1)
    assert abs(int(str(denied(quota))) - 4000) <= 20 * 4000**0.5


def test_what_asks_and_what_is_granted_counts_no_denial(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=1)
    for call_of in (quota.check, quota.consume):
        roll(quota.connection, counts=True)
        call_of(1)
    roll(quota.connection, counts=True)
    assert quota.check(1).status == "EXCEEDED"
    quota.set("MONTHLY", enforcement="SHADOW")
    roll(quota.connection, counts=True)
    assert quota.consume(1).status == "GRANTED"
    assert denied(quota) == 0


def test_the_limit_that_denies_counts_even_where_it_is_the_parents(quota: Quota) -> None:
    child = quota.child()
    quota.define("MONTHLY", hard_limit=1)
    child.define("MONTHLY", hard_limit=100)
    roll(quota.connection, counts=True)
    assert child.consume(2, on=quota.connection).status == "EXCEEDED"
    assert (denied(quota), denied(child)) == (100, 0)


def test_a_token_that_is_denied_counts(quota: Quota) -> None:
    quota.define("CONCURRENT", 0)
    roll(quota.connection, counts=True)
    call(quota.connection, "take_quota_token", quota.tenant_id, quota.quota_type)
    assert denied(quota, "CONCURRENT") == 100


def test_a_batch_that_is_denied_counts_no_denial(quota: Quota) -> None:
    """Its types are charged and undone together: docs/monitoring.md says so."""
    quota.define("MONTHLY", hard_limit=1)
    items = json.dumps([{"quota_type": quota.quota_type, "amount": 2}])
    for _ in range(2):
        roll(quota.connection, counts=True)
        answer = call(quota.connection, "consume_quota_batch", quota.tenant_id, items)
        assert answer.status == "EXCEEDED"
    assert denied(quota) == 0


def test_a_callers_transaction_holds_no_count_that_others_wait_for(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=1)
    roll(quota.connection, counts=True)
    quota.consume(2)
    session = quota.connect(autocommit=False)
    roll(session, counts=True)
    assert quota.consume(2, on=session).status == "EXCEEDED"
    roll(quota.connection, counts=True)
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert quota.consume(2).status == "EXCEEDED"
    session.commit()
    assert denied(quota) == 200


def test_32_denied_at_once_are_all_counted(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=0)
    connections = [quota.connect() for _ in range(32)]

    def work(number: int) -> None:
        for _ in range(5):
            roll(connections[number], counts=True)
            assert quota.consume(1, on=connections[number]).status == "EXCEEDED"

    at_once(32, work)
    assert denied(quota) == 32 * 5 * 100
