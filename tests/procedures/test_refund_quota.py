"""refund_quota: once per refund id, never more than was consumed, into the period it came from."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pymysql
import pytest

from tests.helpers.holds import (
    cancel,
    confirm,
    in_utc,
    lapse,
    period_use,
    refund,
    refund_at,
    reserve,
    reserve_at,
    settle_at,
)
from tests.helpers.support import Quota, at_once, call, rows, state_of, value

MAY, JUNE = "2030-05-01 00:00:00", "2030-06-01 00:00:00"


def test_a_consumption_is_given_back_and_written_down(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10, used=1)
    quota.consume(4, key="k", product="app_mall")
    answer = refund(quota, "k", "r1")
    assert (answer.success, answer.status, answer.limit_type) == (1, "GRANTED", "MONTHLY")
    assert (answer.hard_limit, answer.used_count, answer.remaining) == (10, 1, 9)
    assert (answer.transaction, answer.retry_after_ms) == ("OWN", None)
    assert quota.used() == 1
    columns = "operation_type, delta_value, current_used, biz_id, product_code, refund_id"
    assert quota.ledger(columns=columns)[2:] == [("REFUND", -4, 1, "k", "app_mall", "r1")]
    ((consumed,), (refunded,)) = rows(
        quota.connection,
        "SELECT period_start FROM quota_usage_records WHERE tenant_id = %s AND biz_id = 'k'",
        quota.tenant_id,
    )
    assert consumed == refunded


def test_the_answer_has_the_columns_of_the_contract_in_their_order(quota: Quota) -> None:
    quota.define()
    quota.consume(1, key="k")
    assert list(vars(refund(quota, "k", "r"))) == [
        *("success", "status", "quota_id", "limit_type", "hard_limit", "used_count", "remaining"),
        *("next_reset_time", "retry_after_ms", "transaction"),
    ]


def test_parts_add_up_to_the_whole_and_not_a_unit_more(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=100)
    quota.consume(10, key="k")
    assert refund(quota, "k", "r1", 3).used_count == 7
    assert refund(quota, "k", "r2", 4).used_count == 3
    denied = refund(quota, "k", "r3", 4)
    assert (denied.success, denied.status, denied.remaining) == (0, "EXCEEDED", 3)
    assert refund(quota, "k", "r3", None).status == "GRANTED", "a denial does not use its id up"
    for amount in (1, None):
        nothing = refund(quota, "k", "r4", amount)
        assert (nothing.success, nothing.status, nothing.remaining) == (0, "EXCEEDED", 0)
    assert quota.ledger() == [10, -3, -4, -3]
    quota.assert_adds_up()


def test_the_same_refund_id_again_changes_nothing(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=100)
    quota.consume(10, key="k")
    refund(quota, "k", "r1", 3)
    for amount in (3, None):
        again = refund(quota, "k", "r1", amount)
        assert (again.success, again.status, again.used_count) == (1, "REPLAYED", 7)
    refund(quota, "k", "all")
    assert refund(quota, "k", "all").status == "REPLAYED", "also when nothing is left"
    assert quota.ledger() == [10, -3, -7]


def test_the_same_refund_id_for_another_amount_is_refused(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=100)
    quota.consume(10, key="k")
    refund(quota, "k", "r1", 3)
    with pytest.raises(pymysql.err.MySQLError) as caught:
        refund(quota, "k", "r1", 4)
    assert state_of(caught.value) == ("45002", "key_reused")
    assert quota.ledger() == [10, -3]


def test_a_refund_id_belongs_to_its_consumption(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=100)
    quota.consume(10, key="k1")
    quota.consume(20, key="k2")
    assert [refund(quota, k, "r").status for k in ("k1", "k2")] == ["GRANTED"] * 2
    assert quota.used() == 0


def test_a_refunded_key_stays_used(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=100)
    quota.consume(10, key="k")
    refund(quota, "k", "r")
    assert quota.consume(10, key="k").status == "REPLAYED"
    assert quota.used() == 0


def test_what_was_never_consumed_is_not_found(quota: Quota) -> None:
    child = quota.child()
    quota.define("MONTHLY", hard_limit=5)
    child.consume(1, key="k")
    quota.consume(9, key="denied")
    nobody = quota.sibling()
    other_type = Quota(quota.connect, quota.tenant_id, "OTHER")
    other_type.define()
    for who, key in ((quota, "k"), (quota, "denied"), (nobody, "k"), (other_type, "k")):
        answer = refund(who, key, "r")
        assert (answer.success, answer.status) == (0, "NOT_FOUND"), (who.quota_type, key)
    assert quota.ledger() == [1]


def test_rate_tokens_flow_back_by_themselves_and_are_not_refunded(quota: Quota) -> None:
    quota.define("RATE", hard_limit=5, refill_per_second=0.0001)
    quota.define("TOTAL", hard_limit=5)
    quota.consume(3, key="k")
    assert refund(quota, "k", "r").status == "GRANTED"
    assert (quota.used("RATE"), quota.used("TOTAL")) == (3, 0)


def test_every_limit_and_ancestor_that_was_charged_gets_it_back(quota: Quota) -> None:
    child = quota.child()
    grandchild = child.child("g")
    for limit_type in ("DAILY", "MONTHLY", "TOTAL"):
        quota.define(limit_type, hard_limit=10)
        grandchild.define(limit_type, hard_limit=100)
    grandchild.consume(7, key="k")
    answer = refund(grandchild, "k", "r", 4)
    assert (answer.hard_limit, answer.used_count, answer.remaining) == (10, 3, 7), "the tightest"
    for limit_type in ("DAILY", "MONTHLY", "TOTAL"):
        for each in (quota, grandchild):
            assert each.ledger(limit_type) == [7, -4]
        quota.assert_adds_up([limit_type])
        grandchild.assert_adds_up([limit_type])


def test_limits_defined_since_then_were_not_charged_and_get_nothing(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    quota.consume(4, key="k")
    quota.define("DAILY", hard_limit=10)
    quota.consume(5, key="k2")
    assert refund(quota, "k", "r").status == "GRANTED"
    assert (quota.used("DAILY"), quota.used()) == (5, 5)


def test_siblings_with_the_same_key_get_back_what_each_consumed(quota: Quota) -> None:
    one, two = quota.child("1"), quota.child("2")
    quota.define("MONTHLY", hard_limit=20)
    one.consume(1, key="k")
    two.consume(2, key="k")
    quota.consume(4, key="k")
    assert refund(two, "k", "r").used_count == 5
    assert refund(two, "k", "r2").status == "EXCEEDED"
    assert refund(one, "k", "r").used_count == 4
    assert refund(quota, "k", "r").used_count == 0
    quota.assert_adds_up()


def test_a_suspended_tenant_still_gets_back_what_it_consumed(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    quota.consume(4, key="k")
    quota.suspend()
    assert refund(quota, "k", "r").status == "GRANTED"
    assert quota.used() == 0


def test_a_shadow_limits_use_comes_down_too(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=2, enforcement="SHADOW")
    quota.consume(7, key="k")
    assert refund(quota, "k", "r", 6).status == "GRANTED"
    assert quota.used() == 1
    quota.assert_adds_up()


# Periods


def test_a_refund_into_a_closed_period_leaves_the_new_periods_use_alone(quota: Quota) -> None:
    in_utc(quota)
    quota.consume_at("2030-05-10 12:00:00", 5, "may")
    quota.consume_at("2030-06-02 12:00:00", 3, "june")
    answer = refund_at(quota, "2030-06-03 12:00:00", "may", "r1", 2)
    assert (answer.status, answer.used_count) == ("GRANTED", 3)
    assert quota.used() == 3
    may, june = datetime(2030, 5, 1), datetime(2030, 6, 1)
    assert quota.ledger(columns="operation_type, delta_value, period_start, refund_id") == [
        *(("CONSUME", 5, may, ""), ("RESET", -5, may, ""), ("CONSUME", 3, june, "")),
        *(("REFUND", -2, may, "r1"), ("RESET", 2, may, "")),
    ]
    assert (period_use(quota, MAY), period_use(quota, JUNE)) == (3, 3)
    quota.assert_adds_up()
    assert refund_at(quota, "2030-07-03 12:00:00", "may", "r2").status == "GRANTED"
    assert refund_at(quota, "2030-07-03 12:00:00", "may", "r3").status == "EXCEEDED"
    assert (period_use(quota, MAY), period_use(quota, JUNE), quota.used()) == (0, 3, 0)
    quota.assert_adds_up()


def test_whoever_refunds_first_after_the_boundary_closes_the_period(quota: Quota) -> None:
    in_utc(quota)
    quota.consume_at("2030-05-10 12:00:00", 5, "k")
    assert refund_at(quota, "2030-06-01 00:00:00", "k", "r", 5).used_count == 0
    assert quota.ledger(columns="operation_type, delta_value") == [
        *(("CONSUME", 5), ("RESET", -5), ("REFUND", -5), ("RESET", 5)),
    ]
    assert str(quota.column("next_reset_time")) == "2030-07-01 00:00:00"
    assert period_use(quota, MAY) == 0
    quota.assert_adds_up()


def test_the_last_moment_of_a_period_is_in_it(quota: Quota) -> None:
    in_utc(quota)
    quota.consume_at("2030-05-10 12:00:00", 5, "k")
    assert refund_at(quota, "2030-05-31 23:59:59.999999", "k", "r").used_count == 0
    assert quota.ledger() == [5, -5]


def test_each_limit_decides_by_its_own_period(quota: Quota) -> None:
    in_utc(quota, "DAILY", "MONTHLY", "TOTAL")
    quota.consume_at("2030-05-10 12:00:00", 5, "k")
    quota.consume_at("2030-05-11 12:00:00", 1, "k2")
    refund_at(quota, "2030-05-11 13:00:00", "k", "r")
    assert [quota.used(t) for t in ("DAILY", "MONTHLY", "TOTAL")] == [1, 1, 1]
    quota.assert_adds_up(["DAILY", "MONTHLY", "TOTAL"])
    quota.consume_at("2030-07-11 12:00:00", 1, "k3")
    refund_at(quota, "2030-07-11 13:00:00", "k2", "r")
    assert [quota.used(t) for t in ("DAILY", "MONTHLY", "TOTAL")] == [1, 1, 1]
    quota.assert_adds_up(["DAILY", "MONTHLY", "TOTAL"])


def test_what_was_used_before_a_reset_by_hand_does_not_lower_the_use_since(quota: Quota) -> None:
    in_utc(quota)
    quota.consume_at("2030-05-10 12:00:00", 5, "before")
    quota.set(used_count=0, reset_time="2030-05-15 00:00:00")  # scenario 3, in mid-period
    quota.consume_at("2030-05-16 12:00:00", 4, "after")
    assert refund_at(quota, "2030-05-17 12:00:00", "before", "r").used_count == 4
    assert refund_at(quota, "2030-05-17 12:00:00", "after", "r").used_count == 0


def test_scenario_2s_row_is_refunded_by_its_time(quota: Quota) -> None:
    in_utc(quota)
    quota.consume_at("2030-05-10 12:00:00", 1, "k0")
    statement = (
        "INSERT INTO quota_usage_records (quota_id, tenant_id, operation_type, delta_value,"
        " current_used, biz_id, biz_type, created_at)"
        " VALUES (%s, %s, 'CONSUME', 1, %s, %s, 'ORDER', %s)"
    )
    whose = (quota.column("quota_id"), quota.tenant_id)
    for number in (1, 2):
        quota.set(used_count=1 + number)
        rows(quota.connection, statement, *whose, 1 + number, f"k{number}", "2030-05-10 13:00:00")
    assert refund_at(quota, "2030-05-20 12:00:00", "k1", "r").used_count == 2
    quota.assert_adds_up()
    quota.consume_at("2030-06-20 12:00:00", 6, "june")
    assert refund_at(quota, "2030-06-20 12:00:00", "k2", "r").used_count == 6
    quota.assert_adds_up()


# Reservations


def test_a_confirmed_reservation_is_refunded_up_to_what_was_confirmed(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    hold = reserve(quota, 8, "k")
    assert refund(quota, "k", "r").status == "NOT_FOUND", "held: cancel it"
    confirm(quota, hold, 6)
    assert refund(quota, "k", "r", 7).remaining == 6
    assert refund(quota, "k", "r", 4).used_count == 2
    assert refund(quota, "k", "r2").used_count == 0
    assert quota.ledger() == [8, -2, -4, -2]
    assert quota.ledger(columns="reservation_id") == [hold.reservation_id] * 4


@pytest.mark.parametrize("end", ["cancelled", "lapsed"])
def test_a_reservation_that_was_not_confirmed_is_not_found(quota: Quota, end: str) -> None:
    quota.define("MONTHLY", hard_limit=10)
    hold = reserve(quota, 8, "k")
    if end == "lapsed":
        lapse(quota)
    cancel(quota, hold)
    assert refund(quota, "k", "r").status == "NOT_FOUND"
    assert (quota.used(), quota.ledger()) == (0, [8, -8])


# Ancestors that changed


def test_a_period_that_was_closed_at_its_very_boundary_is_closed(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    quota.define("DAILY", hard_limit=10)
    quota.set("DAILY", period_anchor=None, next_reset_time=None)
    quota.consume_at("2030-05-17 12:00:00", 4, key="k")
    quota.consume_at("2030-05-18 00:00:00", 3)
    assert refund_at(quota, "2030-05-18 01:00:00", "k", "r", 2).status == "GRANTED"
    assert quota.used("DAILY") == 3
    quota.assert_adds_up(["DAILY"])


@pytest.mark.parametrize("has_own_limit", [True, False])
def test_after_re_parenting_the_parent_that_was_charged_gets_it_back(
    quota: Quota, has_own_limit: bool
) -> None:
    new_parent = quota.sibling("n")
    new_parent.define_tenant()
    child = quota.child()
    limits = [quota, new_parent] + [child] * has_own_limit
    for each in limits:
        each.define("MONTHLY", hard_limit=10)
    child.consume(4, key="k")
    child.define_tenant(parent=new_parent.tenant_id)
    child.consume(1, key="k2")
    assert refund(child, "k", "r", 3).status == "GRANTED"
    assert [each.used() for each in limits] == [1, 1, 2][: len(limits)]
    assert refund(child, "k", "r", 3).status == "REPLAYED"
    assert refund(child, "k", "r2", 2).remaining == 1
    assert refund(child, "k2", "r").status == "GRANTED"
    assert [each.used() for each in limits] == [1, 0, 1][: len(limits)]
    for each in limits:
        each.assert_adds_up()


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_refund_reaches_the_former_parents_of_former_parents(
    quota: Quota, autocommit: bool
) -> None:
    grandparent, parent = quota, quota.child("p")
    child = parent.child("c")
    for each in (grandparent, parent, child):
        each.define("MONTHLY", hard_limit=10)
    session = quota.connect(autocommit=autocommit)
    if not autocommit:
        session.cursor().execute("SELECT 1 FROM tenants")  # a snapshot from before all changes
    child.consume(4, key="k")
    child.define_tenant()
    parent.define_tenant()
    grandparent.define_tenant(parent=child.tenant_id)  # who was above is below
    assert refund(child, "k", "r", on=session).status == "GRANTED"
    session.commit()
    assert [each.used() for each in (grandparent, parent, child)] == [0, 0, 0]
    grandparent.consume(2, key="k")
    assert [each.used() for each in (grandparent, parent, child)] == [2, 0, 2]
    assert refund(grandparent, "k", "r").status == "GRANTED"
    assert [each.used() for each in (grandparent, parent, child)] == [0, 0, 0]


def test_a_refund_counts_where_the_wall_clock_shows_an_hour_twice(quota: Quota) -> None:
    quota.define_tenant(zone="America/New_York")
    quota.define("HOURLY", hard_limit=10)
    quota.consume_at("2030-11-03 05:50:00", 3, key="first")  # 01:50, and an hour later
    quota.consume_at("2030-11-03 06:10:00", 3, key="again")  # 01:10 is written down as reset_time
    assert refund_at(quota, "2030-11-03 06:11:00", "again", "r").status == "GRANTED"
    assert quota.used("HOURLY") == 3
    quota.assert_adds_up(["HOURLY"])


def test_a_refund_counts_after_the_zone_moved_west(quota: Quota) -> None:
    quota.define_tenant(zone="+08:00")
    quota.define("MONTHLY", hard_limit=10)
    quota.consume_at("2031-03-05 12:00:00", 3, key="k")  # closes the period before, late
    quota.define_tenant(zone="-08:00")
    assert str(quota.column("reset_time")) == "2031-03-05 04:00:00"
    assert refund_at(quota, "2031-03-05 12:01:00", "k", "r").status == "GRANTED"
    assert quota.used() == 0
    quota.assert_adds_up()


@pytest.mark.parametrize("what", ["refund", "cancel"])
def test_what_is_given_back_counts_after_the_clock_stepped_back(quota: Quota, what: str) -> None:
    """A period that was closed late has a reset_time after its start; only the label decides."""
    in_utc(quota)
    quota.consume_at("2030-05-10 12:00:00", 5, "may")
    quota.consume_at("2030-06-01 00:00:30", 2, "june")  # closes May, late
    if what == "refund":
        quota.consume_at("2030-06-01 00:00:25", 3, "k")  # five seconds back
        assert refund_at(quota, "2030-06-01 00:01:00", "k", "r").status == "GRANTED"
    else:
        held = reserve_at(quota, "2030-06-01 00:00:25", 3)
        assert settle_at(quota, "2030-06-01 00:01:00", "CANCEL", held).status == "CANCELLED"
    assert quota.used() == 2
    quota.assert_adds_up()


# Transactions


def test_the_callers_rollback_takes_the_refund_back(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    quota.consume(4, key="k")
    session = quota.connect(autocommit=False)
    assert refund(quota, "k", "r", on=session).transaction == "JOINED"
    session.rollback()
    assert (quota.used(), quota.ledger()) == (4, [4])
    assert refund(quota, "k", "r", on=session).status == "GRANTED"
    session.commit()
    assert (quota.used(), quota.ledger()) == (0, [4, -4])


def test_a_consumption_of_the_same_transaction_is_refunded_in_it(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    session = quota.connect(autocommit=False)
    quota.consume(4, key="k", on=session)
    assert refund(quota, "k", "r", on=session).status == "GRANTED"
    assert refund(quota, "k", "r", on=session).status == "REPLAYED"
    session.commit()
    assert quota.ledger() == [4, -4]


def test_an_old_snapshot_hides_no_consumption_and_no_refund(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    session = quota.connect(autocommit=False)
    value(session, "SELECT COUNT(*) FROM quota_usage_records")
    quota.consume(4, key="k")
    refund(quota, "k", "r1", 3)
    assert refund(quota, "k", "r1", 3, on=session).status == "REPLAYED"
    assert refund(quota, "k", "r2", 2, on=session).remaining == 1
    assert refund(quota, "k", "r2", on=session).status == "GRANTED"
    session.commit()
    assert quota.ledger() == [4, -3, -1]


def test_what_is_not_found_in_a_transaction_does_not_hold_up_other_tenants(quota: Quota) -> None:
    quota.define("MONTHLY", 5)
    neighbour = quota.sibling()
    neighbour.define("MONTHLY", 5)
    session = quota.connect(autocommit=False)
    assert refund(quota, "zzz", "r", on=session).status == "NOT_FOUND"
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert neighbour.consume(1, key="aaa").status == "GRANTED"
    session.rollback()


# Many at once


@pytest.mark.parametrize("in_transactions", [False, True])
def test_one_refund_id_from_16_connections_at_once_is_refunded_once(
    quota: Quota, in_transactions: bool
) -> None:
    child = quota.child()
    for each in (quota, child):
        each.define("MONTHLY", hard_limit=100)
    child.consume(50, key="k")
    connections = [quota.connect(autocommit=not in_transactions) for _ in range(16)]

    def work(number: int) -> str:
        if in_transactions:
            value(connections[number], "SELECT COUNT(*) FROM quota_usage_records")
        status = str(refund(child, "k", "the-one", 7, on=connections[number]).status)
        connections[number].commit()
        return status

    assert sorted(at_once(16, work)) == ["GRANTED"] + ["REPLAYED"] * 15
    assert quota.ledger() == child.ledger() == [50, -7]
    assert quota.used() == child.used() == 43


def test_16_refunds_at_once_never_add_up_to_more_than_was_consumed(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=100)
    quota.define("TOTAL", hard_limit=100)
    quota.consume(50, key="other")
    quota.consume(10, key="k")
    connections = [quota.connect() for _ in range(16)]
    answers = at_once(16, lambda n: refund(quota, "k", f"r{n}", 3, on=connections[n]))
    statuses = sorted(each.status for each in answers)
    assert statuses == ["EXCEEDED"] * 13 + ["GRANTED"] * 3
    assert {each.remaining for each in answers if not each.success} == {1}
    assert quota.used() == quota.used("TOTAL") == 51
    quota.assert_adds_up(["MONTHLY", "TOTAL"])


def test_refunds_and_consumptions_at_once_keep_the_ledger_exact(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=40)
    connections = [quota.connect() for _ in range(16)]

    def work(number: int) -> None:
        mine = connections[number]
        for turn in range(6):
            key = f"{number}-{turn}"
            if quota.consume(4, key=key, on=mine).success:
                assert refund(quota, key, "r", 3, on=mine).status == "GRANTED"

    at_once(16, work)
    quota.assert_adds_up()
    running = quota.ledger(columns="delta_value, current_used")
    assert all(0 <= used <= 40 for _, used in running)
    assert all(after == before + delta for (_, before), (delta, after) in pairwise(running))


BAD = [
    # tenant, type, amount, biz type, biz id, refund id, message
    ((None, "U", 1, "ORDER", "k", "r"), "p_tenant_id is NULL"),
    (("x" * 65, "U", 1, "ORDER", "k", "r"), "p_tenant_id is longer than 64 characters"),
    (("T", None, 1, "ORDER", "k", "r"), "p_quota_type is NULL"),
    (("T", "U", 0, "ORDER", "k", "r"), "p_amount must be at least 1, not 0"),
    (("T", "U", -1, "ORDER", "k", "r"), "p_amount must be at least 1, not -1"),
    (("T", "U", 1, None, "k", "r"), "p_biz_type is NULL"),
    (("T", "U", 1, "ORDER", None, "r"), "p_biz_id is NULL"),
    (("T", "U", 1, "ORDER", "", "r"), "p_biz_id is blank"),
    (("T", "U", 1, "ORDER", "x" * 129, "r"), "p_biz_id is longer than 128 characters"),
    (("T", "U", 1, "ORDER", "k", None), "p_refund_id is NULL"),
    (("T", "U", 1, "ORDER", "k", "x" * 65), "p_refund_id is longer than 64 characters"),
]


@pytest.mark.parametrize(("arguments", "why"), BAD)
def test_bad_arguments_are_refused_and_change_nothing(
    quota: Quota, arguments: tuple[object, ...], why: str
) -> None:
    quota.define("MONTHLY", 10)
    quota.consume(2, key="k")
    names: dict[object, object] = {"T": quota.tenant_id, "U": quota.quota_type}
    with pytest.raises(pymysql.err.MySQLError, match=why) as caught:
        call(quota.connection, "refund_quota", *(names.get(each, each) for each in arguments))
    assert state_of(caught.value) == ("45001", "invalid_argument")
    assert quota.ledger() == [2]
