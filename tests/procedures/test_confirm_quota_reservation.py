"""confirm_quota_reservation: of confirming, cancelling and lapsing one wins; the rest comes back."""

from __future__ import annotations

from types import SimpleNamespace

import pymysql
import pytest

from tests.helpers.holds import (
    cancel,
    confirm,
    holds,
    in_utc,
    lapse,
    lease,
    period_use,
    refund_at,
    reserve,
    reserve_at,
    settle_at,
    sweep_at,
)
from tests.helpers.support import Quota, at_once, call, state_of, value

LEDGER = "operation_type, delta_value, current_used"


def test_all_that_was_held_is_kept(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    hold = reserve(quota, 4, "k")
    answer = confirm(quota, hold)
    assert (answer.success, answer.status, answer.limit_type) == (1, "CONFIRMED", "MONTHLY")
    assert (answer.used_count, answer.remaining, answer.transaction) == (4, 6, "OWN")
    assert answer.reservation_id == hold.reservation_id
    assert quota.ledger(columns=LEDGER) == [("CONSUME", 4, 4), ("CONFIRM", 0, 4)]
    assert holds(quota, "status, confirmed_amount") == [("CONFIRMED", 4)]


def test_the_answer_has_the_columns_of_the_contract_in_their_order(quota: Quota) -> None:
    quota.define()
    assert list(vars(confirm(quota, reserve(quota)))) == [
        *("success", "status", "quota_id", "limit_type", "hard_limit", "used_count", "remaining"),
        *("next_reset_time", "retry_after_ms", "transaction", "reservation_id"),
    ]


def test_confirming_less_gives_the_rest_back(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10, used=5)
    hold = reserve(quota, 4, "k")
    answer = confirm(quota, hold, 1)
    assert (answer.status, answer.used_count, answer.remaining) == ("CONFIRMED", 6, 4)
    assert quota.ledger(columns=LEDGER)[1:] == [("CONSUME", 4, 9), ("CONFIRM", -3, 6)]
    assert holds(quota, "status, amount, confirmed_amount") == [("CONFIRMED", 4, 1)]
    quota.assert_adds_up()


def test_of_every_limit_and_ancestor(quota: Quota) -> None:
    child = quota.child()
    for each in (quota, child):
        for limit_type in ("DAILY", "TOTAL"):
            each.define(limit_type, hard_limit=10)
    confirm(child, reserve(child, 6, "k"), 2)
    for each in (quota, child):
        assert holds(each) == ["CONFIRMED"] * 2
        assert each.ledger("DAILY") == each.ledger("TOTAL") == [6, -4]
        assert each.used("DAILY") == each.used("TOTAL") == 2


def test_the_same_again_is_replayed(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    whole, part = reserve(quota, 4, "k"), reserve(quota, 4, "k2")
    confirm(quota, whole)
    confirm(quota, part, 3)
    for hold, amount in ((whole, None), (whole, 4), (part, 3)):
        answer = confirm(quota, hold, amount)
        assert (answer.success, answer.status, answer.used_count) == (1, "REPLAYED", 7)
    assert quota.ledger() == [4, 4, 0, -1]


@pytest.mark.parametrize(("first", "second"), [(None, 3), (3, None), (3, 2), (3, 4), (2, 9)])
def test_again_with_another_amount_is_refused(
    quota: Quota, first: int | None, second: int | None
) -> None:
    quota.define("MONTHLY", hard_limit=10)
    hold = reserve(quota, 4, "k")
    confirm(quota, hold, first)
    with pytest.raises(pymysql.err.MySQLError) as caught:
        confirm(quota, hold, second)
    assert state_of(caught.value) == ("45002", "key_reused")
    assert quota.used() == (first or 4)


def test_more_than_is_held_is_refused_and_stays_held(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    hold = reserve(quota, 4, "k")
    with pytest.raises(pymysql.err.MySQLError, match="more than the reservation holds") as caught:
        confirm(quota, hold, 5)
    assert state_of(caught.value) == ("45001", "invalid_argument")
    assert (holds(quota), quota.used()) == (["HELD"], 4)
    assert confirm(quota, hold, 4).status == "CONFIRMED"


def test_what_was_cancelled_stays_cancelled(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    hold = reserve(quota, 4, "k")
    cancel(quota, hold)
    for amount in (None, 9):
        answer = confirm(quota, hold, amount)
        assert (answer.success, answer.status, answer.used_count) == (0, "CANCELLED", 0)
    assert quota.ledger() == [4, -4]


def test_what_has_lapsed_comes_back_and_cannot_be_confirmed(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    hold = reserve(quota, 4, "k")
    lapse(quota)
    for _ in range(2):
        answer = confirm(quota, hold)
        assert (answer.success, answer.status, answer.used_count) == (0, "EXPIRED", 0)
    assert quota.ledger(columns=LEDGER) == [("CONSUME", 4, 4), ("EXPIRE", -4, 0)]
    assert holds(quota) == ["EXPIRED"]


def test_until_its_time_and_not_at_it(quota: Quota) -> None:
    in_utc(quota)
    first = reserve_at(quota, "2030-05-10 12:00:00", 1, "k1", ttl=60)
    second = reserve_at(quota, "2030-05-10 12:00:00", 1, "k2", ttl=60)
    last_moment, its_time = "2030-05-10 12:00:59.999999", "2030-05-10 12:01:00"
    assert settle_at(quota, last_moment, "CONFIRM", first).status == "CONFIRMED"
    assert settle_at(quota, its_time, "CONFIRM", second).status == "EXPIRED"
    assert quota.used() == 1


def test_what_one_limit_gave_back_when_it_lapsed_is_given_back_by_all(quota: Quota) -> None:
    quota.define("DAILY", hard_limit=4)
    quota.define("TOTAL", hard_limit=100)
    hold = reserve(quota, 4, "k")
    lapse(quota)
    quota.consume(3)  # only DAILY would have denied
    assert sorted(holds(quota)) == ["EXPIRED", "HELD"]
    assert confirm(quota, hold).status == "EXPIRED"
    assert holds(quota) == ["EXPIRED"] * 2
    assert (quota.used("DAILY"), quota.used("TOTAL")) == (3, 3)
    quota.assert_adds_up(["DAILY", "TOTAL"])


def test_no_such_reservation(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=3)
    held = lease(quota)
    for name in ("5b8a7c1e-0000-4000-8000-000000000000", "x", held.lease_id):
        answer = confirm(quota, SimpleNamespace(reservation_id=name))
        assert (answer.success, answer.status, answer.quota_id) == (0, "NOT_FOUND", None)
    assert holds(quota) == ["HELD"], "a lease is not a reservation"


def test_a_suspended_tenant_settles_what_it_holds(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    hold = reserve(quota, 4, "k")
    quota.suspend()
    assert confirm(quota, hold, 1).status == "CONFIRMED"
    assert quota.used() == 1


def test_a_reservation_that_outlives_its_period_is_settled_in_it(quota: Quota) -> None:
    in_utc(quota, "MONTHLY", "TOTAL")
    hold = reserve_at(quota, "2030-05-31 23:59:00", 8, "k", ttl=86400)
    quota.consume_at("2030-06-01 00:00:30", 2, "june")
    answer = settle_at(quota, "2030-06-01 00:01:00", "CONFIRM", hold, 5)
    assert answer.status == "CONFIRMED"
    assert (quota.used(), quota.used("TOTAL")) == (2, 7)
    may, june = "2030-05-01 00:00:00", "2030-06-01 00:00:00"
    assert (period_use(quota, may), period_use(quota, june)) == (5, 2)
    assert [row[:2] for row in quota.ledger(columns=LEDGER)] == [
        *(("CONSUME", 8), ("RESET", -8), ("CONSUME", 2), ("CONFIRM", -3), ("RESET", 3)),
    ]
    quota.assert_adds_up(["MONTHLY", "TOTAL"])


def test_confirming_first_after_the_boundary_closes_the_period(quota: Quota) -> None:
    in_utc(quota)
    hold = reserve_at(quota, "2030-05-31 23:59:00", 8, "k", ttl=86400)
    assert settle_at(quota, "2030-06-01 00:00:00", "CONFIRM", hold).used_count == 0
    assert [row[:2] for row in quota.ledger(columns=LEDGER)] == [
        *(("CONSUME", 8), ("RESET", -8), ("CONFIRM", 0)),
    ]


def test_a_reservation_of_a_closed_period_is_refunded_into_it(quota: Quota) -> None:
    in_utc(quota)
    hold = reserve_at(quota, "2030-05-31 12:00:00", 8, "k", ttl=7 * 86400)
    settle_at(quota, "2030-06-02 12:00:00", "CONFIRM", hold, 6)
    quota.consume_at("2030-06-02 12:00:00", 3, "june")
    assert refund_at(quota, "2030-06-03 12:00:00", "k", "r").used_count == 3
    may, june = "2030-05-01 00:00:00", "2030-06-01 00:00:00"
    assert (period_use(quota, may), period_use(quota, june)) == (0, 3)
    quota.assert_adds_up()


# Transactions


def test_the_callers_rollback_leaves_it_held(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    hold = reserve(quota, 4, "k")
    session = quota.connect(autocommit=False)
    assert confirm(quota, hold, 1, on=session).transaction == "JOINED"
    session.rollback()
    assert (quota.used(), quota.ledger(), holds(quota)) == (4, [4], ["HELD"])
    assert cancel(quota, hold).status == "CANCELLED"


def test_reserving_and_confirming_in_one_transaction(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    session = quota.connect(autocommit=False)
    hold = reserve(quota, 4, "k", on=session)
    assert confirm(quota, hold, 1, on=session).status == "CONFIRMED"
    session.commit()
    assert (quota.used(), quota.ledger()) == (1, [4, -3])


def test_an_old_snapshot_hides_neither_the_hold_nor_its_end(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    session = quota.connect(autocommit=False)
    value(session, "SELECT COUNT(*) FROM quota_reservations")
    held, cancelled = reserve(quota, 4, "k"), reserve(quota, 3, "k2")
    cancel(quota, cancelled)
    assert confirm(quota, cancelled, on=session).status == "CANCELLED"
    assert confirm(quota, held, on=session).status == "CONFIRMED"
    session.commit()
    assert quota.used() == 4


# Many at once


@pytest.mark.parametrize("turn", range(4))
def test_of_confirming_cancelling_and_lapsing_at_once_exactly_one_wins(
    quota: Quota, turn: int
) -> None:
    child = quota.child()
    for each in (quota, child):
        each.define("TOTAL", hard_limit=100)
    hold = reserve(child, 9, "k", ttl=30)
    lapsed = str(value(quota.connection, "SELECT UTC_TIMESTAMP(6) + INTERVAL 31 SECOND"))
    connections = [quota.connect() for _ in range(16)]

    def work(number: int) -> tuple[str, str]:
        mine, kind = connections[number], ("confirm", "cancel", "sweep")[(number + turn) % 3]
        if kind == "confirm":
            return kind, str(confirm(child, hold, 5, on=mine).status)
        if kind == "cancel":
            return kind, str(cancel(child, hold, on=mine).status)
        return kind, str(sweep_at(quota, lapsed, on=mine))

    told = at_once(16, work)
    ends, units = {*holds(quota), *holds(child)}, {"CONFIRMED": 5, "CANCELLED": 0, "EXPIRED": 0}
    if "EXPIRED" in ends:  # a sweep may have given back one limit's units before the other's
        assert confirm(child, hold, 5).status == "EXPIRED"
        ends = {*holds(quota), *holds(child)}
    (end,) = ends
    winners = {"confirm": "CONFIRMED", "cancel": "CANCELLED"}
    for kind, wins in winners.items():
        statuses = [status for who, status in told if who == kind]
        expected = [end] * len(statuses)
        if end == wins:
            expected = [wins] + ["REPLAYED"] * (len(statuses) - 1)
        assert sorted(statuses) == sorted(expected)
    for each in (quota, child):
        assert each.used("TOTAL") == units[end]
        assert each.ledger("TOTAL") == [9, units[end] - 9]


def test_16_connections_reserve_and_settle_without_losing_a_unit(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=30)
    quota.define("TOTAL", hard_limit=10_000)
    connections = [quota.connect() for _ in range(16)]

    def work(number: int) -> int:
        mine, kept = connections[number], 0
        for turn in range(6):
            hold = reserve(quota, 5, f"{number}-{turn}", on=mine)
            if hold.success and (number + turn) % 3:
                assert confirm(quota, hold, 1, on=mine).status == "CONFIRMED"
                kept += 1
            elif hold.success:
                assert cancel(quota, hold, on=mine).status == "CANCELLED"
        return kept

    kept = sum(at_once(16, work))
    assert quota.used() == quota.used("TOTAL") == kept <= 30
    quota.assert_adds_up(["MONTHLY", "TOTAL"])
    assert all(0 <= used <= 30 for used in quota.ledger(columns="current_used"))


@pytest.mark.parametrize(
    ("name", "amount", "why"),
    [
        (None, None, "p_reservation_id is NULL"),
        (" ", None, "p_reservation_id is blank"),
        ("x" * 37, None, "p_reservation_id is longer than 36 characters"),
        ("x", 0, "p_amount must be at least 1, not 0"),
        ("x", -1, "p_amount must be at least 1, not -1"),
    ],
)
def test_bad_arguments_are_refused(
    quota: Quota, name: str | None, amount: int | None, why: str
) -> None:
    with pytest.raises(pymysql.err.MySQLError, match=why) as caught:
        call(quota.connection, "confirm_quota_reservation", name, amount)
    assert state_of(caught.value) == ("45001", "invalid_argument")
