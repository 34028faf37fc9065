"""quota_usage_monitor: scenario 5's eight columns first, and figures that are exact now."""

import json
from datetime import datetime
from decimal import Decimal

import pytest

from tests.helpers.holds import cancel, lapse, lease, refund, release, reserve
from tests.helpers.support import Quota, call, rows, value


def monitor(quota: Quota, columns: str) -> list[tuple[object, ...]]:
    return rows(
        quota.connection,
        f"SELECT {columns} FROM quota_usage_monitor WHERE tenant_id = %s ORDER BY limit_type",
        quota.tenant_id,
    )


def test_the_eight_columns_of_scenario_5_come_first(quota: Quota) -> None:
    found = rows(
        quota.connection,
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
        " AND table_name = 'quota_usage_monitor' ORDER BY ordinal_position LIMIT 8",
    )
    assert [name for (name,) in found] == [
        *("tenant_id", "tenant_name", "quota_type", "limit_type", "hard_limit", "used_count"),
        *("usage_rate", "status_level"),
    ]


@pytest.mark.parametrize(
    ("used", "level", "rate"),
    [
        (0, "NORMAL", 0),
        (7, "NORMAL", 70),
        (8, "WARNING", 80),
        (9, "WARNING", 90),
        (10, "EXCEEDED", 100),
    ],
)
def test_three_levels(quota: Quota, used: int, level: str, rate: int) -> None:
    quota.define("MONTHLY", 10, soft_limit=8, used=used)
    assert monitor(quota, "used_count, status_level, usage_rate, remaining") == [
        (used, level, Decimal(rate), 10 - used)
    ]


def test_no_soft_limit_is_no_warning(quota: Quota) -> None:
    quota.define("MONTHLY", 3, used=2)
    assert monitor(quota, "status_level, usage_rate") == [("NORMAL", Decimal("66.67"))]


def test_a_limit_of_zero_does_not_divide_by_zero(quota: Quota) -> None:
    quota.define("MONTHLY", 0)
    rows(quota.connection, "SET sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO'")
    assert monitor(quota, "usage_rate, status_level") == [(None, "EXCEEDED")]
    assert rows(quota.connection, "SHOW WARNINGS") == []


def test_a_quota_without_a_tenant_row_still_shows(quota: Quota) -> None:
    quota.define("MONTHLY", 3, used=2)
    assert monitor(quota, "tenant_id, tenant_name, used_count") == [(quota.tenant_id, None, 2)]


def test_a_lapsed_period_shows_as_closed(quota: Quota) -> None:
    quota.define("MONTHLY", 3, used=3)
    quota.set(next_reset_time=datetime(2020, 1, 1))
    assert monitor(quota, "used_count, status_level, remaining") == [(0, "NORMAL", 3)]
    assert quota.used() == 3, "the view closes nothing"


def test_a_period_lapses_by_the_tenants_own_wall_clock(quota: Quota) -> None:
    quota.define_tenant(zone="+14:00")
    quota.define("DAILY", 3, used=3)
    quota.set(
        "DAILY",
        next_reset_time=value(quota.connection, "SELECT UTC_TIMESTAMP() + INTERVAL 13 HOUR"),
    )
    assert monitor(quota, "used_count") == [(0,)]
    rows(
        quota.connection,
        "UPDATE tenants SET time_zone = '+12:00' WHERE tenant_id = %s",
        quota.tenant_id,
    )
    assert monitor(quota, "used_count") == [(3,)]


def test_a_bucket_shows_as_refilled(quota: Quota) -> None:
    quota.define("RATE", 10, refill_per_second=2)
    quota.consume(10)
    now = value(quota.connection, "SELECT UTC_TIMESTAMP(6) - INTERVAL 2.25 SECOND")
    quota.set("RATE", refilled_at=now)
    assert monitor(quota, "used_count, remaining") == [(6, 4)]
    quota.set("RATE", refilled_at="2020-01-01")
    assert monitor(quota, "used_count, remaining") == [(0, 10)]


def test_concurrency_is_measured_against_its_tokens(quota: Quota) -> None:
    quota.define("CONCURRENT", 4)
    quota.set("CONCURRENT", concurrent_tokens=2)
    quota.acquire()
    quota.acquire()
    assert monitor(quota, "used_count, usage_rate, status_level") == [(2, Decimal(100), "EXCEEDED")]


def test_a_lapsed_lease_shows_as_given_back(quota: Quota) -> None:
    quota.define("CONCURRENT", 2)
    for ttl in (1, 600):
        call(quota.connection, "acquire_quota_lease", quota.tenant_id, quota.quota_type, "w", ttl)
    assert monitor(quota, "used_count") == [(2,)]
    rows(
        quota.connection,
        "UPDATE quota_reservations SET expires_at = expires_at - INTERVAL 2 SECOND"
        " WHERE tenant_id = %s",
        quota.tenant_id,
    )
    assert monitor(quota, "used_count, status_level") == [(1, "NORMAL")]


def test_what_valid_slots_hold_is_not_used(quota: Quota) -> None:
    quota.define("TOTAL", 1000, used=30, slot_count=2)
    assert quota.used("TOTAL") > 30
    assert monitor(quota, "used_count, remaining") == [(30, 970)]


def granted(quota: Quota) -> list[object]:
    return [count for (count,) in monitor(quota, "granted_count")]


def test_what_was_granted_is_not_set_back_by_resets_refunds_and_holds(quota: Quota) -> None:
    quota.define("MONTHLY", 100)
    quota.consume(5, key="k")
    assert granted(quota) == [5]
    refund(quota, "k", "r", 2)
    cancel(quota, reserve(quota, 10))
    assert (granted(quota), quota.used()) == ([15], 3)
    reserve(quota, 20)
    lapse(quota)
    call(quota.connection, "expire_quota_reservations", 100)
    assert (granted(quota), quota.used()) == ([35], 3)
    call(quota.connection, "reset_quota", quota.tenant_id, quota.quota_type, "MONTHLY")
    assert (granted(quota), quota.used()) == ([35], 0)
    quota.consume(1)
    refund(quota, "k", "late")
    assert (granted(quota), quota.used()) == ([36], 1), "that period is closed"


@pytest.mark.parametrize("slots", [0, 2])
@pytest.mark.parametrize("sweeps", [True, False])
def test_the_end_of_a_period_does_not_set_back_what_was_granted(
    quota: Quota, slots: int, sweeps: bool
) -> None:
    quota.define("MONTHLY", 1000, slot_count=slots)
    for _ in range(3):
        quota.consume(10)
    for change in (  # the open period becomes the one before
        "UPDATE quota_slots AS s JOIN tenant_quotas AS q USING (quota_id)"
        " SET s.next_reset_time = q.period_start",
        "UPDATE tenant_quotas AS q SET next_reset_time = period_start,"
        " period_end = period_start, period_start = period_start - INTERVAL 1 MONTH",
    ):
        rows(quota.connection, f"{change} WHERE q.tenant_id = %s", quota.tenant_id)
    assert monitor(quota, "used_count, granted_count") == [(0, 30)]
    if sweeps:
        call(quota.connection, "reset_due_quotas", 100)
        assert monitor(quota, "used_count, granted_count") == [(0, 30)]
    quota.consume(7)
    assert monitor(quota, "used_count, granted_count") == [(7, 37)]


def test_slots_and_batches_count_as_well(quota: Quota) -> None:
    quota.define("TOTAL", 1000, used=30, slot_count=2)
    assert quota.used("TOTAL") > 30
    items = [
        {"quota_type": quota.quota_type, "amount": 4, "biz_type": "B", "biz_id": n} for n in "12"
    ]
    for _ in range(2):  # the second time they are replayed
        call(quota.connection, "consume_quota_batch", quota.tenant_id, json.dumps(items))
    assert granted(quota) == [38]
    quota.define("TOTAL", 1000)
    assert (granted(quota), quota.used("TOTAL")) == ([38], 38), "slots that go give back slices"


def test_each_token_and_lease_counts_once(quota: Quota) -> None:
    quota.define("CONCURRENT", 3)
    quota.acquire()
    quota.release()
    release(quota, lease(quota))
    lease(quota)
    lapse(quota)
    assert (granted(quota), monitor(quota, "used_count")) == ([3], [(0,)])
    assert [lease(quota).status for _ in range(4)].count("GRANTED") == 3
    assert granted(quota) == [6]


def test_tokens_that_come_back_to_slots_count_as_well(quota: Quota) -> None:
    quota.define("CONCURRENT", 1000, slot_count=2)
    for _ in range(5):
        assert quota.acquire()
        assert quota.release()
    assert quota.lent("CONCURRENT") > 0
    assert (granted(quota), monitor(quota, "used_count")) == ([5], [(0,)])
    quota.define("CONCURRENT", 1000)
    assert (granted(quota), quota.used("CONCURRENT")) == ([5], 0)


def test_nobody_counts_what_a_bucket_grants(quota: Quota) -> None:
    quota.define("RATE", 3, refill_per_second=1, used=2)
    assert granted(quota) == [None]
