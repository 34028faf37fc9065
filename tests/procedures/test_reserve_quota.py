"""reserve_quota: held units are used units, until they are confirmed, cancelled or lapse."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pymysql
import pytest

from tests.helpers.holds import (
    cancel,
    confirm,
    holds,
    in_utc,
    lapse,
    period_use,
    reserve,
    reserve_at,
)
from tests.helpers.support import Quota, at_once, call, rows, state_of, value


def test_held_units_count_as_used_at_once(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    before = value(quota.connection, "SELECT UTC_TIMESTAMP(6)")
    answer = reserve(quota, 4, "k", ttl=600, product="app_mall")
    assert (answer.success, answer.status, answer.limit_type) == (1, "GRANTED", "MONTHLY")
    assert (answer.hard_limit, answer.used_count, answer.remaining) == (10, 4, 6)
    assert len(answer.reservation_id) == 36
    assert (
        timedelta(0) <= answer.expires_at - before - timedelta(seconds=600) < timedelta(seconds=10)
    )
    assert quota.used() == 4
    columns = "operation_type, delta_value, biz_id, product_code, reservation_id"
    assert quota.ledger(columns=columns) == [("CONSUME", 4, "k", "app_mall", answer.reservation_id)]
    assert holds(quota, "kind, status, amount, biz_id, expires_at") == [
        ("RESERVATION", "HELD", 4, "k", answer.expires_at)
    ]
    assert quota.consume(7).status == "EXCEEDED"
    assert reserve(quota, 7).status == "EXCEEDED"
    assert quota.consume(6).status == "GRANTED"


def test_the_answer_has_the_columns_of_the_contract_in_their_order(quota: Quota) -> None:
    quota.define()
    assert list(vars(reserve(quota))) == [
        *("success", "status", "quota_id", "limit_type", "hard_limit", "used_count", "remaining"),
        *("next_reset_time", "retry_after_ms", "transaction", "reservation_id", "expires_at"),
        "expires_in_ms",
    ]


def test_the_time_that_is_left_needs_no_clock(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=1)
    assert 800_000 < reserve(quota, ttl=900, key="k").expires_in_ms <= 900_000
    assert 800_000 < reserve(quota, ttl=900, key="k").expires_in_ms <= 900_000, "a replay too"
    assert reserve(quota, key="other").expires_in_ms is None
    lapse(quota)
    assert reserve(quota, ttl=900, key="k").expires_in_ms == 0


def test_a_denial_holds_nothing(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3)
    answer = reserve(quota, 4, "k")
    assert (answer.success, answer.status) == (0, "EXCEEDED")
    assert (answer.reservation_id, answer.expires_at) == (None, None)
    assert (quota.used(), quota.ledger(), holds(quota)) == (0, [], [])
    assert reserve(quota, 3, "k").status == "GRANTED", "a denial does not use its key up"
    quota.suspend()
    assert reserve(quota, 1).status == "SUSPENDED"
    assert reserve(quota.sibling(), 1).status == "NO_QUOTA"


def test_a_product_must_be_covered(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3, product_codes=["a"])
    assert reserve(quota, product="b").status == "PRODUCT_NOT_COVERED"
    assert reserve(quota, product="a").status == "GRANTED"


def test_rates_and_tokens_are_not_reserved(quota: Quota) -> None:
    quota.define("RATE", hard_limit=5, refill_per_second=0.0001)
    quota.define("CONCURRENT", hard_limit=5)
    assert reserve(quota, 1).status == "NO_QUOTA"
    quota.define("TOTAL", hard_limit=5)
    assert reserve(quota, 1).status == "GRANTED"
    assert [quota.used(t) for t in ("RATE", "CONCURRENT", "TOTAL")] == [0, 0, 1]


def test_every_limit_and_ancestor_holds_them_or_none(quota: Quota) -> None:
    child = quota.child()
    for limit_type in ("DAILY", "TOTAL"):
        quota.define(limit_type, hard_limit=5)
        child.define(limit_type, hard_limit=10)
    hold = reserve(child, 5, "k")
    assert hold.status == "GRANTED"
    denied = reserve(child, 1)
    assert (denied.status, denied.hard_limit) == ("EXCEEDED", 5)
    for limit_type in ("DAILY", "TOTAL"):
        assert (quota.used(limit_type), child.used(limit_type)) == (5, 5)
        assert quota.ledger(limit_type, "delta_value, origin_tenant_id") == [(5, child.tenant_id)]
    assert holds(quota) == holds(child) == ["HELD", "HELD"]
    assert set(holds(quota, "reservation_id")) == {hold.reservation_id}


def test_a_shadow_limit_counts_what_is_held_and_never_denies(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=2, enforcement="SHADOW")
    quota.define("TOTAL", hard_limit=10)
    hold = reserve(quota, 5)
    assert (hold.status, quota.used()) == ("GRANTED", 5)
    assert confirm(quota, hold, 4).status == "CONFIRMED"
    assert cancel(quota, reserve(quota, 3)).status == "CANCELLED"
    assert (quota.used(), quota.used("TOTAL")) == (4, 4)
    quota.assert_adds_up(["MONTHLY", "TOTAL"])


def test_an_id_is_random_and_does_not_tell_the_next_one(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    first, second = reserve(quota).reservation_id, reserve(quota).reservation_id
    assert all(UUID(each).version == 4 and str(UUID(each)) == each for each in (first, second))
    # Two ids of UUID() differ in their first part alone: a clock. The last one is the machine.
    assert first[:8] != second[:8]
    assert first[-12:] != second[-12:]


# Keys


def test_the_same_key_again_is_the_same_reservation(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    first = reserve(quota, 4, "k")
    again = reserve(quota, 4, "k")
    assert (again.success, again.status) == (1, "REPLAYED")
    assert (again.reservation_id, again.expires_at) == (first.reservation_id, first.expires_at)
    assert (again.used_count, again.remaining) == (4, 6)
    confirm(quota, first)
    assert reserve(quota, 4, "k").reservation_id == first.reservation_id
    assert (quota.ledger(), holds(quota)) == ([4, 0], ["CONFIRMED"])


def test_a_lapsed_reservations_key_stays_used(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    first = reserve(quota, 4, "k")
    lapse(quota)
    again = reserve(quota, 4, "k")
    assert (again.status, again.reservation_id) == ("REPLAYED", first.reservation_id)
    assert confirm(quota, again).status == "EXPIRED"


def test_without_a_key_every_call_holds(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    assert len({reserve(quota, 2).reservation_id for _ in range(3)}) == 3
    assert quota.used() == 6


@pytest.mark.parametrize("first", ["consume", "reserve"])
@pytest.mark.parametrize("left", [0, 5])
def test_consuming_and_reserving_share_their_keys(quota: Quota, first: str, left: int) -> None:
    quota.define("MONTHLY", hard_limit=3 + left)
    calls = {"consume": quota.consume, "reserve": lambda n, key: reserve(quota, n, key)}
    calls[first](3, "k")
    (second,) = set(calls) - {first}
    for mine in ("k", "k"):
        with pytest.raises(pymysql.err.MySQLError) as caught:
            calls[second](3, mine)
        assert state_of(caught.value) == ("45002", "key_reused")
    assert (quota.used(), quota.ledger()) == (3, [3])


@pytest.mark.parametrize(("amount", "product"), [(2, "p"), (1, "q"), (1, None)])
def test_a_key_for_another_amount_or_product_is_refused(
    quota: Quota, amount: int, product: str | None
) -> None:
    quota.define("MONTHLY", hard_limit=10)
    reserve(quota, 1, "k", product="p")
    with pytest.raises(pymysql.err.MySQLError) as caught:
        reserve(quota, amount, "k", product=product)
    assert state_of(caught.value) == ("45002", "key_reused")
    assert (quota.ledger(), len(holds(quota))) == ([1], 1)


def test_siblings_may_hold_the_same_key(quota: Quota) -> None:
    one, two = quota.child("1"), quota.child("2")
    quota.define("MONTHLY", hard_limit=10)
    both = [reserve(one, 1, "k"), reserve(two, 2, "k")]
    assert [each.status for each in both] == ["GRANTED"] * 2
    confirm(two, both[1])
    cancel(one, both[0])
    assert quota.used() == 2
    quota.assert_adds_up()


def test_one_key_from_16_connections_at_once_is_one_reservation(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=5)
    connections = [quota.connect() for _ in range(16)]
    answers = at_once(16, lambda n: reserve(quota, 5, "the-one", on=connections[n]))
    assert sorted(each.status for each in answers) == ["GRANTED"] + ["REPLAYED"] * 15
    assert len({(each.reservation_id, each.expires_at) for each in answers}) == 1
    assert (quota.used(), holds(quota)) == (5, ["HELD"])


def test_one_key_reserved_and_consumed_at_once_is_one_or_the_other(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=100)
    connections = [quota.connect() for _ in range(16)]

    def work(number: int) -> str:
        try:
            if number % 2:
                return str(reserve(quota, 5, "the-one", on=connections[number]).status)
            return str(quota.consume(5, key="the-one", on=connections[number]).status)
        except pymysql.err.MySQLError as error:
            return str(state_of(error)[0])

    assert sorted(at_once(16, work)) == ["45002"] * 8 + ["GRANTED"] + ["REPLAYED"] * 7
    assert quota.ledger() == [5]


# What lapses


def test_who_would_be_denied_gets_lapsed_units_at_once_without_the_sweep(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    reserve(quota, 6, "k1")
    reserve(quota, 4, "k2")
    assert quota.consume(1).status == "EXCEEDED"
    lapse(quota)
    answer = quota.consume(9)
    assert (answer.status, answer.used_count, answer.remaining) == ("GRANTED", 9, 1)
    assert holds(quota) == ["EXPIRED", "EXPIRED"]
    ledger = quota.ledger(columns="operation_type, delta_value")
    assert sorted(ledger[2:]) == [("CONSUME", 9), ("EXPIRE", -6), ("EXPIRE", -4)]
    quota.assert_adds_up()


def test_a_hold_lapses_at_its_time_and_not_before(quota: Quota) -> None:
    in_utc(quota)
    hold = reserve_at(quota, "2030-05-10 12:00:00", 10, "k", ttl=60)
    assert hold.expires_at == "2030-05-10 12:01:00.000000"
    assert quota.consume_at("2030-05-10 12:00:59.999999", 1).status == "EXCEEDED"
    assert holds(quota) == ["HELD"]
    assert quota.consume_at("2030-05-10 12:01:00", 1).status == "GRANTED"
    assert holds(quota) == ["EXPIRED"]


def test_lapsed_units_that_do_not_suffice_come_back_all_the_same(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10, used=4)
    reserve(quota, 6, "k")
    lapse(quota)
    answer = quota.consume(7)
    assert (answer.status, answer.used_count, answer.remaining) == ("EXCEEDED", 4, 6)
    assert (quota.used(), holds(quota)) == (4, ["EXPIRED"])
    quota.assert_adds_up()


def test_a_parents_lapsed_units_come_back_to_whichever_child_asks(quota: Quota) -> None:
    one, two = quota.child("1"), quota.child("2")
    quota.define("MONTHLY", hard_limit=5)
    one.define("MONTHLY", hard_limit=100)
    reserve(one, 5, "k")
    for each in (quota, one):
        lapse(each)
    assert two.consume(5).status == "GRANTED"
    assert (holds(quota), holds(one)) == (["EXPIRED"], ["HELD"]), (
        "its own comes back with the sweep"
    )
    assert (quota.used(), one.used()) == (5, 5)
    for each in (quota, one):
        each.assert_adds_up()


def test_lapsed_units_come_back_to_a_reservation_whose_snapshot_is_older_than_the_hold(
    quota: Quota,
) -> None:
    # Who only consumes in such a transaction is denied: looking again would leave the gap
    # locked in which every tenant's next reservation is inserted.
    quota.define("MONTHLY", hard_limit=5)
    session = quota.connect(autocommit=False)
    value(session, "SELECT COUNT(*) FROM quota_reservations")
    reserve(quota, 5, "k")
    lapse(quota)
    assert quota.consume(5, on=session).status == "EXCEEDED"
    assert reserve(quota, 5, "k2", on=session).status == "GRANTED"
    session.commit()
    assert sorted(holds(quota)) == ["EXPIRED", "HELD"]
    quota.assert_adds_up()


def test_16_callers_share_lapsed_units_exactly(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    for number in range(10):
        reserve(quota, 1, f"old-{number}")
    lapse(quota)
    connections = [quota.connect() for _ in range(16)]
    answers = at_once(16, lambda n: reserve(quota, 1, f"new-{n}", on=connections[n]))
    assert sum(each.success for each in answers) == quota.used() == 10
    assert sorted(holds(quota)) == ["EXPIRED"] * 10 + ["HELD"] * 10
    quota.assert_adds_up()


def test_what_lapses_after_its_period_goes_back_into_it(quota: Quota) -> None:
    in_utc(quota)
    reserve_at(quota, "2030-05-31 23:59:00", 8, "k", ttl=120)
    quota.consume_at("2030-06-01 00:00:30", 10, "june")
    denied = quota.consume_at("2030-06-01 00:02:00", 1, "june2")
    assert (denied.status, denied.used_count) == ("EXCEEDED", 10)
    assert (quota.used(), holds(quota)) == (10, ["EXPIRED"])
    may, june = "2030-05-01 00:00:00", "2030-06-01 00:00:00"
    assert (period_use(quota, may), period_use(quota, june)) == (0, 10)
    quota.assert_adds_up()


# Transactions


def test_a_denial_in_a_transaction_does_not_hold_up_other_tenants(quota: Quota) -> None:
    quota.define("MONTHLY", 1)
    neighbour = quota.sibling()
    neighbour.define("MONTHLY", 5)
    session = quota.connect(autocommit=False)
    assert reserve(quota, 2, "zzz", on=session).status == "EXCEEDED"
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert reserve(neighbour, 1, "aaa").status == "GRANTED"
    session.rollback()


def test_the_callers_rollback_takes_the_reservation_back(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    session = quota.connect(autocommit=False)
    hold = reserve(quota, 4, "k", on=session)
    assert hold.transaction == "JOINED"
    session.rollback()
    assert (quota.used(), quota.ledger(), holds(quota)) == (0, [], [])
    assert confirm(quota, hold).status == "NOT_FOUND"


BAD = [
    ((None, "U", 1, 60, None, None, None), "p_tenant_id is NULL"),
    (("T", " ", 1, 60, None, None, None), "p_quota_type is blank"),
    (("T", "U", 0, 60, None, None, None), "p_amount must be at least 1, not 0"),
    (("T", "U", None, 60, None, None, None), "p_amount must be at least 1, not NULL"),
    (("T", "U", 1, None, None, None, None), "p_ttl_seconds must be at least 1, not NULL"),
    (("T", "U", 1, 0, None, None, None), "p_ttl_seconds must be at least 1, not 0"),
    (("T", "U", 1, -1, None, None, None), "p_ttl_seconds must be at least 1, not -1"),
    (("T", "U", 1, 31536001, None, None, None), "p_ttl_seconds must be at most 31536000"),
    (("T", "U", 1, 60, None, "k", None), "p_biz_type is NULL"),
    (("T", "U", 1, 60, "ORDER", "x" * 129, None), "p_biz_id is longer than 128 characters"),
    (("T", "U", 1, 60, "ORDER", "k", ""), "p_product_code is blank"),
]


@pytest.mark.parametrize(("arguments", "why"), BAD)
def test_bad_arguments_are_refused_and_hold_nothing(
    quota: Quota, arguments: tuple[object, ...], why: str
) -> None:
    quota.define("MONTHLY", 10)
    names: dict[object, object] = {"T": quota.tenant_id, "U": quota.quota_type}
    with pytest.raises(pymysql.err.MySQLError, match=why) as caught:
        call(quota.connection, "reserve_quota", *(names.get(each, each) for each in arguments))
    assert state_of(caught.value) == ("45001", "invalid_argument")
    assert (quota.used(), quota.ledger(), holds(quota)) == (0, [], [])


def test_a_year_is_a_time_to_live(quota: Quota) -> None:
    quota.define("TOTAL", 10)
    assert reserve(quota, ttl=31536000).status == "GRANTED"
    assert rows(
        quota.connection,
        "SELECT expires_at = created_at + INTERVAL 31536000 SECOND FROM quota_reservations"
        " WHERE tenant_id = %s",
        quota.tenant_id,
    ) == [(1,)]
