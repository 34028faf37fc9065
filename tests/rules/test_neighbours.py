"""A call in a caller's transaction keeps no other tenant's calls waiting until the commit."""

from __future__ import annotations

import json

import pymysql
import pytest

from tests.helpers.holds import cancel, reserve
from tests.helpers.server import connect as connect_to
from tests.helpers.support import Quota, apply_everything, at_once, call, rows, wait_until, waiting


@pytest.mark.parametrize("outcome", ["EXCEEDED", "REPLAYED", "GRANTED"])
def test_a_call_in_a_transaction_does_not_hold_up_other_quotas(quota: Quota, outcome: str) -> None:
    # What is taken back in a transaction leaves a gap locked behind it. In a key that all
    # tenants append to, that gap would be everybody's; so it reaches the next quota's first
    # row at most.
    neighbour = quota.sibling()
    for each in (quota, neighbour):
        each.define("MONTHLY", 5)
        each.consume(1, key="old")
    session = quota.connect(autocommit=False)
    rows(session, "SELECT COUNT(*) FROM tenants")  # what a transaction does first
    amount, key = {"EXCEEDED": (9, "zzz"), "REPLAYED": (1, "old"), "GRANTED": (1, "zzz")}[outcome]
    assert quota.consume(amount, key=key, on=session).status == outcome
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert neighbour.consume(1, key="p").status == "GRANTED"
    assert neighbour.consume(1, key="zzz").status == "GRANTED"
    session.rollback()


@pytest.mark.parametrize("what", ["consume", "batch", "reserve", "refund"])
def test_a_call_in_a_transaction_keeps_no_next_quota_waiting(quota: Quota, what: str) -> None:
    """Its reads end where its own limits do: a range would lock the row that comes next."""
    for limit_type in ("MONTHLY", "TOTAL"):
        quota.define(limit_type, 5)
    neighbour = Quota(lambda: quota.connection, quota.tenant_id, f"{quota.quota_type}_2")
    neighbour.define("DAILY", 5)  # the next row of key tenant_quotas_natural
    neighbour.consume(1, key="a")
    quota.consume(1, key="old")
    who = (quota.tenant_id, quota.quota_type)
    session = quota.connect(autocommit=False)
    if what == "consume":
        answer = quota.consume(1, key="k", on=session)
    elif what == "batch":
        items = f'[{{"quota_type": "{quota.quota_type}", "amount": 1}}]'
        answer = call(session, "consume_quota_batch", quota.tenant_id, items)
    elif what == "reserve":
        answer = call(session, "reserve_quota", *who, 1, 60, "ORDER", "r", None)
    else:
        answer = call(session, "refund_quota", *who, 1, "ORDER", "old", "r")
    assert (answer.status, answer.transaction) == ("GRANTED", "JOINED")
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert neighbour.consume(1, key="k").status == "GRANTED"
    session.rollback()


@pytest.mark.parametrize(
    ("isolation", "has_row", "waits"),
    [
        ("REPEATABLE READ", False, True),
        ("REPEATABLE READ", True, False),
        ("READ COMMITTED", False, False),
    ],
)
def test_who_has_no_row_in_tenants_may_keep_new_tenants_waiting(
    quota: Quota, isolation: str, has_row: bool, waits: bool
) -> None:
    """As docs/applications.md says: such a call in a transaction locks the gap where its row would be."""
    before, new, behind = (quota.sibling(name) for name in ("a", "n", "z"))
    before.define_tenant()
    behind.define_tenant()
    mine = quota.sibling("m")
    if has_row:
        mine.define_tenant()
    mine.define("MONTHLY", 5)
    session = quota.connect(autocommit=False)
    rows(session, f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
    assert mine.consume(1, on=session).transaction == "JOINED"
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    if waits:
        with pytest.raises(pymysql.err.OperationalError, match="1205"):
            new.define_tenant()
        assert behind.define_tenant().status == "UNCHANGED", "only new rows wait"
        session.rollback()
    assert new.define_tenant().status == "CREATED"
    session.rollback()


@pytest.mark.parametrize("what", ["refund", "cancel"])
def test_on_a_young_table_what_is_given_back_in_a_transaction_keeps_nobody_else_waiting(
    empty_schema: str, what: str
) -> None:
    # There the server would rather read all quotas, and lock them, than look one up.
    apply_everything(empty_schema)
    with connect_to(empty_schema, autocommit=True) as other, connect_to(empty_schema) as mine:
        rows(mine, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        rows(other, "SET SESSION innodb_lock_wait_timeout = 1")
        for tenant_id in ("A", "B"):
            call(other, "define_quota", tenant_id, "UNITS", "TOTAL", 10, None, None)
        if what == "refund":
            call(other, "consume_quota", "B", "UNITS", 1, "ORDER", "k", None)
            back = call(mine, "refund_quota", "B", "UNITS", 1, "ORDER", "k", "r")
        else:
            held = call(other, "reserve_quota", "B", "UNITS", 1, 600, None, None, None)
            back = call(mine, "cancel_quota_reservation", held.reservation_id)
        assert (back.success, back.transaction) == (1, "JOINED")
        assert call(other, "consume_quota", "A", "UNITS", 1, None, None, None).success


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_a_replay_in_a_transaction_keeps_no_other_tenants_key_waiting(
    quota: Quota, isolation: str
) -> None:
    before, replaying = quota, quota.sibling("z")  # their ledger rows are neighbours
    before.define("TOTAL", 10)
    replaying.define("TOTAL", 10)
    replaying.consume(1, key="k2")
    session = quota.connect(autocommit=False)
    rows(session, f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
    assert replaying.consume(1, key="k2", on=session).status == "REPLAYED"
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert before.consume(1, key="k5").status == "GRANTED"
    session.rollback()


@pytest.mark.parametrize("how", ["consume", "batch"])
@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_a_replay_in_a_transaction_holds_up_no_neighbour(
    quota: Quota, isolation: str, how: str
) -> None:
    """A key that the ledger refuses would keep the gap before it locked, until the commit."""
    before, mine = quota.sibling("1"), quota.sibling("2")
    for each, key in ((before, "a"), (mine, "k")):
        each.define("MONTHLY", 100)
        each.consume(1, key=key)
    holder, other = quota.connect(), quota.connect()
    rows(holder, f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
    rows(other, "SET SESSION innodb_lock_wait_timeout = 2")
    holder.begin()
    assert mine.consume(1, key="n", on=holder).status == "GRANTED"
    if how == "consume":
        again = mine.consume(1, key="k", on=holder)
    else:
        item = {"quota_type": mine.quota_type, "amount": 1, "biz_type": "ORDER", "biz_id": "k"}
        again = call(holder, "consume_quota_batch", mine.tenant_id, json.dumps([item]))
    assert again.status == "REPLAYED"
    assert before.consume(1, key="b", on=other).status == "GRANTED"
    holder.commit()
    assert (before.used(), mine.used()) == (2, 2)


def test_a_denial_in_a_transaction_keeps_no_neighbours_alert_waiting(quota: Quota) -> None:
    """An alert that is written, undone and written again would leave the gap after it locked."""
    neighbour = quota.sibling()
    for each in (quota, neighbour):
        each.define("MONTHLY", 5)
    session = quota.connect(autocommit=False)
    rows(session, "SELECT COUNT(*) FROM tenants")
    assert quota.consume(9, key="k", on=session).status == "EXCEEDED"
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert neighbour.consume(9, key="k").status == "EXCEEDED"
    session.commit()
    written = "SELECT COUNT(*) FROM quota_alerts WHERE tenant_id IN (%s, %s)"
    assert rows(session, written, quota.tenant_id, neighbour.tenant_id) == [(2,)]


def test_a_call_that_begins_again_in_a_transaction_holds_up_no_neighbour(quota: Quota) -> None:
    """A child's ledger row that is undone, because its parent has an alert to write, leaves a gap locked."""
    before, child = quota.sibling(), quota.child()
    before.define("MONTHLY", 5)
    child.define("MONTHLY", 5)
    quota.define("MONTHLY", 5, soft_limit=3)
    session = quota.connect(autocommit=False)
    assert before.consume(1, key="a", on=session).status == "GRANTED"
    session.commit()
    assert quota.consume(1, on=session).status == "GRANTED"
    assert child.consume(2, key="m", on=session).status == "GRANTED"
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert before.consume(1, key="b").status == "GRANTED"
    session.rollback()
    assert (quota.used(), child.used(), child.ledger()) == (0, 0, [])


@pytest.mark.parametrize("kind", ["RATE", "DAILY"])
def test_a_known_key_beside_a_limit_without_it_locks_no_gap(quota: Quota, kind: str) -> None:
    """A RATE limit has no ledger rows, and a limit that was defined later has not that one."""
    before, other = quota.sibling("1"), quota.sibling("2")
    for each in (before, other):
        each.define("MONTHLY", 5)
    if kind == "RATE":  # between the neighbour's rows and its own
        quota.define("RATE", 5, refill_per_second=1)
    quota.define("MONTHLY", 5)
    before.consume(1, key="a")
    quota.consume(1, key="m")
    if kind == "DAILY":
        before.define("DAILY", 5)
        before.consume(1, key="c")
        quota.define("DAILY", 5)
    session = quota.connect(autocommit=False)
    assert other.consume(1, on=session).status == "GRANTED"  # so that nothing is given up
    assert quota.consume(1, key="m", on=session).status == "REPLAYED"
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert before.consume(1, key="d").status == "GRANTED"
    session.rollback()


def test_a_reservation_that_is_denied_waits_for_no_neighbours_hold(quota: Quota) -> None:
    """At READ COMMITTED a plain look shows the newest holds: no range, whose end is a neighbour's row."""
    neighbour = quota.sibling()
    for each in (quota, neighbour):
        each.define("MONTHLY", 5)
    holder, session = quota.connect(autocommit=False), quota.connect(autocommit=False)
    cancel(neighbour, reserve(neighbour, 1, on=holder), on=holder)
    rows(session, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    rows(session, "SET innodb_lock_wait_timeout = 1")
    session.commit()
    assert quota.consume(3, on=session).status == "GRANTED"
    assert reserve(quota, 4, on=session).status == "EXCEEDED"
    session.rollback()
    holder.rollback()


def test_who_asks_for_a_key_has_all_its_quotas_first(quota: Quota) -> None:
    """Asking leaves a gap of the ledger locked, and a charge that waits there may have the next one."""
    quota.define_tenant()
    child = quota.child()
    for each in (quota, child):
        each.define("MONTHLY", 5)
    child.consume(1, key="a")
    earlier = Quota(quota.connect, quota.tenant_id, "EARLIER")
    earlier.define("MONTHLY", 5)
    session, holder = quota.connect(autocommit=False), quota.connect(autocommit=False)
    earlier.consume(1, on=session)  # so that the call's end gives up no lock
    rows(
        holder,
        "SELECT 1 FROM tenant_quotas WHERE quota_id = %s FOR UPDATE",
        quota.column("quota_id"),
    )

    def work(number: int) -> str:
        if number:
            return str(child.consume(6, key="m", on=session).status)
        try:
            assert wait_until(lambda: waiting(quota, session))
            rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
            rows(
                quota.connection,
                "INSERT INTO quota_usage_records"
                " (quota_id, tenant_id, operation_type, delta_value, biz_type, biz_id)"
                " VALUES (%s, %s, 'CONSUME', 0, 'ORDER', 'b')",
                *(child.column("quota_id"), child.tenant_id),
            )
        finally:
            holder.rollback()
        return ""

    assert at_once(2, work) == ["", "EXCEEDED"]
    session.rollback()


@pytest.mark.parametrize("transaction", ["OWN", "JOINED"])
def test_who_is_refused_a_key_waits_for_no_quota(quota: Quota, transaction: str) -> None:
    """The refusal leaves a gap locked as well; a slot has paid, so nobody holds the quota's row."""
    quota.define("MONTHLY", 10**6, slot_count=4)
    session, holder = quota.connect(), quota.connect(autocommit=False)
    quota.consume(1, on=session)
    if transaction == "JOINED":
        session.begin()
        rows(session, "SELECT * FROM quota_usage_records")  # its snapshot is older than the key
    quota.consume(1, key="k")
    rows(holder, "SELECT 1 FROM tenant_quotas WHERE tenant_id = %s FOR UPDATE", quota.tenant_id)
    rows(session, "SET innodb_lock_wait_timeout = 1")
    assert quota.consume(1, key="k", on=session).status == "REPLAYED"
    holder.rollback()
    session.rollback()
    quota.assert_adds_up()
