"""quota_usage_history: one row for each quota and period that is over."""

from datetime import datetime
from decimal import Decimal

import pytest

from tests.helpers.support import Quota, call, rows, value


def history(quota: Quota, columns: str) -> list[tuple[object, ...]]:
    return rows(
        quota.connection,
        f"SELECT {columns} FROM quota_usage_history WHERE tenant_id = %s ORDER BY period_start",
        quota.tenant_id,
    )


def test_an_open_period_is_no_history(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    assert history(quota, "*") == []


def test_a_closed_period_shows_what_was_used_in_it(quota: Quota) -> None:
    quota.define_tenant()
    quota.define("DAILY", 8)
    quota.set("DAILY", next_reset_time="2020-05-02 00:00:00")
    for day in (1, 2, 3):
        quota.consume_at(f"2020-05-0{day} 12:00:00", day)
    quota.consume_at("2020-05-05 12:00:00", 8)
    zone = value(quota.connection, "SELECT TIMESTAMPDIFF(HOUR, UTC_TIMESTAMP(), NOW())")
    assert zone == 0, "the times above are UTC"
    columns = "tenant_name, period_start, period_end, used_count, hard_limit, usage_rate, closed_at"
    assert history(quota, columns) == [
        (
            f"Tenant {quota.tenant_id}",
            *(datetime(2020, 5, day), datetime(2020, 5, day + 1), day, 8),
            Decimal(day * 100) / 8,
            datetime(2020, 5, {1: 2, 2: 3, 3: 5}[day], 12),
        )
        for day in (1, 2, 3)
    ]


def test_it_agrees_with_the_sum_of_the_periods_other_rows(quota: Quota) -> None:
    quota.define("DAILY", 8)
    quota.set("DAILY", next_reset_time="2020-05-02 00:00:00")
    quota.consume_at("2020-05-01 12:00:00", 5)
    quota.consume_at("2020-05-02 12:00:00", 1)
    # A return into the closed period, as lower_quota_use records it.
    late = (
        "INSERT INTO quota_usage_records"
        " (quota_id, tenant_id, operation_type, delta_value, period_start, biz_type, biz_id)"
        " VALUES (%s, %s, %s, %s, '2020-05-01', %s, %s)"
    )
    who = (quota.column("quota_id", "DAILY"), quota.tenant_id)
    rows(quota.connection, late, *who, "REFUND", -2, "ORDER", "1")
    rows(quota.connection, late, *who, "RESET", 2, None, None)
    assert history(quota, "used_count, closed_at") == [(3, datetime(2020, 5, 2, 12))]
    total = "SELECT SUM(delta_value) FROM quota_usage_records WHERE quota_id = %s"
    assert value(quota.connection, f"{total} AND operation_type <> 'RESET'", who[0]) - 1 == 3


def test_the_31st_ends_with_the_month_and_is_the_31st_again(quota: Quota) -> None:
    quota.define("MONTHLY", 8, period_anchor="2019-12-31 00:00:00")
    quota.set(next_reset_time="2020-01-31 00:00:00")
    for month in (1, 2, 3, 4):
        quota.consume_at(f"2020-{month:02}-15 00:00:00")
    assert history(quota, "period_start, period_end") == [
        (datetime(2019, 12, 31), datetime(2020, 1, 31)),
        (datetime(2020, 1, 31), datetime(2020, 2, 29)),
        (datetime(2020, 2, 29), datetime(2020, 3, 31)),
    ]


@pytest.mark.parametrize(
    ("limit_type", "start", "end"),
    [
        ("HOURLY", datetime(2020, 2, 29, 12), datetime(2020, 2, 29, 13)),
        ("WEEKLY", datetime(2020, 2, 24), datetime(2020, 3, 2)),
        ("QUARTERLY", datetime(2020, 1, 1), datetime(2020, 4, 1)),
        ("YEARLY", datetime(2020, 1, 1), datetime(2021, 1, 1)),
    ],
)
def test_a_period_is_as_long_as_its_limit_says(
    quota: Quota, limit_type: str, start: datetime, end: datetime
) -> None:
    quota.define(limit_type, 0)
    quota.set(limit_type, next_reset_time=None, period_anchor=None)
    quota.set(limit_type, hard_limit=5)
    quota.consume_at("2020-02-29 12:30:00", 2)
    quota.consume_at("2022-02-28 12:30:00", 1)
    assert history(quota, "period_start, period_end, used_count") == [(start, end, 2)]


def test_a_reset_by_hand_and_the_periods_end_are_one_row(quota: Quota) -> None:
    quota.define("MONTHLY", 8, used=3)
    call(quota.connection, "reset_quota", quota.tenant_id, quota.quota_type, "MONTHLY")
    quota.consume(2)
    quota.consume_at("2037-01-01 00:00:00")
    assert history(quota, "used_count") == [(5,)]


def test_a_limit_of_zero_and_a_missing_tenant_still_show(quota: Quota) -> None:
    quota.define("DAILY", 8)
    quota.set("DAILY", next_reset_time="2020-05-02 00:00:00")
    quota.consume_at("2020-05-01 12:00:00", 5)
    quota.consume_at("2020-05-02 12:00:00", 1)
    quota.set("DAILY", hard_limit=0)
    assert history(quota, "tenant_name, usage_rate, used_count") == [(None, None, 5)]


def test_a_filter_by_tenant_reads_that_tenants_resets_only(quota: Quota) -> None:
    for other in ("a", "b", "c", "d"):
        quota.sibling(other).define("DAILY", 8, used=1)
    quota.define("DAILY", 8, used=1)
    plan = value(
        quota.connection,
        "EXPLAIN FORMAT=TREE SELECT * FROM quota_usage_history WHERE tenant_id = %s",
        quota.tenant_id,
    )
    assert "Index lookup on q using tenant_quotas_natural (tenant_id=" in plan.replace(" = ", "=")
    assert "Index lookup on r using quota_usage_records_biz_key" in plan  # however few rows
