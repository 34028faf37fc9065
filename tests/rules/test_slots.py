"""Slots of a hot quota: exact at the limit, void after a reset, and nobody waits for a row."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from pymysql.connections import Connection

from tests.helpers.holds import consume_by_hand
from tests.helpers.support import Quota, at_once, call, rows, wait_until, waiting

CALLERS = 32


def refund(quota: Quota, key: str, on: Connection | None = None) -> str:
    arguments = (quota.tenant_id, quota.quota_type, None, "ORDER", key, "all")
    return str(call(on or quota.connection, "refund_quota", *arguments).status)


def alerts(quota: Quota) -> list[tuple[object, ...]]:
    return rows(
        quota.connection,
        "SELECT alert_level, used_count FROM quota_alerts WHERE tenant_id = %s",
        quota.tenant_id,
    )


def storm(quota: Quota, tries: int, amounts: tuple[int, int] = (1, 1)) -> Counter[str]:
    """Let 32 connections make so many tries in all; return the units by status."""
    connections = [quota.connect() for _ in range(CALLERS)]

    def work(number: int) -> Counter[str]:
        chance, found = random.Random(number), Counter[str]()
        for _ in range(tries // CALLERS):
            units = chance.randint(*amounts)
            found[quota.consume(units, on=connections[number]).status] += units
        return found

    return sum(at_once(CALLERS, work), Counter())


# One caller


def test_a_slice_counts_as_used_until_it_is_spent(quota: Quota) -> None:
    quota.define("MONTHLY", 10_000, slot_count=4)
    for _ in range(5):
        assert quota.consume(1).status == "GRANTED"
    assert quota.used() - quota.lent() == 5
    assert quota.lent() == 1_000 - 4  # the row paid the first, and gave the slice
    assert quota.check(1).used_count == 6
    quota.assert_adds_up()


def test_nobody_knows_the_use_after_a_call_and_a_replay_says_the_same(quota: Quota) -> None:
    quota.define("MONTHLY", 10_000, slot_count=4)
    for key in ("drawn", "spent"):
        first = quota.consume(2, key=key)
        again = quota.consume(2, key=key)
        assert (first.status, again.status) == ("GRANTED", "REPLAYED")
        assert (
            (first.used_count, first.remaining)
            == (again.used_count, again.remaining)
            == (None,) * 2
        )
        assert first.next_reset_time == again.next_reset_time == quota.column("next_reset_time")
    assert quota.ledger(columns="delta_value, current_used") == [(2, None), (2, None)]


def test_units_in_other_slots_are_found_before_a_denial(quota: Quota) -> None:
    quota.define("MONTHLY", 1_000, slot_count=8)
    connections = [quota.connect() for _ in range(8)]
    for connection in connections:
        quota.consume(1, on=connection)
    assert quota.lent() > 0
    assert quota.consume(993).status == "EXCEEDED"
    assert quota.consume(992).status == "GRANTED"
    assert (quota.used(), quota.lent()) == (1_000, 0)
    assert quota.consume(1).status == "EXCEEDED"
    quota.assert_adds_up()


@pytest.mark.parametrize("asks", ["JOINED", "reserves", "batch", "two limits", "child"])
def test_whoever_asks_finds_the_units_that_slots_hold(quota: Quota, asks: str) -> None:
    asking = quota.child() if asks == "child" else quota
    quota.define("MONTHLY", 1_000, slot_count=4)
    quota.consume(1)
    lent = quota.lent()
    assert lent > 0
    if asks == "two limits":
        quota.define("TOTAL", 10_000)
    who = (asking.tenant_id, asking.quota_type)

    def ask(units: int) -> str:
        if asks == "JOINED":
            quota.connection.begin()
        if asks == "reserves":
            answer = call(quota.connection, "reserve_quota", *who, units, 60, None, None, None)
        elif asks == "batch":
            items = f'[{{"quota_type": "{quota.quota_type}", "amount": {units}}}]'
            answer = call(quota.connection, "consume_quota_batch", quota.tenant_id, items)
        else:
            answer = asking.consume(units, on=quota.connection)
        quota.connection.commit()
        return str(answer.status)

    assert ask(1_000) == "EXCEEDED"
    assert ask(999 - lent + lent // 2) == "GRANTED"
    assert (quota.used(), quota.lent()) == (1_000 - lent + lent // 2, 0)
    quota.assert_adds_up()


def test_a_soft_limit_warns_once_and_at_the_unit_that_reaches_it(quota: Quota) -> None:
    quota.define("MONTHLY", 10_000, soft_limit=300, slot_count=4)
    for _ in range(299):
        quota.consume(1)
    assert alerts(quota) == []
    quota.consume(1)
    assert alerts(quota) == [("WARNING", 300)]
    for _ in range(20):
        quota.consume(1)
    assert quota.lent() > 0
    assert len(alerts(quota)) == 1
    quota.assert_adds_up()


def test_a_refund_comes_back_to_everybody(quota: Quota) -> None:
    quota.define("MONTHLY", 100, slot_count=4)
    assert quota.consume(60, key="k").status == "GRANTED"
    assert refund(quota, "k") == "GRANTED"
    assert quota.consume(100).status == "GRANTED"
    quota.assert_adds_up()


def test_a_reset_makes_old_slices_void(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    quota.define("DAILY", 1_000, slot_count=4)
    quota.set("DAILY", period_anchor="2001-01-01", next_reset_time="2030-05-18")
    for _ in range(3):
        assert quota.consume_at("2030-05-17 12:00:00", 1).status == "GRANTED"
    assert quota.lent("DAILY") > 0
    assert quota.consume_at("2030-05-17 23:59:59.999999", 1).status == "GRANTED"
    assert quota.consume_at("2030-05-18 00:00:00", 1).status == "GRANTED"
    assert quota.ledger("DAILY")[-2:] in ([-4, 1], [1, -4])
    assert quota.consume_at("2030-05-18 00:00:01", 999).status == "GRANTED"
    assert quota.consume_at("2030-05-18 00:00:02", 1).status == "EXCEEDED"
    quota.assert_adds_up(["DAILY"])


def test_a_reset_by_hand_makes_old_slices_void_too(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    quota.define("MONTHLY", 1_000, slot_count=4)
    quota.consume(1)
    assert quota.lent() > 0
    rows(
        quota.connection,
        "UPDATE tenant_quotas SET used_count = 0, reset_time = NOW(),"
        " next_reset_time = next_reset_time + INTERVAL 1 MONTH WHERE tenant_id = %s",
        quota.tenant_id,
    )
    assert quota.lent() == 0
    connections = [quota.connect() for _ in range(8)]  # so that each slot is somebody's first
    assert sum(quota.consume(100, on=connections[n % 8]).success for n in range(16)) == 10


def test_what_slots_hold_is_seen_where_a_denial_was_told_before(quota: Quota) -> None:
    quota.define("MONTHLY", 1_000, slot_count=4)
    quota.consume(1_000, key="k")
    assert quota.consume(1).status == "EXCEEDED"
    assert refund(quota, "k") == "GRANTED"
    quota.consume(1)
    assert quota.used() > 1
    assert quota.consume(999).status == "GRANTED"
    assert quota.consume(1).status == "EXCEEDED"
    quota.assert_adds_up()


# Many callers


def test_n_units_3n_tries_exactly_n_grants(quota: Quota) -> None:
    units = 640
    quota.define("MONTHLY", units, slot_count=64)
    found = storm(quota, 3 * units)
    assert found == {"GRANTED": units, "EXCEEDED": 2 * units}
    assert (quota.used(), quota.lent()) == (units, 0)
    assert quota.ledger() == [1] * units


def test_amounts_of_1_to_7_fill_the_limit_and_never_pass_it(quota: Quota) -> None:
    quota.define("MONTHLY", 1_000, slot_count=16)
    found = storm(quota, 1_600, amounts=(1, 7))
    assert found["GRANTED"] == sum(quota.ledger()) == quota.used() == 1_000


@pytest.mark.parametrize("round_", range(5))
def test_the_last_20_units_go_to_20_callers(quota: Quota, round_: int) -> None:
    quota.define("MONTHLY", 20 + 10 * round_, slot_count=8)
    if round_:
        quota.consume(10 * round_)
    assert storm(quota, CALLERS) == {"GRANTED": 20, "EXCEEDED": 12}
    quota.assert_adds_up()


def test_one_key_at_once_is_charged_once(quota: Quota) -> None:
    quota.define("MONTHLY", 10_000, slot_count=64)
    connections = [quota.connect() for _ in range(CALLERS)]
    for turn in range(10):
        key = f"k{turn}"

        def ask(number: int, key: str = key) -> str:
            return str(quota.consume(1, key=key, on=connections[number]).status)

        found = at_once(CALLERS, ask)
        assert Counter(found) == {"GRANTED": 1, "REPLAYED": CALLERS - 1}
    assert quota.ledger() == [1] * 10
    quota.assert_adds_up()


def test_everything_at_once_stays_exact(quota: Quota) -> None:
    """Slots, direct SQL as in scenario 2, refunds, holds, rollbacks, a change and a reset."""
    limit = 600
    quota.define("MONTHLY", limit, slot_count=16)
    connections = [quota.connect() for _ in range(CALLERS)]

    def work(number: int) -> int:
        mine, chance, most = connections[number], random.Random(number), 0
        for turn in range(30):
            units, key = chance.randint(1, 7), f"{number}-{turn}"
            dice = chance.random()
            if dice < 0.1:
                mine.begin()
                consume_by_hand(mine, quota, units)
                mine.commit()
            elif dice < 0.2:
                mine.begin()
                quota.consume(units, key=key, on=mine)
                mine.rollback() if chance.random() < 0.5 else mine.commit()
            elif dice < 0.3:
                held = call(
                    mine, "reserve_quota", quota.tenant_id, quota.quota_type, units, 60, "ORDER", key, None
                )  # fmt: skip
                if held.success:
                    call(mine, "cancel_quota_reservation", held.reservation_id)
            elif quota.consume(units, key=key, on=mine).success and dice > 0.8:
                assert refund(quota, key, on=mine) == "GRANTED"
            if number == 0 and turn == 10:
                call(mine, "define_quota", quota.tenant_id, quota.quota_type, "MONTHLY", limit, None, '{"slot_count": 24}')  # fmt: skip
            if number == 0 and turn == 20:
                call(mine, "reset_quota", quota.tenant_id, quota.quota_type, "MONTHLY")
            most = max(most, int(quota.check(1).used_count) - 1) if number == 1 else most
        return most

    assert max(at_once(CALLERS, work)) <= limit
    assert quota.used() <= limit
    quota.assert_adds_up()


# Nobody waits


def test_a_row_that_somebody_holds_keeps_nobody_waiting_who_finds_a_slice(quota: Quota) -> None:
    quota.define("MONTHLY", 10_000, slot_count=4)
    quota.consume(1)
    session = quota.connect(autocommit=False)
    assert quota.consume(1, on=session).transaction == "JOINED"
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    for _ in range(10):
        assert quota.consume(1).status == "GRANTED"
    session.rollback()
    quota.assert_adds_up()


def test_a_slot_that_somebody_holds_is_passed_by(quota: Quota) -> None:
    quota.define("MONTHLY", 10_000, slot_count=4)
    quota.consume(1)
    session = quota.connect(autocommit=False)
    rows(
        session,
        "SELECT * FROM quota_slots WHERE quota_id = %s AND remaining > 0 FOR UPDATE",
        quota.column("quota_id"),
    )
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert quota.consume(1).status == "GRANTED"
    session.rollback()
    quota.assert_adds_up()


@pytest.mark.parametrize("slot_count", [0, 4])
def test_a_denial_that_was_told_waits_for_nobody(quota: Quota, slot_count: int) -> None:
    quota.define("MONTHLY", 5, used=5, slot_count=slot_count)
    assert quota.consume(1).status == "EXCEEDED"
    session = quota.connect(autocommit=False)
    rows(session, "SELECT * FROM tenant_quotas WHERE tenant_id = %s FOR UPDATE", quota.tenant_id)
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    answer = quota.consume(1, key="k")
    assert (answer.status, answer.used_count, answer.remaining) == ("EXCEEDED", 5, 0)
    assert answer.retry_after_ms > 0
    session.rollback()


def test_who_needs_every_unit_waits_for_the_slots_in_use(quota: Quota) -> None:
    quota.define("MONTHLY", 1_000, slot_count=4)
    quota.consume(1)
    session = quota.connect(autocommit=False)
    rows(
        session,
        "SELECT * FROM quota_slots WHERE quota_id = %s FOR UPDATE",
        quota.column("quota_id"),
    )
    asking = quota.connect()
    units = 999
    found = []

    def ask(number: int) -> None:
        if number == 0:
            found.append(quota.consume(units, on=asking).status)
        else:
            assert wait_until(lambda: waiting(quota, asking))
            session.rollback()

    at_once(2, ask)
    assert found == ["GRANTED"]
    quota.assert_adds_up()


@pytest.mark.parametrize("are_own", [True, False])
def test_one_key_at_once_from_a_transaction_that_rolls_back_and_from_slots(
    quota: Quota, are_own: bool
) -> None:
    """Two wait, each in a slot, for the key of a third: its rollback sets them against each other."""
    quota.define("MONTHLY", 60, slot_count=4)  # too little to draw another slice for 5 units
    connections = [quota.connect() for _ in range(16)]
    of_slot = [next(c for c in connections if c.thread_id() % 4 == n) for n in range(4)]
    for connection in of_slot[:2]:
        quota.consume(1, on=connection)  # draws a slice of more than 5
    session = quota.connect(autocommit=False)
    assert quota.consume(5, key="k", on=session).transaction == "JOINED"
    callers = of_slot[:2] if are_own else of_slot[2:]

    def work(number: int) -> str:
        if number < 2:
            return str(quota.consume(5, key="k", on=callers[number]).status)
        assert wait_until(lambda: all(waiting(quota, caller) for caller in callers))
        session.rollback()
        return "rolled back"

    assert sorted(at_once(3, work)) == ["GRANTED", "REPLAYED", "rolled back"]
    assert quota.used() - quota.lent() == 7
    quota.assert_adds_up()
