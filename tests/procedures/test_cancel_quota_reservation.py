"""cancel_quota_reservation: all that is held comes back, once, into the period it was held in."""

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
    reserve,
    reserve_at,
    settle_at,
)
from tests.helpers.support import Quota, at_once, call, state_of


def test_all_that_is_held_comes_back(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10, used=5)
    hold = reserve(quota, 4, "k")
    answer = cancel(quota, hold)
    assert (answer.success, answer.status, answer.limit_type) == (1, "CANCELLED", "MONTHLY")
    assert (answer.used_count, answer.remaining, answer.transaction) == (5, 5, "OWN")
    assert quota.ledger(columns="operation_type, delta_value, current_used, biz_id")[1:] == [
        *(("CONSUME", 4, 9, "k"), ("CANCEL", -4, 5, "k")),
    ]
    assert holds(quota) == ["CANCELLED"]


def test_the_answer_has_the_columns_of_the_contract_in_their_order(quota: Quota) -> None:
    quota.define()
    assert list(vars(cancel(quota, reserve(quota)))) == [
        *("success", "status", "quota_id", "limit_type", "hard_limit", "used_count", "remaining"),
        *("next_reset_time", "retry_after_ms", "transaction", "reservation_id"),
    ]


def test_every_limit_and_ancestor_gets_it_back(quota: Quota) -> None:
    child = quota.child()
    for each in (quota, child):
        for limit_type in ("DAILY", "TOTAL"):
            each.define(limit_type, hard_limit=10)
    cancel(child, reserve(child, 6, "k"))
    for each in (quota, child):
        assert holds(each) == ["CANCELLED"] * 2
        assert each.ledger("DAILY") == each.ledger("TOTAL") == [6, -6]
        assert each.used("DAILY") == each.used("TOTAL") == 0


def test_again_is_replayed_and_gives_nothing_more_back(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10, used=5)
    hold = reserve(quota, 4, "k")
    cancel(quota, hold)
    answer = cancel(quota, hold)
    assert (answer.success, answer.status, answer.used_count) == (1, "REPLAYED", 5)
    assert quota.used() == 5


def test_what_was_confirmed_is_not_cancelled(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    hold = reserve(quota, 4, "k")
    confirm(quota, hold, 3)
    answer = cancel(quota, hold)
    assert (answer.success, answer.status, answer.used_count) == (0, "CONFIRMED", 3)
    assert quota.ledger() == [4, -1]


def test_what_has_lapsed_is_told_so_and_comes_back(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    hold = reserve(quota, 4, "k")
    lapse(quota)
    for _ in range(2):
        answer = cancel(quota, hold)
        assert (answer.success, answer.status, answer.used_count) == (0, "EXPIRED", 0)
    assert quota.ledger(columns="operation_type, delta_value") == [("CONSUME", 4), ("EXPIRE", -4)]


def test_no_such_reservation(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=3)
    for name in ("5b8a7c1e-0000-4000-8000-000000000000", lease(quota).lease_id):
        answer = cancel(quota, SimpleNamespace(reservation_id=name))
        assert (answer.success, answer.status, answer.quota_id) == (0, "NOT_FOUND", None)
    assert (holds(quota), quota.used("CONCURRENT")) == (["HELD"], 1)


def test_what_was_held_in_a_closed_period_goes_back_into_it(quota: Quota) -> None:
    in_utc(quota)
    hold = reserve_at(quota, "2030-05-31 23:59:00", 8, "k", ttl=86400)
    quota.consume_at("2030-06-01 00:00:30", 2, "june")
    assert settle_at(quota, "2030-06-01 00:01:00", "CANCEL", hold).used_count == 2
    may, june = "2030-05-01 00:00:00", "2030-06-01 00:00:00"
    assert (period_use(quota, may), period_use(quota, june)) == (0, 2)
    quota.assert_adds_up()


def test_the_callers_rollback_leaves_it_held(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    hold = reserve(quota, 4, "k")
    session = quota.connect(autocommit=False)
    assert cancel(quota, hold, on=session).transaction == "JOINED"
    session.rollback()
    assert (quota.used(), holds(quota)) == (4, ["HELD"])
    assert confirm(quota, hold).status == "CONFIRMED"


def test_16_connections_at_once_cancel_it_once(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=100, used=50)
    hold = reserve(quota, 9, "k")
    connections = [quota.connect() for _ in range(16)]
    answers = at_once(16, lambda n: cancel(quota, hold, on=connections[n]))
    assert sorted(each.status for each in answers) == ["CANCELLED"] + ["REPLAYED"] * 15
    assert quota.ledger() == [50, 9, -9]
    quota.assert_adds_up()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (None, "p_reservation_id is NULL"),
        ("", "p_reservation_id is blank"),
        ("x" * 37, "p_reservation_id is longer than 36 characters"),
    ],
)
def test_bad_arguments_are_refused(quota: Quota, name: str | None, why: str) -> None:
    with pytest.raises(pymysql.err.MySQLError, match=why) as caught:
        call(quota.connection, "cancel_quota_reservation", name)
    assert state_of(caught.value) == ("45001", "invalid_argument")
