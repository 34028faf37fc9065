"""define_quota: creates a limit or changes a live one, and refuses slips."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pymysql
import pytest

from tests.helpers.support import Quota, at_once, call, rows, state_of, value, wait_until, waiting


def test_it_creates_then_changes_then_has_nothing_to_do(quota: Quota) -> None:
    assert quota.define("MONTHLY", 10).status == "CREATED"
    assert quota.define("MONTHLY", 20, soft_limit=15).status == "CHANGED"
    assert quota.define("MONTHLY", 20, soft_limit=15).status == "UNCHANGED"
    assert (quota.column("hard_limit"), quota.column("soft_limit")) == (20, 15)


def test_what_was_used_stays_used(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=6)
    changed = quota.define("MONTHLY", 4)
    assert (changed.used_count, changed.remaining) == (6, 0)
    assert quota.consume(1).status == "EXCEEDED"
    quota.define("MONTHLY", 7)
    assert [quota.consume(1).status for _ in range(2)] == ["GRANTED", "EXCEEDED"]


def test_an_option_left_out_keeps_its_value_and_null_goes_back_to_the_default(quota: Quota) -> None:
    quota.define("MONTHLY", 10, product_codes=["a"], enforcement="SHADOW", slot_count=4)
    quota.define("MONTHLY", 20)
    kept = "JSON_UNQUOTE(product_codes), enforcement, slot_count"
    read = f"SELECT {kept} FROM tenant_quotas WHERE tenant_id = %s"
    assert rows(quota.connection, read, quota.tenant_id) == [('["a"]', "SHADOW", 4)]
    quota.define("MONTHLY", 20, product_codes=None, enforcement=None, slot_count=None)
    assert rows(quota.connection, read, quota.tenant_id) == [(None, "ENFORCE", 0)]


def test_a_concurrency_limit_has_as_many_tokens_as_its_hard_limit(quota: Quota) -> None:
    quota.define("CONCURRENT", 7)
    assert quota.column("concurrent_tokens", "CONCURRENT") == 7


def test_the_billing_day_changes_in_mid_period_and_nothing_is_lost(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    moved = quota.define("MONTHLY", 10, period_anchor="2020-01-15 00:00:00")
    assert moved.next_reset_time.day == 15
    assert quota.used() == 4
    back = quota.define("MONTHLY", 10, period_anchor=None)
    assert (back.next_reset_time.day, quota.used()) == (1, 4)
    assert quota.ledger() == [4, -4, 4, -4, 4]
    first, *_, last = quota.ledger(columns="period_start")
    assert first == last, "back in the period it was consumed in"


def test_after_the_billing_day_moved_each_period_adds_up_by_itself(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    moved = quota.define("MONTHLY", 10, period_anchor="2020-01-15 00:00:00")
    quota.consume(2)
    quota.consume_at(str(moved.next_reset_time + timedelta(days=2)), 1)
    sums = rows(
        quota.connection,
        "SELECT SUM(IF(operation_type = 'RESET', 0, delta_value)), SUM(operation_type = 'RESET'),"
        " SUM(delta_value) FROM quota_usage_records WHERE tenant_id = %s"
        " GROUP BY period_start ORDER BY MIN(created_at)",
        quota.tenant_id,
    )
    assert sums == [(0, 0, 0), (6, 1, 0), (1, 0, 1)]
    quota.assert_adds_up()


def test_what_is_held_comes_back_also_after_the_billing_day_moved(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=1)
    who = (quota.tenant_id, quota.quota_type)
    first, second = (
        call(quota.connection, "reserve_quota", *who, 3, 600, "O", key, None).reservation_id
        for key in "ab"
    )
    quota.define("MONTHLY", 10, period_anchor="2020-01-15 00:00:00")
    call(quota.connection, "cancel_quota_reservation", first)
    call(quota.connection, "confirm_quota_reservation", second, 2)
    assert quota.used() == 1 + 2
    quota.assert_adds_up()


def test_who_changed_what_is_kept_and_no_change_is_none(quota: Quota) -> None:
    for hard_limit in (10, 10, 20):
        quota.define("MONTHLY", hard_limit, product_codes=["a"])
    quota.define("MONTHLY", 20, enforcement="SHADOW")
    quota.consume(1, product="a")
    quota.define("MONTHLY", 20)
    found = rows(
        quota.connection,
        "SELECT changed_by, old_definition->>'$.hard_limit', new_definition->>'$.hard_limit',"
        " new_definition->>'$.enforcement', new_definition->>'$.product_codes'"
        " FROM quota_definition_changes WHERE quota_id = %s ORDER BY changed_at",
        quota.column("quota_id"),
    )
    me = value(quota.connection, "SELECT USER()")
    assert found == [
        (me, None, "10", "ENFORCE", '["a"]'),
        (me, "10", "20", "ENFORCE", '["a"]'),
        (me, "20", "20", "SHADOW", '["a"]'),
    ]


def test_a_driver_that_counts_found_rows_sees_unchanged_too(quota: Quota) -> None:
    jdbc = quota.connect(client_flag=pymysql.constants.CLIENT.FOUND_ROWS)
    arguments = (quota.tenant_id, quota.quota_type, "MONTHLY", 10, None, None)
    statuses = [call(jdbc, "define_quota", *arguments).status for _ in range(2)]
    assert statuses == ["CREATED", "UNCHANGED"]


def test_a_change_that_is_rolled_back_leaves_no_history(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    quota.connection.begin()
    quota.define("MONTHLY", 20)
    quota.connection.rollback()
    count = "SELECT COUNT(*) FROM quota_definition_changes WHERE tenant_id = %s"
    assert value(quota.connection, count, quota.tenant_id) == 1


def test_shadow_counts_on_and_enforce_denies_again_what_is_over(quota: Quota) -> None:
    quota.define("MONTHLY", 5, used=5)
    quota.define("MONTHLY", 5, enforcement="SHADOW")
    assert quota.consume(3).status == "GRANTED"
    back = quota.define("MONTHLY", 5, enforcement="ENFORCE")
    assert (back.used_count, back.remaining) == (8, 0)
    assert quota.consume(1).status == "EXCEEDED"
    quota.assert_adds_up()


def test_fewer_slots_or_another_billing_day_lose_no_slice(quota: Quota) -> None:
    quota.define("DAILY", 1000, used=10, slot_count=4)
    assert quota.used("DAILY") > 10
    assert quota.define("DAILY", 1000, slot_count=2).used_count == 10
    quota.consume(5)
    changed = quota.define("DAILY", 1000, slot_count=0, period_anchor="2020-01-15 06:00:00")
    assert changed.used_count == 15
    quota.assert_adds_up(["DAILY"])


@pytest.mark.parametrize(
    ("old", "new", "closes"), [("-12:00", "+14:00", True), ("+14:00", "-12:00", False)]
)
def test_a_new_zone_moves_the_wall_clock_and_each_period_closes_once(
    quota: Quota, old: str, new: str, closes: bool
) -> None:
    quota.define_tenant(zone=old)
    before = quota.define("DAILY", 10, used=4)
    quota.define_tenant(zone=new)
    assert quota.column("next_reset_time", "DAILY") == before.next_reset_time
    # 26 hours on, the day is over; 26 hours back, it has not begun, and stays open till its end.
    if not closes:
        assert quota.define("DAILY", 10).used_count == 4
    assert quota.consume(1).used_count == (1 if closes else 5)
    assert quota.ledger("DAILY") == ([4, -4, 1] if closes else [4, 1])
    quota.define_tenant(zone=old)
    used = quota.consume(1).used_count
    assert used == (2 if closes else 6), "and going back closes nothing again"
    starts = quota.ledger("DAILY", "period_start, operation_type = 'RESET'")
    assert len({start for start, _ in starts}) == (2 if closes else 1)
    quota.assert_adds_up(["DAILY"])


@pytest.mark.parametrize(("old", "new", "left"), [(0.001, 1000, 3), (1000, 0.001, 10)])
def test_a_new_refill_rate_counts_from_now_on(
    quota: Quota, old: float, new: float, left: int
) -> None:
    quota.define("RATE", 10, refill_per_second=old)
    quota.consume(10)
    an_hour_ago = datetime.utcnow() - timedelta(hours=1)
    quota.set("RATE", refilled_at=an_hour_ago)
    changed = quota.define("RATE", 10, refill_per_second=new)
    assert changed.remaining == left, "what flowed back in that hour, at the old rate"
    assert quota.used("RATE") == 10 - left
    assert quota.column("refilled_at", "RATE") > an_hour_ago + timedelta(minutes=59)


def test_the_same_refill_rate_again_loses_nothing_of_a_token_on_its_way(quota: Quota) -> None:
    quota.define("RATE", 10, refill_per_second=0.001)
    quota.consume(10)
    quota.set("RATE", refilled_at=datetime.utcnow() - timedelta(seconds=1500))
    before = quota.column("refilled_at", "RATE")
    again = quota.define("RATE", 10, refill_per_second=0.001)
    assert (again.status, again.used_count, again.remaining) == ("UNCHANGED", 9, 1)
    assert (quota.used("RATE"), quota.column("refilled_at", "RATE")) == (10, before)


@pytest.mark.parametrize("options", [{}, {"period_anchor": "2020-01-15 00:00:00"}])
def test_a_period_that_lapsed_is_closed_before_the_change(
    quota: Quota, options: dict[str, Any]
) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(next_reset_time=datetime(2020, 1, 1))
    assert quota.define("MONTHLY", 20, **options).used_count == 0
    assert quota.ledger(columns="operation_type, delta_value") == [("CONSUME", 4), ("RESET", -4)]


BAD_OPTIONS = [
    ("MONTHLY", '{"slot_count": ', "malformed JSON"),
    ("MONTHLY", "", "malformed JSON"),
    ("MONTHLY", "[1]", "must be a JSON object"),
    ("MONTHLY", "7", "must be a JSON object"),
    ("MONTHLY", '{"slots": 4}', "slots is not known"),
    ("MONTHLY", '{"": 4}', "is not known"),
    ("MONTHLY", '{"effective_time": "2024-02-30"}', "must be a date and time"),
    ("MONTHLY", '{"effective_time": 20240101}', "must be a date and time"),
    ("MONTHLY", '{"expire_time": "soon"}', "must be a date and time"),
    ("MONTHLY", '{"expire_time": "2024-01-01", "effective_time": "2024-01-02"}', "must be after"),
    ("MONTHLY", '{"period_anchor": "x"}', "must be a date and time"),
    ("TOTAL", '{"period_anchor": "2024-01-01"}', "is for limits with periods"),
    ("MONTHLY", '{"product_codes": "a"}', "must be an array"),
    ("MONTHLY", '{"enforcement": "shadow"}', "must be ENFORCE or SHADOW"),
    ("MONTHLY", '{"enforcement": 1}', "must be ENFORCE or SHADOW"),
    ("MONTHLY", '{"slot_count": -1}', "must be a whole number"),
    ("MONTHLY", '{"slot_count": 1.5}', "must be a whole number"),
    ("MONTHLY", '{"slot_count": "4"}', "must be a whole number"),
    ("MONTHLY", '{"slot_count": 99999999999999999999999}', "must be a whole number"),
    ("RATE", '{"slot_count": 4, "refill_per_second": 1}', "is for counted and CONCURRENT limits"),
    ("RATE", None, "needs the option refill_per_second"),
    ("RATE", '{"refill_per_second": 0}', "above 0"),
    ("RATE", '{"refill_per_second": -1}', "above 0"),
    ("RATE", '{"refill_per_second": "1"}', "above 0"),
    ("RATE", '{"refill_per_second": null}', "above 0"),
    ("RATE", '{"refill_per_second": 1e300}', "above 0"),
    ("MONTHLY", '{"refill_per_second": 1}', "is for RATE limits"),
]


@pytest.mark.parametrize(("limit_type", "options", "why"), BAD_OPTIONS)
def test_it_refuses_bad_options_and_changes_nothing(
    quota: Quota, limit_type: str, options: str | None, why: str
) -> None:
    with pytest.raises(pymysql.err.MySQLError, match=why) as caught:
        call(
            quota.connection,
            "define_quota",
            *(quota.tenant_id, quota.quota_type, limit_type, 10, None, options),
        )
    assert state_of(caught.value) == ("45001", "invalid_argument")
    count = "SELECT COUNT(*) FROM tenant_quotas WHERE tenant_id = %s"
    assert value(quota.connection, count, quota.tenant_id) == 0
    assert quota.define("TOTAL").transaction == "OWN", "the failed call left a transaction behind"


@pytest.mark.parametrize(
    ("limit_type", "hard", "soft", "why"),
    [
        (None, 1, None, "p_limit_type must be"),
        ("", 1, None, "p_limit_type must be"),
        ("monthly", 1, None, "p_limit_type must be"),
        ("MONTHLY", None, None, "p_hard_limit must be at least 0, not NULL"),
        ("MONTHLY", -1, None, "p_hard_limit must be at least 0, not -1"),
        ("MONTHLY", 10, -1, "p_soft_limit must be from 0 to p_hard_limit"),
        ("MONTHLY", 10, 11, "p_soft_limit must be from 0 to p_hard_limit"),
        ("CONCURRENT", 2**31, None, "at most 2147483647"),
    ],
)
def test_it_refuses_limits_that_could_not_work(
    quota: Quota, limit_type: str | None, hard: int | None, soft: int | None, why: str
) -> None:
    with pytest.raises(pymysql.err.MySQLError, match=why) as caught:
        call(
            quota.connection,
            "define_quota",
            *(quota.tenant_id, quota.quota_type, limit_type, hard, soft, None),
        )
    assert state_of(caught.value) == ("45001", "invalid_argument")


def test_a_hard_limit_of_zero_denies_everything(quota: Quota) -> None:
    quota.define("MONTHLY", 0)
    answer = quota.consume(1)
    assert (answer.status, answer.remaining, answer.retry_after_ms) == ("EXCEEDED", 0, None)


@pytest.mark.parametrize("turn", range(5))
def test_many_who_define_the_same_limit_at_once_make_one(quota: Quota, turn: int) -> None:
    found_rows = pymysql.constants.CLIENT.FOUND_ROWS  # as JDBC connects
    connections = [quota.connect(client_flag=found_rows * (n % 2)) for n in range(8)]
    options = json.dumps({"product_codes": ["a"]})
    arguments = (quota.tenant_id, quota.quota_type, "MONTHLY", 10, None, options)
    statuses = at_once(8, lambda n: call(connections[n], "define_quota", *arguments).status)
    assert sorted(statuses) == ["CREATED", *["UNCHANGED"] * 7]
    assert quota.column("COUNT(*)") == 1


def test_raising_and_lowering_under_load_never_exceeds_the_limit_of_the_moment(
    quota: Quota,
) -> None:
    quota.define("TOTAL", 50)
    connections = [quota.connect() for _ in range(9)]

    def work(number: int) -> int:
        if number == 8:
            for limit in (80, 20, 60, 100):
                call(
                    connections[8],
                    "define_quota",
                    *(quota.tenant_id, quota.quota_type, "TOTAL", limit, None, None),
                )
            return 0
        return sum(quota.consume(1, on=connections[number]).success for _ in range(30))

    granted = sum(at_once(9, work))
    while quota.consume(1).success:
        granted += 1
    assert granted == quota.used("TOTAL") == 100
    quota.assert_adds_up(["TOTAL"])


def test_zone_billing_day_and_mode_change_under_load_and_nothing_is_lost(quota: Quota) -> None:
    # Billing days far from today: else a month that one zone has closed, another may open again.
    billing_days = [str(date.today() + timedelta(4 + turn)) for turn in range(20)]
    quota.define_tenant(zone="+00:00")
    for limit_type in ("HOURLY", "DAILY"):
        quota.define(limit_type, 100_000)
    quota.define("MONTHLY", 100_000, period_anchor=billing_days[-1])
    connections = [quota.connect() for _ in range(7)]

    def work(number: int) -> int:
        on = connections[number]
        mine = Quota(lambda: on, quota.tenant_id)
        for turn in range(20):
            if number == 4:
                mine.define_tenant(zone=["+14:00", "-12:00", "+05:30", "+00:00"][turn % 4])
            elif number == 5:
                mine.define("DAILY", 100_000, period_anchor=f"2020-01-01 {turn:02}:30:00")
                mine.define("MONTHLY", 100_000, period_anchor=billing_days[turn])
            elif number == 6:
                mine.define("HOURLY", 1000 + turn, enforcement=["SHADOW", "ENFORCE"][turn % 2])
        if number > 3:
            return 0
        return sum(quota.consume(1, on=on).success for _ in range(40))

    granted = sum(at_once(7, work))
    assert granted == 160
    for limit_type in ("HOURLY", "DAILY", "MONTHLY"):
        quota.assert_adds_up([limit_type])
        ledger = quota.ledger(limit_type, "operation_type, delta_value")
        assert sum(delta for kind, delta in ledger if kind == "CONSUME") == 160
        assert sum(delta for kind, delta in ledger if kind == "ADJUST") == 0
        resets = [
            row
            for row in quota.ledger(limit_type, "operation_type, period_start")
            if row[0] == "RESET"
        ]
        assert len(resets) == len(set(resets)), "exactly one RESET for each period"


def test_defining_a_tenant_a_quota_and_consuming_at_once_do_not_deadlock(quota: Quota) -> None:
    # Three lock the tenant's row and quotas' rows: the tenant comes first for all of them.
    quota.define_tenant()
    quota.define("MONTHLY", 10)
    other_type = Quota(quota.connect, quota.tenant_id, "OTHER")
    other_type.define("MONTHLY", 10)
    consumer, definer, renamer = quota.connect(autocommit=False), quota.connect(), quota.connect()
    other_type.consume(1, on=consumer)  # shares the tenant's row until it commits

    def rename() -> str:
        arguments = (quota.tenant_id, "another name", None, None)
        return str(call(renamer, "define_tenant", *arguments).status)

    def redefine() -> str:
        arguments = (quota.tenant_id, quota.quota_type, "MONTHLY", 20, None, None)
        return str(call(definer, "define_quota", *arguments).status)

    with ThreadPoolExecutor(2) as pool:
        renaming = pool.submit(rename)
        assert wait_until(lambda: waiting(quota, renamer))
        redefining = pool.submit(redefine)
        assert wait_until(lambda: waiting(quota, definer))
        assert quota.consume(1, on=consumer).status == "GRANTED"
        consumer.commit()
        assert (renaming.result(30), redefining.result(30)) == ("CHANGED", "CHANGED")
