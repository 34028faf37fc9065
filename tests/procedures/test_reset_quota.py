"""reset_quota: sets one limit's use to 0 in mid-period, and the ledger still adds up."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

import pymysql
import pytest
from pymysql.connections import Connection

from tests.helpers.holds import cancel, refund, reserve
from tests.helpers.support import (
    Quota,
    at_once,
    call,
    no_transaction_is_open,
    state_of,
    with_an_old_snapshot,
)


def reset(
    quota: Quota, limit_type: str = "MONTHLY", on: Connection | None = None
) -> SimpleNamespace:
    who = (quota.tenant_id, quota.quota_type, limit_type)
    return call(on or quota.connection, "reset_quota", *who)


def test_it_answers_with_the_limit_and_what_was_used(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    before = quota.column("next_reset_time")
    answer = reset(quota)
    assert (answer.success, answer.status, answer.limit_type) == (1, "RESET", "MONTHLY")
    assert (answer.hard_limit, answer.used_count, answer.remaining) == (10, 0, 10)
    assert (answer.closed_count, answer.next_reset_time) == (4, before)
    assert (answer.retry_after_ms, answer.transaction) == (None, "OWN")
    assert answer.quota_id == quota.column("quota_id")
    assert (quota.used(), quota.ledger()) == (0, [4, -4])


def test_what_was_used_before_it_can_be_refunded_and_lowers_nothing(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    quota.consume(4, key="before")
    held = call(
        quota.connection, "reserve_quota", quota.tenant_id, quota.quota_type, 3, 60, "O", "h", None
    )
    reset(quota)
    quota.consume(2, key="after")
    refund = call(
        quota.connection,
        "refund_quota",
        *(quota.tenant_id, quota.quota_type, 4, "ORDER", "before", "r"),
    )
    assert refund.status == "GRANTED"
    assert (
        call(quota.connection, "cancel_quota_reservation", held.reservation_id).status
        == "CANCELLED"
    )
    assert quota.used() == 2
    quota.assert_adds_up()


@pytest.mark.parametrize("resets", [1, 2])
def test_what_is_charged_in_the_second_of_a_reset_comes_back(quota: Quota, resets: int) -> None:
    """reset_time holds no fractions of a second; the RESET rows do."""
    quota.define("MONTHLY", 10)
    quota.consume(1, key="before")
    for number in range(resets):
        reset(quota)
        quota.consume(4, key=f"{number}")
        held = reserve(quota, 5)
    lost = refund(quota, "before", "r")
    assert (lost.status, quota.used()) == ("GRANTED", 9)
    assert refund(quota, f"{resets - 1}", "r").status == "GRANTED"
    assert cancel(quota, held).status == "CANCELLED"
    assert quota.used() == 0
    quota.assert_adds_up()


@pytest.mark.parametrize("how", ["refund", "cancel"])
def test_an_old_snapshot_takes_no_reset_for_one_by_hand(quota: Quota, how: str) -> None:
    quota.define("MONTHLY", 10, used=1)
    session = with_an_old_snapshot(quota)
    reset(quota)
    quota.consume(4, key="k")
    held = reserve(quota, 5)
    if how == "refund":
        assert refund(quota, "k", "r", on=session).status == "GRANTED"
    else:
        assert cancel(quota, held, on=session).status == "CANCELLED"
    session.commit()
    assert quota.used() == (5 if how == "refund" else 4)
    quota.assert_adds_up()


def test_its_answer_is_of_now_in_an_old_snapshot_too(quota: Quota) -> None:
    session = with_an_old_snapshot(quota)
    quota.define("MONTHLY", 10, used=7)
    reset(quota)
    answer = reset(quota, on=session)
    session.commit()
    assert (answer.hard_limit, answer.used_count, answer.remaining) == (10, 0, 10)
    assert answer.next_reset_time == quota.column("next_reset_time")


def test_a_lapsed_period_is_closed_first_and_the_new_one_is_empty(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(next_reset_time=datetime(2020, 1, 1))
    answer = reset(quota)
    assert answer.closed_count == 0
    assert answer.next_reset_time == quota.column("next_reset_time") > datetime(2020, 1, 1)
    assert quota.ledger() == [4, -4, 0]


def test_it_takes_back_what_slots_hold(quota: Quota) -> None:
    quota.define("DAILY", 100, used=10, slot_count=2)
    assert quota.used("DAILY") > 10
    assert reset(quota, "DAILY").closed_count == 10
    assert quota.ledger("DAILY") == [10, -10]
    assert quota.lent("DAILY") == 0


def test_resets_and_consumers_at_once_lose_nothing(quota: Quota) -> None:
    quota.define("MONTHLY", 100_000)
    connections = [quota.connect() for _ in range(6)]

    def work(number: int) -> int:
        on = connections[number]
        if number < 4:
            return sum(quota.consume(1, on=on).success for _ in range(50))
        return sum(-reset(quota, on=on).closed_count for _ in range(15))

    left = sum(at_once(6, work))
    assert quota.used() == left
    quota.assert_adds_up()


def test_in_the_callers_transaction_the_caller_decides(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.connection.begin()
    assert reset(quota).transaction == "JOINED"
    quota.connection.rollback()
    assert (quota.used(), quota.ledger()) == (4, [4])


def test_a_limit_that_nobody_defined_is_an_answer(quota: Quota) -> None:
    answer = reset(quota)
    assert (answer.success, answer.status, answer.limit_type) == (0, "NO_QUOTA", "MONTHLY")
    assert (answer.quota_id, answer.used_count, answer.closed_count) == (None, None, None)


@pytest.mark.parametrize("limit_type", ["TOTAL", "RATE", "CONCURRENT", "", None])
def test_an_error_leaves_nothing_behind(quota: Quota, limit_type: str) -> None:
    with pytest.raises(pymysql.err.MySQLError) as caught:
        reset(quota, limit_type)
    assert state_of(caught.value) == ("45001", "invalid_argument")
    assert no_transaction_is_open(quota.connection)
