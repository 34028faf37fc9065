"""Exact under any concurrency: many real connections, and the ledger as witness."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pymysql
import pytest
from pymysql.connections import Connection

from tests.helpers.server import connect
from tests.helpers.support import Quota, at_once, rows, state_of, value, wait_until, waiting

CALLERS = 32


def tries(
    quota: Quota,
    count: int,
    amount: Callable[[random.Random], int] = lambda chance: 1,
    in_transactions: bool = False,
) -> list[tuple[str, int]]:
    """Let 32 connections make ``count`` tries in all; return what was kept of each.

    Returns (status, amount) of every call that was not rolled back. With
    ``in_transactions`` every other caller works inside transactions of its own, and rolls
    a third of them back.
    """
    connections = [quota.connect() for _ in range(CALLERS)]

    def work(number: int) -> list[tuple[str, int]]:
        mine, chance = connections[number], random.Random(number)
        joins, kept = in_transactions and number % 2 == 0, []
        for turn in range(count // CALLERS):
            units = amount(chance)
            if joins:
                mine.begin()
            answer = quota.consume(units, key=f"{number}-{turn}", on=mine)
            assert answer.transaction == ("JOINED" if joins else "OWN")
            if joins and chance.random() < 1 / 3:
                mine.rollback()
                continue
            if joins:
                mine.commit()
            kept.append((answer.status, units))
        return kept

    return [each for answers in at_once(CALLERS, work) for each in answers]


def test_n_units_3n_tries_exactly_n_grants(quota: Quota) -> None:
    units = 320
    quota.define("MONTHLY", units)
    kept = tries(quota, 3 * units)
    assert len(kept) == 3 * units, "a call was lost"
    assert [status for status, _ in kept].count("GRANTED") == units
    assert [status for status, _ in kept].count("EXCEEDED") == 2 * units
    assert quota.ledger() == [1] * units
    assert quota.ledger(columns="current_used") == list(range(1, units + 1))
    assert quota.used() == units


def test_amounts_of_1_to_7_fill_the_limit_and_never_pass_it(quota: Quota) -> None:
    quota.define("MONTHLY", 400)
    kept = tries(quota, 960, amount=lambda chance: chance.randint(1, 7))
    granted = sum(units for status, units in kept if status == "GRANTED")
    assert granted == quota.used() == sum(quota.ledger())
    # One unit is the smallest amount, so with tries to spare the limit is filled.
    assert granted == 400


def test_three_limits_at_once_move_together(quota: Quota) -> None:
    limits = {"DAILY": 150, "MONTHLY": 170, "TOTAL": 190}
    for limit_type, hard_limit in limits.items():
        quota.define(limit_type, hard_limit)
    kept = tries(quota, 480, amount=lambda chance: chance.randint(1, 3))
    granted = [units for status, units in kept if status == "GRANTED"]
    assert sum(granted) == 150
    for limit_type in limits:
        assert quota.used(limit_type) == 150
        assert sorted(quota.ledger(limit_type)) == sorted(granted)


def test_a_parents_limit_is_shared_exactly_by_its_children(quota: Quota) -> None:
    quota.define("MONTHLY", 100)
    children = [quota.child(str(number)) for number in range(4)]
    for child in children:
        child.define("MONTHLY", 60)
    connections = [quota.connect() for _ in range(CALLERS)]

    def work(number: int) -> int:
        child = children[number % 4]
        return sum(
            child.consume(1, key=f"{number}-{t}", on=connections[number]).success for t in range(8)
        )

    granted = at_once(CALLERS, work)
    assert sum(granted) == quota.used() == sum(quota.ledger()) == 100
    for number, child in enumerate(children):
        mine = sum(granted[number::4])
        assert mine == child.used() == sum(child.ledger()) <= 60


def test_parents_children_and_direct_calls_do_not_deadlock(quota: Quota) -> None:
    # Defined in an order that is neither the tree's nor the alphabet's.
    child = quota.child()
    child.define("TOTAL", 10_000)
    quota.define("MONTHLY", 10_000)
    child.define("DAILY", 10_000)
    quota.define("DAILY", 10_000)
    connections = [quota.connect() for _ in range(16)]

    def work(number: int) -> int:
        asking = (quota, child)[number % 2]
        return sum(asking.consume(1, on=connections[number]).success for _ in range(20))

    assert sum(at_once(16, work)) == 320
    assert (quota.used(), quota.used("DAILY")) == (320, 320)
    assert (child.used("TOTAL"), child.used("DAILY")) == (160, 160)


@pytest.mark.parametrize("limit_types", [("MONTHLY",), ("TOTAL", "MONTHLY", "DAILY")])
def test_half_in_transactions_of_which_a_third_roll_back(
    quota: Quota, limit_types: tuple[str, ...]
) -> None:
    for limit_type in limit_types:
        quota.define(limit_type, 200)
    kept = tries(quota, 640, amount=lambda chance: chance.randint(1, 7), in_transactions=True)
    granted = [units for status, units in kept if status == "GRANTED"]
    assert {status for status, _ in kept} == {"GRANTED", "EXCEEDED"}
    for limit_type in limit_types:
        assert sorted(quota.ledger(limit_type)) == sorted(granted)
        assert quota.used(limit_type) == sum(granted) == 200


@pytest.mark.parametrize("left", [0, 5, 1000])
def test_one_key_from_16_connections_at_once_is_charged_once(quota: Quota, left: int) -> None:
    quota.define("MONTHLY", 5 + left, used=left)
    connections = [quota.connect() for _ in range(16)]
    answers = at_once(16, lambda n: quota.consume(5, key="the-one", on=connections[n]))
    assert sorted(each.status for each in answers) == ["GRANTED"] + ["REPLAYED"] * 15
    assert len({(each.used_count, each.remaining) for each in answers}) == 1
    assert quota.used() == 5 + left
    quota.assert_adds_up()


def test_one_key_with_two_amounts_at_once_is_charged_once_and_the_other_refused(
    quota: Quota,
) -> None:
    quota.define("MONTHLY", 1000)
    connections = [quota.connect() for _ in range(16)]

    def work(number: int) -> str:
        try:
            return str(quota.consume(1 + number % 2, key="the-one", on=connections[number]).status)
        except pymysql.err.MySQLError as error:
            return str(state_of(error)[0])

    answers = at_once(16, work)
    assert sorted(answers) == ["45002"] * 8 + ["GRANTED"] + ["REPLAYED"] * 7
    assert len(quota.ledger()) == 1


def test_one_key_at_once_inside_transactions_is_charged_once(quota: Quota) -> None:
    quota.define("MONTHLY", 1000)
    connections = [quota.connect(autocommit=False) for _ in range(16)]

    def work(number: int) -> str:
        mine = connections[number]
        value(mine, "SELECT COUNT(*) FROM quota_usage_records")  # an old snapshot
        status = str(quota.consume(5, key="the-one", on=mine).status)
        mine.commit()
        return status

    assert sorted(at_once(16, work)) == ["GRANTED"] + ["REPLAYED"] * 15
    assert (quota.used(), quota.ledger()) == (5, [5])


def test_a_key_whose_first_charge_was_rolled_back_is_charged_by_the_next(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    first, second = quota.connect(autocommit=False), quota.connect()
    assert quota.consume(1, key="k", on=first).status == "GRANTED"

    def work(number: int) -> str:
        if number == 0:
            value(first, "SELECT SLEEP(0.3)")
            first.rollback()
            return "ROLLED BACK"
        return str(quota.consume(1, key="k", on=second).status)

    assert at_once(2, work) == ["ROLLED BACK", "GRANTED"]
    assert (quota.used(), quota.ledger()) == (1, [1])


def test_batches_of_new_tenants_are_defined_and_used_at_once(quota: Quota) -> None:
    connections: list[Connection] = [quota.connect() for _ in range(16)]

    def work(number: int) -> int:
        mine = Quota(lambda: connections[number], f"{quota.tenant_id}_{number}")
        mine.define_tenant()
        for limit_type in ("DAILY", "MONTHLY"):
            mine.define(limit_type, 5)
        return sum(mine.consume(1).success for _ in range(7))

    assert at_once(16, work) == [5] * 16


def while_it_waits(
    quota: Quota, waiter: Connection, ask: Callable[[], object], meanwhile: Callable[[], object]
) -> object:
    """Ask on one connection; once that waits for a lock do the rest; return the answer."""

    def work(number: int) -> object:
        if number == 0:
            return ask()
        assert wait_until(lambda: waiting(quota, waiter))
        return meanwhile()

    return at_once(2, work)[0]


@pytest.mark.parametrize("joins", [False, True], ids=["OWN", "JOINED"])
@pytest.mark.parametrize("beside", [(), ("TOTAL",)], ids=["one limit", "two limits"])
@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_of_two_sessions_at_the_last_unit_one_gets_it(
    quota: Quota, joins: bool, beside: tuple[str, ...], ending: str
) -> None:
    for limit_type in ("MONTHLY", *beside):
        quota.define(limit_type, 3)
    quota.consume(2)
    first, second = quota.connect(autocommit=False), quota.connect(autocommit=not joins)
    if joins:
        value(second, "SELECT COUNT(*) FROM tenant_quotas")  # an old snapshot: a unit is left
    assert quota.consume(1, on=first).status == "GRANTED"
    answer = while_it_waits(
        quota, second, lambda: quota.consume(1, on=second).status, getattr(first, ending)
    )
    second.commit()
    assert answer == ("EXCEEDED" if ending == "commit" else "GRANTED")
    for limit_type in ("MONTHLY", *beside):
        assert quota.used(limit_type) == sum(quota.ledger(limit_type)) == 3


@pytest.mark.parametrize("joins", [False, True], ids=["OWN", "JOINED"])
@pytest.mark.parametrize("beside", [(), ("TOTAL",)], ids=["one limit", "two limits"])
@pytest.mark.parametrize("slot_count", [0, 4], ids=["no slots", "slots"])
def test_a_use_counts_in_the_period_in_which_its_wait_ended(
    quota: Quota, joins: bool, beside: tuple[str, ...], slot_count: int
) -> None:
    """The boundary passes while the call waits for the quota's row."""
    quota.define_tenant(zone="UTC")
    quota.define("HOURLY", 9, slot_count=slot_count)
    for limit_type in beside:
        quota.define(limit_type, 99)
    ((boundary,),) = rows(
        quota.connection,
        "SELECT CAST(UTC_TIMESTAMP() + INTERVAL 3 SECOND AS DATETIME)",
    )
    quota.define("HOURLY", 9, period_anchor=str(boundary))
    assert quota.column("next_reset_time", "HOURLY") == boundary
    assert quota.consume(2).status == "GRANTED"
    first, second = quota.connect(autocommit=False), quota.connect(autocommit=not joins)
    assert quota.consume(1, on=first).status == "GRANTED"

    def let_it_pass() -> None:
        passed = "SELECT UTC_TIMESTAMP(6) > %s"
        assert wait_until(lambda: value(quota.connection, passed, boundary))
        first.commit()

    answer = while_it_waits(
        quota, second, lambda: quota.consume(4, on=second).used_count, let_it_pass
    )
    second.commit()
    assert answer == (None if slot_count else 4)
    assert quota.used("HOURLY") - quota.lent("HOURLY") == 4
    found = quota.ledger("HOURLY", "operation_type, delta_value, period_start")
    hour = timedelta(hours=1)
    assert sorted(found, key=lambda row: str(row[2]))[:3] == [
        ("CONSUME", 2, boundary - hour),
        ("CONSUME", 1, boundary - hour),
        ("RESET", -3, boundary - hour),
    ]
    assert found[-1] == ("CONSUME", 4, boundary)


@pytest.mark.parametrize("beside", [(), ("TOTAL",)], ids=["one limit", "two limits"])
def test_a_limit_that_goes_while_a_call_waits_for_it_is_not_charged(
    quota: Quota, beside: tuple[str, ...]
) -> None:
    for limit_type in ("MONTHLY", *beside):
        quota.define(limit_type, 3)
    first, second = quota.connect(autocommit=False), quota.connect()
    one = "DELETE FROM tenant_quotas WHERE tenant_id = %s AND limit_type = 'MONTHLY'"
    rows(first, one, quota.tenant_id)
    answer = while_it_waits(
        quota, second, lambda: quota.consume(1, key="k", on=second).status, first.commit
    )
    assert answer == ("GRANTED" if beside else "NO_QUOTA")
    written = "SELECT COUNT(*) FROM quota_usage_records WHERE tenant_id = %s"
    assert value(quota.connection, written, quota.tenant_id) == len(beside)
    for limit_type in beside:
        assert quota.used(limit_type) == 1


@pytest.mark.parametrize("joins", [False, True], ids=["OWN", "JOINED"])
@pytest.mark.parametrize("beside", [(), ("TOTAL",)], ids=["one limit", "two limits"])
def test_a_charge_that_does_not_fit_fails_by_itself_and_not_by_a_check(
    own_schema: str, joins: bool, beside: tuple[str, ...]
) -> None:
    """A DBA may take a CHECK out of force; what is exact may not hang on one."""
    quota = Quota(lambda: connect(own_schema, autocommit=True), f"T_{joins}_{len(beside)}")
    check = "ALTER TABLE tenant_quotas ALTER CHECK tenant_quotas_used_count NOT ENFORCED"
    rows(quota.connection, check)
    for limit_type in ("MONTHLY", *beside):
        quota.define(limit_type, 3)
    quota.consume(2)
    first, second = quota.connect(), quota.connect()
    first.begin()
    assert quota.consume(1, on=first).status == "GRANTED"
    if joins:
        second.begin()
    answer = while_it_waits(quota, second, lambda: quota.consume(1, on=second).status, first.commit)
    second.commit()
    assert answer == "EXCEEDED"
    for limit_type in ("MONTHLY", *beside):
        assert quota.used(limit_type) == sum(quota.ledger(limit_type)) == 3
