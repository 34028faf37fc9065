"""While a call waits, or a snapshot grows old: limits are defined, a tenant moves, its zone changes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from pymysql.connections import Connection

from tests.helpers.holds import cancel, confirm, lapse, reserve
from tests.helpers.support import (
    Quota,
    call,
    rows,
    value,
    wait_until,
    waiting,
    with_an_old_snapshot,
)

Waits = Callable[[Quota, Connection, Callable[[], Any]], "Future[Any]"]


@pytest.fixture
def waits() -> Iterator[Waits]:
    """Give what begins a call on a session, and comes back when it waits for a lock."""
    with ThreadPoolExecutor(max_workers=1) as pool:

        def begin(quota: Quota, session: Connection, work: Callable[[], Any]) -> Future[Any]:
            answer = pool.submit(work)
            assert wait_until(lambda: waiting(quota, session))
            return answer

        yield begin


def holder(quota: Quota) -> Connection:
    """Return a session that has the quota's row, and locks no gap beside it."""
    session = quota.connect()
    rows(session, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    session.begin()
    assert quota.consume(1, on=session).success
    return session


def batch(quota: Quota, session: Connection, *types: str, key: str | None = None) -> Any:
    """Charge a unit of each quota type."""
    items = [
        {"quota_type": name, "amount": 1, "biz_type": "ORDER", "biz_id": key} for name in types
    ]
    return call(session, "consume_quota_batch", quota.tenant_id, json.dumps(items))


@pytest.mark.parametrize("limits", [["TOTAL"], ["TOTAL", "YEARLY"]])
def test_a_reservation_holds_a_limit_that_was_defined_meanwhile_only_if_it_charged_it(
    quota: Quota, waits: Waits, limits: list[str]
) -> None:
    """Else the hold's end would give back what nobody took."""
    child = quota.child()
    for limit_type in limits:
        quota.define(limit_type, 100)
    first, session = holder(quota), quota.connect()
    answer = waits(quota, session, lambda: reserve(child, 5, on=session))
    child.define("MONTHLY", 10)
    first.commit()
    held = answer.result()
    assert held.status == "GRANTED"
    free = 10 - int(str(child.used()))
    assert child.consume(free).status == "GRANTED"
    assert child.consume(1).status == "EXCEEDED"
    cancel(child, held)
    assert child.used() == free
    child.assert_adds_up()


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
@pytest.mark.parametrize("how", ["consume", "reserve", "batch", "batch of its own"])
def test_a_limit_that_was_defined_meanwhile_has_rows_only_if_it_was_charged(
    quota: Quota, waits: Waits, how: str, isolation: str
) -> None:
    child = quota.child()
    quota.define("TOTAL", 100)
    first, session = holder(quota), quota.connect(autocommit=how == "batch of its own")
    rows(session, f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
    session.rollback()
    work = {
        "consume": lambda: child.consume(1, key="k", on=session),
        "reserve": lambda: reserve(child, 1, on=session),
    }.get(how, lambda: batch(child, session, child.quota_type, key="k"))
    answer = waits(quota, session, work)
    other = Quota(quota.connect, child.tenant_id, child.quota_type)
    with ThreadPoolExecutor(max_workers=1) as pool:
        defined = pool.submit(lambda: other.define("MONTHLY", 10, soft_limit=9))
        time.sleep(0.3)  # it waits for the call, or comes first
        first.commit()
        assert answer.result().status == "GRANTED"
        session.commit()
        defined.result()
    child.assert_adds_up()
    quota.assert_adds_up(["TOTAL"])


def test_a_limit_that_is_defined_while_a_batch_waits_for_its_next_type(
    quota: Quota, waits: Waits
) -> None:
    child = quota.child()
    quota.define("TOTAL", 100)
    after = Quota(quota.connect, child.tenant_id, f"{quota.quota_type}_Z")
    after.define("TOTAL", 100)
    first, session = holder(after), quota.connect()
    types = (child.quota_type, after.quota_type)
    answer = waits(quota, session, lambda: batch(child, session, *types, key="k"))
    child.define("MONTHLY", 10)
    first.commit()
    assert answer.result().status == "GRANTED"
    child.assert_adds_up()
    for each in (quota, after):
        each.assert_adds_up(["TOTAL"])
    assert quota.used("TOTAL") == 1


@pytest.mark.parametrize("option", ["expire_time", "effective_time"])
def test_a_shadow_limit_that_ends_or_begins_while_a_batch_waits(
    quota: Quota, waits: Waits, option: str
) -> None:
    quota.define_tenant(zone="+00:00")
    quota.define("TOTAL", 100)
    after = Quota(quota.connect, quota.tenant_id, f"{quota.quota_type}_Z")
    after.define("TOTAL", 100)
    moment = value(quota.connection, "SELECT CAST(UTC_TIMESTAMP() + INTERVAL 3 SECOND AS CHAR)")
    quota.define("MONTHLY", 100, enforcement="SHADOW", **{option: moment})
    first, session = holder(after), quota.connect()
    types = (quota.quota_type, after.quota_type)
    answer = waits(quota, session, lambda: batch(quota, session, *types))
    assert wait_until(lambda: value(quota.connection, "SELECT UTC_TIMESTAMP() > %s", moment))
    first.commit()
    assert answer.result().status == "GRANTED"
    assert quota.used() == (option == "expire_time")
    quota.assert_adds_up()


@pytest.mark.parametrize("is_joined", [False, True])
def test_a_batch_writes_no_rows_of_a_shadow_limit_that_it_did_not_charge(
    quota: Quota, waits: Waits, is_joined: bool
) -> None:
    """By its old snapshot, or when it began, there was no limit for some products only."""
    quota.define("TOTAL", 100)
    session, admin = quota.connect(autocommit=not is_joined), quota.connect()
    rows(session, "SELECT COUNT(*) FROM tenants")
    items = [{"quota_type": quota.quota_type, "amount": 1, "product_code": p} for p in "ab"]
    arguments = ("consume_quota_batch", quota.tenant_id, json.dumps(items))
    shadow = Quota(lambda: admin, quota.tenant_id, quota.quota_type)
    admin.begin()
    shadow.define("MONTHLY", 100, enforcement="SHADOW", product_codes=["a"])
    if is_joined:
        admin.commit()
        assert call(session, *arguments).success
    else:
        answer = waits(quota, session, lambda: call(session, *arguments))
        admin.commit()
        assert answer.result().success
    session.commit()
    quota.assert_adds_up()
    assert quota.used("TOTAL") == 2


def test_a_tenant_whose_reservation_waits_does_not_move(quota: Quota, waits: Waits) -> None:
    """The hold's rows are those of the ancestors that were charged."""
    here, there = quota.child("p1"), quota.child("p2")
    child = here.child()
    for each in (quota, here, there):
        each.define("TOTAL", 100)
    first, session = holder(quota), quota.connect()
    answer = waits(quota, session, lambda: reserve(child, 5, on=session))
    with ThreadPoolExecutor(max_workers=1) as pool:
        admin = quota.connect()
        moved = pool.submit(
            lambda: call(admin, "define_tenant", child.tenant_id, "x", None, there.tenant_id)
        )
        assert wait_until(lambda: waiting(quota, admin) or moved.done())
        first.commit()
        held = answer.result()
        moved.result()
    cancel(child, held)
    assert (here.used("TOTAL"), there.used("TOTAL"), quota.used("TOTAL")) == (0, 0, 1)


@pytest.mark.parametrize("whose", ["the tenant's", "its parent's"])
@pytest.mark.parametrize("how", ["cancel", "confirm", "sweep"])
def test_a_hold_ends_in_the_zone_that_its_tenant_has_now(
    quota: Quota, how: str, whose: str
) -> None:
    """By the zone of an old snapshot, the period would move back, and what it used go with it."""
    quota.define_tenant(zone="-12:00")
    quota.define("DAILY", 10)
    caller = quota.child() if whose == "its parent's" else quota
    held = reserve(caller, 2)
    if how == "sweep":
        lapse(quota)
    session = with_an_old_snapshot(quota)
    quota.define_tenant(zone="+13:00")
    assert quota.consume(10).status == "GRANTED"
    if how == "sweep":
        call(session, "expire_quota_reservations", 10)
    elif how == "cancel":
        cancel(caller, held, on=session)
    else:
        confirm(caller, held, on=session)
    session.commit()
    assert quota.consume(1).status == "EXCEEDED"
    quota.assert_adds_up(["DAILY"])


def a_day_that_is_over_in_the_east(quota: Quota) -> None:
    """Define a day that was over an hour ago at +13:00, and lasts for another day at -12:00."""
    quota.define_tenant(zone="+13:00")
    quota.define("DAILY", 10)
    ended = "SELECT UTC_TIMESTAMP() + INTERVAL 12 HOUR"
    quota.set("DAILY", next_reset_time=value(quota.connection, ended), period_anchor=None)


def test_the_sweep_of_periods_goes_by_the_zone_that_a_tenant_has_now(quota: Quota) -> None:
    a_day_that_is_over_in_the_east(quota)
    session = with_an_old_snapshot(quota)
    quota.define_tenant(zone="-12:00")
    assert quota.consume(10).status == "GRANTED"
    call(session, "reset_due_quotas", 10)
    session.commit()
    assert quota.consume(1).status == "EXCEEDED"
    quota.assert_adds_up(["DAILY"])


def test_the_sweep_takes_no_tenant_that_somebody_holds_for_one_in_system(quota: Quota) -> None:
    quota.define_tenant(zone="SYSTEM")
    quota.define("DAILY", 10)
    ended = "SELECT NOW() - INTERVAL 1 HOUR"
    quota.set("DAILY", next_reset_time=value(quota.connection, ended), period_anchor=None)
    session = with_an_old_snapshot(quota)
    quota.define_tenant(zone="-12:00")
    assert quota.consume(10).status == "GRANTED"
    holder = quota.connect()
    holder.begin()
    rows(holder, "SELECT 1 FROM tenants WHERE tenant_id = %s FOR UPDATE", quota.tenant_id)
    call(session, "reset_due_quotas", 10)
    session.commit()
    holder.rollback()
    assert quota.consume(1).status == "EXCEEDED"
    quota.assert_adds_up(["DAILY"])


@pytest.mark.parametrize("depth", [0, 1])
def test_a_hold_ends_though_somebody_holds_its_tenants_row(quota: Quota, depth: int) -> None:
    """In our own transaction the quota's row is enough: the zone is read under its lock."""
    quota.define("MONTHLY", 10)
    caller = quota.child() if depth else quota
    if depth:
        caller.define("MONTHLY", 10)
    else:
        quota.define_tenant()
    held = [reserve(caller, 2) for _ in range(2)]
    admin = quota.connect()
    admin.begin()
    rows(admin, "UPDATE tenants SET tenant_name = 'new' WHERE tenant_id IN (%s, %s)",
         quota.tenant_id, caller.tenant_id)  # fmt: skip
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    rows(caller.connection, "SET innodb_lock_wait_timeout = 1")
    assert cancel(caller, held[0]).status == "CANCELLED"
    assert confirm(caller, held[1]).status == "CONFIRMED"
    admin.rollback()
    assert quota.used() == caller.used() == 2


def test_a_zone_stays_while_a_call_waits_that_will_close_a_period(
    quota: Quota, waits: Waits
) -> None:
    a_day_that_is_over_in_the_east(quota)
    first, session, admin = quota.connect(), quota.connect(), quota.connect()
    first.begin()
    rows(first, "SELECT * FROM tenant_quotas WHERE tenant_id = %s FOR UPDATE", quota.tenant_id)
    answer = waits(quota, session, lambda: quota.consume(10, on=session))
    move = "UPDATE tenants SET time_zone = '-12:00' WHERE tenant_id = %s"
    with ThreadPoolExecutor(max_workers=1) as pool:
        moved = pool.submit(lambda: rows(admin, move, quota.tenant_id))
        assert wait_until(lambda: waiting(quota, admin) or moved.done())
        was_waiting = not moved.done()
        first.commit()
        assert answer.result().status == "GRANTED"
        moved.result()
    assert was_waiting


def test_a_limit_that_sql_by_hand_adds_amid_a_charge_gets_no_ledger_row(
    quota: Quota, waits: Waits
) -> None:
    """Between the UPDATE and the INSERT of one level: nothing locks the gap there."""
    for limit_type in ("MONTHLY", "TOTAL"):
        quota.define(limit_type, 100)
    keeper, session = quota.connect(), quota.connect()
    name = f"pause {quota.tenant_id}"
    rows(quota.connection, "CREATE TRIGGER pause AFTER UPDATE ON tenant_quotas FOR EACH ROW"
         " DO IF(@pause_at = NEW.limit_type, GET_LOCK(@pause_name, 60), NULL)")  # fmt: skip
    try:
        rows(keeper, "DO GET_LOCK(%s, 0)", name)
        rows(session, "SET @pause_at = 'TOTAL', @pause_name = %s", name)
        with ThreadPoolExecutor(max_workers=1) as pool:
            answer = pool.submit(lambda: quota.consume(5, on=session))
            paused = (
                "SELECT COUNT(*) FROM information_schema.processlist WHERE id = %s AND state = %s"
            )
            assert wait_until(lambda: value(keeper, paused, session.thread_id(), "User lock"))
            rows(keeper, "INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type, hard_limit)"
                 " VALUES (%s, %s, 'DAILY', 100)", quota.tenant_id, quota.quota_type)  # fmt: skip
            rows(keeper, "DO RELEASE_LOCK(%s)", name)
            assert answer.result().status == "GRANTED"
    finally:
        rows(quota.connection, "DROP TRIGGER pause")
    assert (quota.used(), quota.used("TOTAL"), quota.used("DAILY")) == (5, 5, 0)
    quota.assert_adds_up(["DAILY", "MONTHLY", "TOTAL"])
