"""Periods are right with the event off, late or run twice; time is named through the inner procedure."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tenant_quota.sandbox import Sandbox
from tests.helpers.server import connect, local_ways
from tests.helpers.support import (
    Quota,
    apply_everything,
    at_once,
    call,
    let_tests_set_the_time,
    rows,
    value,
)

RESETS = "operation_type, delta_value, period_start"


def resets(quota: Quota, limit_type: str = "MONTHLY") -> list[tuple[int, str]]:
    return [
        (delta, str(start))
        for operation, delta, start in quota.ledger(limit_type, RESETS)
        if operation == "RESET"
    ]


def insert_as_scenario_1(quota: Quota, limit_type: str = "MONTHLY", **columns: object) -> None:
    names = ["tenant_id", "quota_type", "limit_type", "hard_limit", *columns]
    marks = ", ".join(["%s"] * len(names))
    rows(
        quota.connection,
        f"INSERT INTO tenant_quotas ({', '.join(names)}) VALUES ({marks})",
        *(quota.tenant_id, quota.quota_type, limit_type, 1000, *columns.values()),
    )


def test_the_first_touch_schedules_by_the_calendar(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    insert_as_scenario_1(quota)
    assert quota.column("next_reset_time") is None
    assert str(quota.consume_at("2030-05-17 12:00:00").next_reset_time) == "2030-06-01 00:00:00"
    assert quota.ledger(columns="period_start") == [datetime(2030, 5, 1)]
    assert resets(quota) == []


@pytest.mark.parametrize(
    ("limit_type", "end", "start"),
    [
        ("HOURLY", "2030-05-17 13:00:00", "2030-05-17 12:00:00"),
        ("DAILY", "2030-05-18 00:00:00", "2030-05-17 00:00:00"),
        ("WEEKLY", "2030-05-20 00:00:00", "2030-05-13 00:00:00"),
        ("MONTHLY", "2030-06-01 00:00:00", "2030-05-01 00:00:00"),
        ("QUARTERLY", "2030-07-01 00:00:00", "2030-04-01 00:00:00"),
        ("YEARLY", "2031-01-01 00:00:00", "2030-01-01 00:00:00"),
    ],
)
def test_every_period_closes_at_its_boundary_and_not_before(
    quota: Quota, limit_type: str, end: str, start: str
) -> None:
    quota.define_tenant(zone="UTC")
    insert_as_scenario_1(quota, limit_type)
    assert str(quota.consume_at("2030-05-17 12:34:56", 7).next_reset_time) == end
    last_moment = str(datetime.fromisoformat(end) - timedelta(microseconds=1))
    assert quota.consume_at(last_moment, 2).used_count == 9
    assert quota.consume_at(end, 4).used_count == 4
    assert resets(quota, limit_type) == [(-9, start)]
    labels = quota.ledger(limit_type, "operation_type, delta_value, period_start")
    assert labels[-1] == ("CONSUME", 4, datetime.fromisoformat(end))
    quota.assert_adds_up([limit_type])
    assert str(quota.column("reset_time", limit_type)) == end


def walk(quota: Quota, days: list[str]) -> list[str]:
    """Consume once at noon UTC of each day; return the boundary that each answer shows."""
    return [str(quota.consume_at(f"{day} 12:00:00").next_reset_time)[:10] for day in days]


def test_the_31st_stays_the_31st(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    insert_as_scenario_1(quota, period_anchor="2030-01-31")
    days = ["2030-01-31", "2030-02-28", "2030-03-30", "2030-03-31", "2030-04-30", "2030-05-31"]
    assert walk(quota, days) == [
        *("2030-02-28", "2030-03-31", "2030-03-31", "2030-04-30", "2030-05-31", "2030-06-30"),
    ]
    assert [start[:10] for _, start in resets(quota)] == [
        *("2030-01-31", "2030-02-28", "2030-03-31", "2030-04-30"),
    ]


def test_the_31st_of_january_in_a_leap_year(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    insert_as_scenario_1(quota, period_anchor="2032-01-31")
    assert walk(quota, ["2032-02-28", "2032-02-29", "2032-03-31"]) == [
        *("2032-02-29", "2032-03-31", "2032-04-30"),
    ]


def test_a_leap_day_comes_back_every_four_years(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    insert_as_scenario_1(quota, "YEARLY", period_anchor="2028-02-29")
    years = ["2028-02-29", "2029-03-01", "2030-03-01", "2031-03-01", "2032-02-28", "2032-02-29"]
    assert walk(quota, years) == [
        *("2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29", "2032-02-29", "2033-02-28"),
    ]


def test_a_first_next_reset_time_by_hand_sets_the_billing_day(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    insert_as_scenario_1(quota, next_reset_time="2030-05-20 06:00:00")
    assert walk(quota, ["2030-05-17", "2030-05-21", "2030-06-20"]) == [
        *("2030-05-20", "2030-06-20", "2030-07-20"),
    ]
    assert resets(quota) == [(-1, "2030-04-20 06:00:00"), (-1, "2030-05-20 06:00:00")]


def test_a_server_down_for_three_months_lands_on_the_right_date_with_one_reset(
    quota: Quota,
) -> None:
    quota.define_tenant(zone="UTC")
    insert_as_scenario_1(quota, period_anchor="2030-01-31")
    quota.consume_at("2030-02-10 12:00:00", 5)
    answer = quota.consume_at("2030-05-15 08:00:00", 1)
    assert (answer.used_count, str(answer.next_reset_time)) == (1, "2030-05-31 00:00:00")
    assert resets(quota) == [(-5, "2030-01-31 00:00:00")]
    assert quota.ledger(columns="period_start")[-1] == datetime(2030, 4, 30)


# Daylight saving: New York leaves 01:59 for 03:00 on 2030-03-10 (07:00 UTC), and lives
# 01:00 to 02:00 twice on 2030-11-03 (05:00 to 07:00 UTC).


def test_the_day_that_springs_forward(quota: Quota) -> None:
    quota.define_tenant(zone="America/New_York")
    insert_as_scenario_1(quota, "DAILY", period_anchor="2030-01-01 02:30:00")
    insert_as_scenario_1(quota, "HOURLY")
    quota.consume_at("2030-03-10 06:59:59.999999")  # 01:59:59 local
    assert resets(quota, "DAILY") == resets(quota, "HOURLY") == []
    quota.consume_at("2030-03-10 07:00:00")  # 03:00:00 local: 02:30 never came, and is past
    assert resets(quota, "DAILY") == [(-1, "2030-03-09 02:30:00")]
    assert resets(quota, "HOURLY") == [(-1, "2030-03-10 01:00:00")]
    quota.consume_at("2030-03-10 07:59:59")
    assert (quota.used("DAILY"), quota.used("HOURLY")) == (2, 2)
    assert str(quota.column("next_reset_time", "DAILY")) == "2030-03-11 02:30:00"


def test_the_day_that_falls_back(quota: Quota) -> None:
    quota.define_tenant(zone="America/New_York")
    insert_as_scenario_1(quota, "DAILY", period_anchor="2030-01-01 01:30:00")
    insert_as_scenario_1(quota, "HOURLY")
    for moment in ("05:29:59", "05:30:00", "05:59:59", "06:00:00", "06:30:00", "06:59:59"):
        quota.consume_at(f"2030-11-03 {moment}")  # 01:29:59 01:30 01:59:59 | 01:00 01:30 01:59:59
    # 01:30 comes twice; the period closes at the first and not again at the second.
    assert resets(quota, "DAILY") == [(-1, "2030-11-02 01:30:00")]
    assert resets(quota, "HOURLY") == []
    quota.consume_at("2030-11-03 07:00:00")  # 02:00 local
    assert resets(quota, "HOURLY") == [(-6, "2030-11-03 01:00:00")]
    assert quota.used("DAILY") == 6


def test_retry_after_counts_real_time_over_a_change_of_the_clock(quota: Quota) -> None:
    quota.define_tenant(zone="America/New_York")
    insert_as_scenario_1(quota, "DAILY", used_count=1000)
    # The day of 2030-03-10 has 23 hours, that of 2030-11-03 has 25.
    assert quota.consume_at("2030-03-10 05:00:00").retry_after_ms == 23 * 3_600_000
    quota.set("DAILY", next_reset_time=None)
    assert quota.consume_at("2030-11-03 04:00:00").retry_after_ms == 25 * 3_600_000


def test_each_tenant_lives_in_its_own_zone(quota: Quota) -> None:
    child = quota.child()
    quota.define_tenant(zone="Asia/Shanghai")
    child.define_tenant(zone="America/New_York", parent=quota.tenant_id)
    for each in (quota, child):
        insert_as_scenario_1(each, "DAILY")
    child.consume_at("2030-05-17 15:59:59", 5)
    child.consume_at("2030-05-17 16:00:00", 3)  # midnight in Shanghai, noon in New York
    assert (quota.used("DAILY"), child.used("DAILY")) == (3, 8)
    assert resets(quota, "DAILY") == [(-5, "2030-05-17 00:00:00")]
    assert resets(child, "DAILY") == []


def test_a_clock_that_runs_back_over_a_boundary_opens_no_second_period(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    insert_as_scenario_1(quota, "DAILY")
    for moment in (
        "2030-05-17 23:59:59",
        "2030-05-18 00:00:01",
        "2030-05-17 23:59:58",
        "2030-05-18 00:00:02",
    ):
        quota.consume_at(moment)
    assert resets(quota, "DAILY") == [(-1, "2030-05-17 00:00:00")]
    assert quota.used("DAILY") == 3


def test_a_period_without_use_is_closed_like_any_other(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    insert_as_scenario_1(quota)
    assert quota.consume_at("2030-05-17 12:00:00", 2000).status == "EXCEEDED"
    assert quota.consume_at("2030-06-17 12:00:00").status == "GRANTED"
    assert resets(quota) == [(0, "2030-05-01 00:00:00")]


def test_a_denial_closes_the_lapsed_period_too(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    insert_as_scenario_1(quota)
    quota.consume_at("2030-05-17 12:00:00", 7)
    denied = quota.consume_at("2030-06-17 12:00:00", 1001)
    assert (denied.status, denied.used_count) == ("EXCEEDED", 0)
    assert resets(quota) == [(-7, "2030-05-01 00:00:00")]


def test_use_of_a_period_is_the_sum_over_its_start(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    insert_as_scenario_1(quota, "DAILY")
    for day in range(10, 20):
        for _ in range(day % 4):
            quota.consume_at(f"2030-05-{day} 09:00:00", day)
    sums = rows(
        quota.connection,
        "SELECT period_start, SUM(IF(operation_type = 'RESET', 0, delta_value)),"
        " SUM(IF(operation_type = 'RESET', delta_value, 0)) FROM quota_usage_records"
        " WHERE quota_id = %s GROUP BY period_start ORDER BY period_start",
        quota.column("quota_id", "DAILY"),
    )
    assert [(start.day, int(use)) for start, use, _ in sums] == [
        (day, day * (day % 4)) for day in range(10, 20) if day % 4
    ]
    assert all(use == -reset for _, use, reset in sums[:-1])
    quota.assert_adds_up(["DAILY"])


def test_scenario_3_by_hand_in_mid_period_goes_back_to_the_calendar(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    insert_as_scenario_1(quota)
    quota.consume_at("2030-05-17 12:00:00", 5)
    quota.set(used_count=0, reset_time="2030-06-01 00:00:07", next_reset_time="2030-07-01 00:00:07")
    answer = quota.consume_at("2030-06-02 00:00:00", 2)
    assert (answer.used_count, str(answer.next_reset_time)) == (2, "2030-07-01 00:00:00")
    assert quota.ledger(columns="period_start")[-1] == datetime(2030, 6, 1)
    assert quota.consume_at("2030-07-01 00:00:03").used_count == 1


def test_a_next_reset_time_set_by_hand_is_never_run_ahead_of(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    insert_as_scenario_1(quota)
    quota.consume_at("2030-05-17 12:00:00", 5)
    quota.set(next_reset_time="2030-05-17 13:00:00")
    assert quota.consume_at("2030-05-17 12:59:59").used_count == 6
    assert quota.consume_at("2030-05-17 13:00:00").used_count == 1
    assert resets(quota) == [(-6, "2030-05-01 00:00:00")]
    assert str(quota.column("next_reset_time")) == "2030-06-01 00:00:00"


def soon(quota: Quota, seconds: int) -> tuple[datetime, datetime]:
    """Return a moment some seconds ahead, by the server's wall clock and in UTC."""
    ((local, utc),) = rows(
        quota.connection,
        "SELECT NOW() + INTERVAL %s SECOND, UTC_TIMESTAMP() + INTERVAL %s SECOND",
        *(seconds, seconds),
    )
    return local, utc


@pytest.mark.parametrize("kind", ["one limit", "two limits", "four limits", "slots"])
def test_who_waited_over_the_boundary_is_charged_to_the_new_period(quota: Quota, kind: str) -> None:
    boundary, utc_boundary = soon(quota, 2)
    insert_as_scenario_1(quota, "HOURLY", period_anchor=boundary)
    others = {"two limits": ["TOTAL"], "four limits": ["TOTAL", "DAILY", "MONTHLY"]}
    for limit_type in others.get(kind, []):
        insert_as_scenario_1(quota, limit_type)
    if kind == "slots":
        quota.define("HOURLY", 100, slot_count=2)
    assert quota.consume(3).status == "GRANTED"
    holder, waiter = quota.connect(autocommit=False), quota.connect()

    def work(number: int) -> None:
        if number == 0:
            quota.consume(4, on=holder)
            rows(
                holder, "SELECT * FROM quota_slots WHERE tenant_id = %s FOR UPDATE", quota.tenant_id
            )
            time.sleep(3)
            holder.commit()
        else:
            time.sleep(0.5)
            quota.consume(5, on=waiter)

    at_once(2, work)
    found = quota.ledger("HOURLY", f"operation_type, delta_value, period_start = '{boundary}'")
    assert found == [("CONSUME", 3, 0), ("CONSUME", 4, 0), ("RESET", -7, 0), ("CONSUME", 5, 1)]
    moments = quota.ledger("HOURLY", "created_at")
    assert moments[1] < utc_boundary <= moments[3]
    assert quota.used("HOURLY") - quota.lent("HOURLY") == 5


def test_who_waited_until_the_limit_ended_is_denied(quota: Quota) -> None:
    end, _utc = soon(quota, 2)
    quota.define("MONTHLY", 100, expire_time=str(end))
    holder, waiter = quota.connect(autocommit=False), quota.connect()
    quota.consume(4, on=holder)

    def work(number: int) -> str:
        if number == 0:
            time.sleep(3)
            holder.commit()
            return ""
        return str(quota.consume(5, on=waiter).status)

    assert at_once(2, work) == ["", "EXPIRED"]
    assert quota.used() == 4


DAY_LATER = "next_reset_time = next_reset_time + INTERVAL 1 DAY"
AHEAD = f"""{DAY_LATER}, q.period_end = q.period_end + INTERVAL 1 DAY, reset_time = q.period_start
    + INTERVAL 1 DAY, q.period_start = reset_time, r.period_start = reset_time"""


@pytest.mark.parametrize("joins", [False, True], ids=["OWN", "JOINED"])
@pytest.mark.parametrize("ahead", [DAY_LATER, AHEAD], ids=["set late by hand", "the clock was"])
def test_a_period_that_lies_ahead_gives_way_to_that_of_now(
    quota: Quota, ahead: str, joins: bool
) -> None:
    """Its use moves along: nothing is lost, and nothing is charged twice."""
    quota.define("HOURLY", 10)
    quota.define("DAILY", 100)
    assert quota.consume(10, key="k").status == "GRANTED"
    end = quota.column("next_reset_time", "HOURLY")
    rows(
        quota.connection,
        f"UPDATE tenant_quotas AS q JOIN quota_usage_records AS r USING (quota_id) SET {ahead}"
        " WHERE q.tenant_id = %s AND limit_type = 'HOURLY'",
        quota.tenant_id,
    )
    if joins:
        quota.connection.begin()
    assert quota.consume(1).status == "EXCEEDED"
    assert quota.column("next_reset_time", "HOURLY") == end
    quota.set("HOURLY", hard_limit=11)
    assert quota.consume(1).used_count == 11
    quota.connection.commit()
    by_period = quota.ledger("HOURLY", "period_start, delta_value")
    sums: Counter[datetime] = Counter()
    for start, delta in by_period:
        sums[start] += delta
    assert sorted(sums.values()) in ([11], [0, 11])
    quota.assert_adds_up(["HOURLY", "DAILY"])


def test_a_tenants_only_limit_is_charged_in_the_period_of_now(quota: Quota) -> None:
    quota.define("HOURLY", 10)
    quota.consume(3)
    start = quota.column("period_start", "HOURLY")
    rows(
        quota.connection,
        f"UPDATE tenant_quotas AS q JOIN quota_usage_records AS r USING (quota_id) SET {AHEAD}"
        " WHERE q.tenant_id = %s",
        quota.tenant_id,
    )
    assert quota.consume(1).used_count == 4
    assert quota.ledger("HOURLY", "delta_value, period_start")[-1] == (1, start)


def test_a_period_that_a_new_zone_put_ahead_stays_to_its_end(quota: Quota) -> None:
    """No matter how often the zone moves there and back, the limit is reset once."""
    quota.define_tenant("+14:00")
    quota.define("DAILY", 10)
    quota.consume(10)
    for zone in ("-12:00", "+14:00") * 3:
        quota.define_tenant(zone)
        assert quota.consume(1).status == "EXCEEDED"
    assert quota.ledger("DAILY") == [10]


def test_a_limit_begins_by_its_tenants_clock(quota: Quota) -> None:
    quota.define_tenant("-12:00")  # there it is half a day earlier, or more
    quota.define("MONTHLY", 100)
    assert quota.consume().status == "GRANTED"  # and the period is open
    quota.set(effective_time=soon(quota, -3600)[0])
    assert quota.consume().status == "NOT_EFFECTIVE"
    assert quota.used() == 1


def test_sweeps_and_16_consumers_at_the_boundary_at_once(quota: Quota) -> None:
    """The boundary comes while 16 callers and 4 sweeps are at work, by the real clock."""
    boundary, utc_boundary = soon(quota, 3)
    insert_as_scenario_1(quota, "HOURLY", period_anchor=boundary)
    insert_as_scenario_1(quota, "DAILY", period_anchor=boundary)
    quota.set("HOURLY", hard_limit=10**9)
    quota.set("DAILY", hard_limit=10**9)
    connections = [quota.connect() for _ in range(20)]
    stop = time.monotonic() + 5

    def work(number: int) -> int:
        done = 0
        while time.monotonic() < stop:
            if number < 16:
                done += quota.consume(1, on=connections[number]).success
            else:
                call(connections[number], "reset_due_quotas", 5)
                time.sleep(0.01)
        return done

    granted = sum(at_once(20, work))
    for limit_type in ("HOURLY", "DAILY"):
        ledger = quota.ledger(limit_type, "operation_type, delta_value, period_start, created_at")
        consumed = [row for row in ledger if row[0] == "CONSUME"]
        before = [row for row in consumed if row[3] < utc_boundary]
        after = [row for row in consumed if row[3] >= utc_boundary]
        assert len(consumed) == granted
        assert before
        assert after, "the boundary was not crossed while callers were at work"
        assert {start for _, _, start, _ in after} == {boundary}
        assert all(start < boundary for _, _, start, _ in before)
        assert [row[1] for row in ledger if row[0] == "RESET"] == [-len(before)]
        assert quota.used(limit_type) == len(after)
        moments = [row[3] for row in ledger]
        assert all(one <= two for one, two in pairwise(moments))
        quota.assert_adds_up([limit_type])


# The hour that comes twice


def test_the_hour_that_comes_twice_closes_nothing(quota: Quota) -> None:
    quota.define_tenant(zone="America/New_York")
    insert_as_scenario_1(quota, "HOURLY", period_anchor="2030-01-01 00:30:00")
    for moment in ("05:45:00", "06:10:00", "06:45:00"):  # 01:45, 01:10 and 01:45 local
        quota.consume_at(f"2030-11-03 {moment}")
    assert (resets(quota, "HOURLY"), quota.used("HOURLY")) == ([], 3)


def test_retry_after_is_right_before_the_hour_that_comes_twice(quota: Quota) -> None:
    quota.define_tenant(zone="America/New_York")
    insert_as_scenario_1(quota, "HOURLY", used_count=1000)
    assert quota.consume_at("2030-11-03 04:30:00").retry_after_ms == 1_800_000  # to the first 01:00
    quota.set("HOURLY", effective_time="2030-11-03 01:30:00")
    assert quota.consume_at("2030-11-03 06:10:00").retry_after_ms == 1_200_000  # the second 01:30


#: What time it is (UTC), where periods begin, when this one ends, and how far that is.
FALLS_BACK = [
    ("04:30:00", None, "01:00:00", 30),  # 00:30 local, to the first 01:00
    ("05:30:00", None, "02:00:00", 90),  # the first 01:30: this period takes two hours
    ("06:30:00", None, "02:00:00", 30),  # the second 01:30
    ("04:40:00", "2030-01-01 00:30:00", "01:30:00", 50),  # 00:40, to the first 01:30
    ("06:10:00", "2030-01-01 00:30:00", "01:30:00", 20),  # the second 01:10, to the second 01:30
]


def assert_waits(quota: Quota, now: str, anchor: str | None, end: str, minutes: int) -> None:
    """Be denied twice: judged, and at a glance as it was told before."""
    insert_as_scenario_1(quota, "HOURLY", used_count=1000, period_anchor=anchor)
    for _ in range(2):
        denied = quota.consume_at(f"2030-11-03 {now}")
        assert (denied.status, str(denied.next_reset_time)) == ("EXCEEDED", f"2030-11-03 {end}")
        assert denied.retry_after_ms == minutes * 60_000


@pytest.mark.parametrize("has_row", [False, True], ids=["no row in tenants", "zone SYSTEM"])
@pytest.mark.parametrize(("now", "anchor", "end", "minutes"), FALLS_BACK)
def test_retry_after_is_right_where_the_servers_zone_falls_back(
    quota: Quota, has_row: bool, now: str, anchor: str | None, end: str, minutes: int
) -> None:
    if has_row:
        quota.define_tenant()
    (zone,) = rows(quota.connection, "SELECT @@GLOBAL.time_zone")[0]
    rows(quota.connection, "SET GLOBAL time_zone = 'America/New_York'")
    try:
        assert_waits(quota, now, anchor, end, minutes)
    finally:
        rows(quota.connection, "SET GLOBAL time_zone = %s", zone)


def test_retry_after_is_right_where_the_machines_zone_falls_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CONVERT_TZ takes the first 01:00 of a named zone, and the second one of the machine's."""
    monkeypatch.setenv("TZ", "EST5EDT,M3.2.0,M11.1.0")
    with Sandbox.start(ways=local_ways()) as sandbox:
        with closing(connect(sandbox.url, autocommit=True)) as root:
            assert value(root, "SELECT @@GLOBAL.time_zone") == "SYSTEM"
            rows(root, "CREATE DATABASE shop")
        url = f"{sandbox.url}shop"
        apply_everything(url)
        let_tests_set_the_time(url)
        for number, case in enumerate(FALLS_BACK):
            tenant = Quota(lambda **how: connect(url, **{"autocommit": True, **how}), f"T{number}")
            assert_waits(tenant, *case)
