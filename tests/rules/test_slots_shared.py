"""Slots of a parent, of several limits and in callers' transactions: exact, and no deadlock."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from pymysql.connections import Connection

from tests.helpers.holds import cancel, consume_by_hand, refund, reserve
from tests.helpers.support import Quota, at_once, call, rows, wait_until, waiting

CALLERS = 32
CHILDREN = 8


@pytest.mark.parametrize("below", ["plain children", "children with slots"])
def test_children_of_one_parent_fill_its_limit_and_never_pass_it(quota: Quota, below: str) -> None:
    """3N units are asked for: half in callers' transactions, a third of those rolled back."""
    units = 20 * CALLERS
    quota.define_tenant()
    quota.define("MONTHLY", units, slot_count=CALLERS // 2)
    children = [quota.child(f"c{number}") for number in range(CHILDREN)]
    for each in children:
        each.define(
            "MONTHLY", 10**6, slot_count=CALLERS // 2 if below == "children with slots" else 0
        )
    connections = [quota.connect() for _ in range(CALLERS)]
    watcher = quota.connect()

    def work(number: int) -> Counter[str]:
        chance, found = random.Random(number), Counter[str]()
        mine, child = connections[number], children[number % CHILDREN]
        asked = 0
        while asked < 3 * units // CALLERS:
            amount, dice = chance.randint(1, 7), chance.random()
            asked += amount
            key = f"{number}-{asked}"
            if dice < 0.5:
                mine.begin()
                answer = child.consume(amount, key=key, on=mine)
                found[answer.transaction] += 1
                if dice < 0.17:
                    mine.rollback()
                else:
                    mine.commit()
            elif dice < 0.6:
                held = reserve(child, amount, key, on=mine)
                if held.success:
                    assert cancel(child, held, on=mine).success
            elif child.consume(amount, key=key, on=mine).success and dice > 0.9:
                assert refund(child, key, "all", on=mine).success
            if number == 0 and dice < 0.3:
                (used,) = rows(
                    watcher,
                    "SELECT used_count FROM quota_usage_monitor WHERE quota_id = %s",
                    quota.column("quota_id"),
                )[0]
                assert used <= units
            if number == 1 and asked > units // CALLERS and not found["reset"]:
                found["reset"] += 1
                call(mine, "reset_quota", quota.tenant_id, quota.quota_type, "MONTHLY")
            if number == 2 and dice < 0.2:
                mine.begin()
                consume_by_hand(mine, quota, amount)
                mine.commit()
        return found

    found = sum(at_once(CALLERS, work), Counter())
    assert found["JOINED"] > 0
    assert quota.used() <= units
    for each in (quota, *children):
        each.assert_adds_up()
    # What is left is found, to the last unit, whatever slots hold it.
    left = units - int(quota.check(1).used_count) + 1 if quota.check(1).success else 0
    if left:
        assert quota.consume(left + 1).status == "EXCEEDED"
        assert children[0].consume(left).status == "GRANTED"
    assert quota.consume(1).status == "EXCEEDED"
    assert call(quota.connection, "check_quota", quota.tenant_id, quota.quota_type, 1, None).status
    quota.assert_adds_up()


# What a call touches


def fill(quota: Quota, connection: Connection) -> None:
    """Let this connection's slots hold units: its first call finds them empty."""
    assert quota.consume(1, on=connection).status == "GRANTED"


def row_is_free(quota: Quota, limit_type: str) -> bool:
    """Whether nobody holds this limit's row."""
    quota_id = quota.column("quota_id", limit_type)
    query = "SELECT 1 FROM tenant_quotas WHERE quota_id = %s FOR UPDATE SKIP LOCKED"
    return bool(rows(quota.connection, query, quota_id))


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_a_joined_call_takes_from_slots_of_the_last_level(quota: Quota, isolation: str) -> None:
    # Below it the rows pay: locking a child's row after its parent's is how two would wait in a circle.
    parent, child = quota, quota.child()
    for each in (parent, child):
        each.define("MONTHLY", 10**6, slot_count=4)
    session = quota.connect()
    rows(session, f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
    fill(child, session)
    session.begin()
    assert child.consume(3, key="k", on=session).transaction == "JOINED"
    assert not row_is_free(child, "MONTHLY")
    assert row_is_free(parent, "MONTHLY")
    assert parent.child("2").consume(5).status == "GRANTED"  # nobody waits
    session.rollback()
    assert child.consume(2).status == "GRANTED"
    for each, charged in ((parent, [1, 5, 2]), (child, [1, 2])):
        assert each.used() - each.lent() == sum(charged)
        assert each.ledger(columns="delta_value, current_used") == [(n, None) for n in charged]
        each.assert_adds_up()


def test_several_limits_are_paid_from_slots(quota: Quota) -> None:
    types = ("DAILY", "MONTHLY", "TOTAL")
    for limit_type in types:
        quota.define(limit_type, 10**6, slot_count=4)
    session, waits = quota.connect(), quota.connect()
    fill(quota, session)
    waits.begin()
    rows(waits, "SELECT 1 FROM tenant_quotas WHERE tenant_id = %s FOR UPDATE", quota.tenant_id)
    assert quota.consume(3, on=session).status == "GRANTED"
    waits.rollback()
    for limit_type in types:
        assert quota.used(limit_type) - quota.lent(limit_type) == 4
        assert quota.ledger(limit_type, "delta_value, current_used") == [(1, None), (3, None)]
    quota.assert_adds_up(types)


def test_where_one_of_several_slots_is_empty_nobody_pays_twice(quota: Quota) -> None:
    quota.define("DAILY", 10**6, slot_count=4)
    quota.define("MONTHLY", 10**6, slot_count=4)
    fill(quota, quota.connection)
    rows(
        quota.connection,
        "UPDATE quota_slots SET lent = lent + remaining, remaining = 0 WHERE quota_id = %s",
        quota.column("quota_id", "MONTHLY"),
    )
    before = quota.used("DAILY") - quota.lent("DAILY"), quota.used() - quota.lent()
    assert quota.consume(2).status == "GRANTED"
    after = quota.used("DAILY") - quota.lent("DAILY"), quota.used() - quota.lent()
    assert after == (before[0] + 2, before[1] + 2)


def test_a_slot_that_an_open_transaction_holds_is_not_waited_for(quota: Quota) -> None:
    quota.define("MONTHLY", 10**6, slot_count=2)
    session = quota.connect()
    fill(quota, session)
    neighbour = next(c for c in (quota.connect() for _ in range(5)) if shares(c, session, 2))
    rows(neighbour, "SET SESSION innodb_lock_wait_timeout = 1")
    for each in (session, neighbour):
        each.begin()
        assert quota.consume(1, on=each).status == "GRANTED"
    neighbour.commit()
    session.rollback()
    assert quota.used() - quota.lent() == 2
    quota.assert_adds_up()


def test_who_fills_a_slot_waits_for_nobody_who_holds_it(quota: Quota) -> None:
    quota.define("MONTHLY", 10**6, slot_count=4)
    session = quota.connect()
    session.begin()
    rows(
        session,
        "SELECT 1 FROM quota_slots WHERE quota_id = %s FOR UPDATE",
        quota.column("quota_id"),
    )
    rows(quota.connection, "SET SESSION innodb_lock_wait_timeout = 1")
    assert quota.consume(1).status == "GRANTED"
    session.rollback()
    assert (quota.used(), quota.lent()) == (1, 0)


def test_near_the_end_slices_come_back_but_for_those_in_use(quota: Quota) -> None:
    quota.define("MONTHLY", 1000, slot_count=4)
    connections = [quota.connect() for _ in range(5)]
    mine = connections[0]
    busy = next(each for each in connections if not shares(each, mine, 4))
    for each in (mine, busy):
        assert quota.consume(1, on=each).status == "GRANTED"
    in_use = rows(
        quota.connection,
        "SELECT remaining FROM quota_slots WHERE quota_id = %s AND slot_number = %s",
        *(quota.column("quota_id"), busy.thread_id() % 4),
    )[0][0]
    assert 0 < in_use < quota.lent()
    busy.begin()
    rows(
        busy,
        "SELECT 1 FROM quota_slots WHERE quota_id = %s AND slot_number = %s FOR UPDATE",
        *(quota.column("quota_id"), busy.thread_id() % 4),
    )
    rows(mine, "SET SESSION innodb_lock_wait_timeout = 1")
    assert quota.consume(200, on=mine).status == "GRANTED"
    assert quota.lent() == quota.column("sliced_count") == in_use
    busy.rollback()
    assert quota.consume(200, on=mine).status == "GRANTED"
    assert (quota.lent(), quota.column("sliced_count"), quota.used()) == (0, 0, 402)
    quota.assert_adds_up()


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_a_joined_reservation_charges_the_row(quota: Quota, isolation: str) -> None:
    """Its hold is written from the row, which it would have to lock after the slot."""
    quota.define("MONTHLY", 10**6, slot_count=4)
    session = quota.connect()
    rows(session, f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
    fill(quota, session)
    slots = quota.lent()
    session.begin()
    assert reserve(quota, 5, on=session).success
    session.commit()
    assert (quota.lent(), quota.used() - slots) == (slots, 1 + 5)
    quota.assert_adds_up()


@pytest.mark.parametrize("joins", [False, True], ids=["OWN", "JOINED"])
def test_who_waits_for_the_row_keeps_no_slot_that_cannot_pay(quota: Quota, joins: bool) -> None:
    """Somebody who collects has the row, and waits for the slot."""
    quota.define("MONTHLY", 10**6, slot_count=4)
    session, holder = quota.connect(), quota.connect()
    fill(quota, session)
    if joins:
        session.begin()
        rows(session, "SELECT COUNT(*) FROM tenant_quotas")  # else a savepoint gives the locks back
    holder.begin()
    rows(holder, "SELECT 1 FROM tenant_quotas WHERE tenant_id = %s FOR UPDATE", quota.tenant_id)
    free = (
        "SELECT 1 FROM quota_slots WHERE quota_id = %s AND slot_number = %s FOR UPDATE SKIP LOCKED"
    )
    place = (quota.column("quota_id"), session.thread_id() % 4)

    def work(number: int) -> str:
        if number:
            return str(quota.consume(2000, on=session).status)  # more than a slot holds
        assert wait_until(lambda: waiting(quota, session))
        slot = rows(quota.connection, free, *place)
        holder.rollback()
        return "free" if slot else "kept"

    assert at_once(2, work) == ["free", "GRANTED"]
    session.rollback()
    quota.assert_adds_up()


@pytest.mark.parametrize("slotted", ["DAILY", "MONTHLY"])
@pytest.mark.parametrize("joins", [False, True], ids=["OWN", "JOINED"])
def test_slots_beside_a_plain_limit(quota: Quota, slotted: str, joins: bool) -> None:
    quota.define("DAILY", 3000, slot_count=4 if slotted == "DAILY" else 0)
    quota.define("MONTHLY", 3000, slot_count=4 if slotted == "MONTHLY" else 0)
    plain = "DAILY" if slotted == "MONTHLY" else "MONTHLY"
    fill(quota, quota.connection)
    if joins:
        quota.connection.begin()
    assert quota.consume(2).status == "GRANTED"
    quota.connection.commit()
    assert (quota.used(plain), quota.used(slotted) - quota.lent(slotted)) == (3, 3)
    assert quota.lent(slotted) == 0  # as hot as the plain limit's row in any case
    quota.define(plain, 4)
    assert quota.consume(2).status == "EXCEEDED"
    assert (quota.used(plain), quota.used(slotted) - quota.lent(slotted)) == (3, 3)
    quota.assert_adds_up(["DAILY", "MONTHLY"])


CHANGES = {
    "another limit": lambda quota: quota.define("DAILY", 4),
    "another limit by slots": lambda quota: quota.define("DAILY", 4, slot_count=2),
    "a lower limit": lambda quota: quota.define("MONTHLY", 4, slot_count=4),
    "other products": lambda quota: quota.define(
        "MONTHLY", 10**6, slot_count=4, product_codes=["p"]
    ),
    "a suspension": lambda quota: quota.suspend(),
    "an end": lambda quota: quota.define(
        "MONTHLY", 10**6, slot_count=4, expire_time="2001-01-01 00:00:00"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("refilled", [False, True])
def test_a_change_after_the_snapshot_counts(quota: Quota, change: str, refilled: bool) -> None:
    """A slot is read as it is; whether it is still for what the old snapshot shows, it says itself."""
    quota.define_tenant()
    quota.define("MONTHLY", 10**6, slot_count=4)
    session = quota.connect()
    fill(quota, session)
    session.begin()
    rows(session, "SELECT COUNT(*) FROM tenant_quotas")
    CHANGES[change](quota)
    if refilled:  # by whom it may charge
        rows(quota.connection, "SELECT SLEEP(0)")
        neighbour = next(c for c in (quota.connect() for _ in range(5)) if shares(c, session, 4))
        quota.consume(1, product="p", on=neighbour)
    answer = quota.consume(7, on=session)
    assert answer.status != "GRANTED", answer
    session.rollback()
    quota.assert_adds_up()


def shares(one: Connection, other: Connection, slots: int) -> bool:
    """Whether these two connections have the same slot."""
    return bool(one.thread_id() % slots == other.thread_id() % slots)


# Tokens


def test_a_lease_is_the_rows(quota: Quota) -> None:
    """Who ends it knows the row that it is on, and not the slot."""
    quota.define("CONCURRENT", 1000, slot_count=4)
    assert quota.acquire()
    slots = quota.lent("CONCURRENT")
    lease = call(
        quota.connection, "acquire_quota_lease", quota.tenant_id, quota.quota_type, "w", 600
    )
    assert lease.status == "GRANTED"
    assert (quota.lent("CONCURRENT"), quota.column("leased_count", "CONCURRENT")) == (slots, 1)
    assert quota.release()
    assert not quota.release()
    assert quota.used("CONCURRENT") - quota.lent("CONCURRENT") == 1
    assert call(quota.connection, "release_quota_lease", lease.lease_id).status == "RELEASED"
    assert quota.used("CONCURRENT") == quota.lent("CONCURRENT")


def test_a_token_comes_from_a_slot_and_goes_back_to_it(quota: Quota) -> None:
    quota.define("CONCURRENT", 1000, slot_count=4)
    assert quota.acquire()
    assert quota.acquire()
    state = "SELECT remaining, lent FROM quota_slots WHERE quota_id = %s AND remaining + lent > 0"
    before = rows(quota.connection, state, quota.column("quota_id", "CONCURRENT"))
    assert before[0][1] == 1  # the row lent the first
    assert quota.release()
    after = rows(quota.connection, state, quota.column("quota_id", "CONCURRENT"))
    assert list(after) == [(before[0][0] + 1, 0)]
    assert quota.release()  # the row's
    assert not quota.release()
    assert quota.used("CONCURRENT") == quota.lent("CONCURRENT")


def test_tokens_go_back_from_any_connection_and_never_more_than_are_out(quota: Quota) -> None:
    quota.define("CONCURRENT", 200, slot_count=8)
    connections = [quota.connect() for _ in range(CALLERS)]
    taken = at_once(CALLERS, lambda n: [quota.acquire(on=connections[n]) for _ in range(10)])
    assert sum(map(sum, taken)) == 200
    back = at_once(CALLERS, lambda n: [quota.release(on=connections[-n]) for _ in range(10)])
    assert sum(map(sum, back)) == 200
    assert not quota.release()
    assert quota.used("CONCURRENT") == quota.lent("CONCURRENT")
    assert sum(quota.acquire() for _ in range(201)) == 200


def test_tokens_leases_and_releases_at_once_stay_exact(quota: Quota) -> None:
    limit = 40 * 4 + 60
    quota.define("CONCURRENT", limit, slot_count=40)
    connections = [quota.connect() for _ in range(CALLERS)]

    def work(number: int) -> int:
        chance, held, mine = random.Random(number), 0, connections[number]
        for _ in range(40):
            dice = chance.random()
            if dice < 0.55:
                held += quota.acquire(on=mine)
            elif dice < 0.65:
                call(mine, "acquire_quota_lease", quota.tenant_id, quota.quota_type, "w", 600)
            elif held and quota.release(on=connections[number]):
                held -= 1
        return held

    held = sum(at_once(CALLERS, work))
    leased = quota.column("leased_count", "CONCURRENT")
    assert held + leased == quota.used("CONCURRENT") - quota.lent("CONCURRENT") <= limit
    assert sum(quota.acquire() for _ in range(limit)) == limit - held - leased
