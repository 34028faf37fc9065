"""tenant_quota.client on PyMySQL: typed answers, and nothing of the caller's lost or charged twice."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pymysql
import pytest
from pymysql.connections import Connection

from tenant_quota import client
from tenant_quota.client import LimitType, Status, Transaction
from tenant_quota.client.errors import code_and_text
from tests.helpers.kills import cut_connection, ended_at
from tests.helpers.support import (
    Quota,
    call,
    no_transaction_is_open,
    rows,
    value,
    wait_until,
    waiting,
)

Open = Callable[..., Connection]
HEAVY = {"click", "rich", "yoyo", "pymysql", "MySQLdb", "mysql", "sqlalchemy", "django"}


@pytest.fixture
def session(connect: Open) -> Connection:
    """Give the application's connection, another than the one that the test looks with."""
    return connect()


@pytest.fixture
def ours(quota: Quota, session: Connection) -> client.Quota:
    """Give the client on that connection; it may open no other."""
    return client.Quota(session, quota.tenant_id)


@pytest.fixture
def reconnecting(quota: Quota, session: Connection, connect: Open) -> client.Quota:
    """Give the client on that connection, with a function that opens another."""
    return client.Quota(session, quota.tenant_id, connect=connect)


@contextmanager
def work_that_waits(
    quota: Quota, session: Connection, work: Callable[[], Any], *, timeout: int = 50
) -> Iterator[Any]:
    """Run ``work`` in a thread until it waits for the quota's row; let go at the end."""
    rows(session, f"SET innodb_lock_wait_timeout = {timeout}")
    holder = quota.connect()
    holder.begin()
    rows(holder, "SELECT 1 FROM tenant_quotas WHERE tenant_id = %s FOR UPDATE", quota.tenant_id)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        assert wait_until(lambda: waiting(quota, session))
        yield future
        holder.rollback()


def test_the_client_imports_neither_a_driver_nor_what_the_command_needs():
    code = "import sys, tenant_quota.client; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "tenant_quota" in done.stdout.split()
    assert HEAVY & set(done.stdout.split()) == set()


def test_an_answer_has_types(quota, ours):
    quota.define("MONTHLY", 10)
    answer = ours.consume("REDEEM_CODE", 4, biz_type="ORDER", biz_id="order-🎁")
    assert answer.success is True
    assert (answer.status, answer.transaction) == (Status.GRANTED, Transaction.OWN)
    assert (answer.limit_type, answer.hard_limit) == (LimitType.MONTHLY, 10)
    assert (answer.used_count, answer.remaining, answer.retry_after) == (4, 6, None)
    assert isinstance(answer.next_reset_time, datetime)
    again = ours.consume("REDEEM_CODE", 4, biz_type="ORDER", biz_id="order-🎁")
    assert again.status is Status.REPLAYED
    assert quota.ledger() == [4]


def test_a_connection_whose_rows_are_dictionaries_does_as_well(quota, connect):
    quota.define("MONTHLY", 10)
    session = connect(cursorclass=pymysql.cursors.DictCursor)
    assert client.Quota(session, quota.tenant_id).consume("REDEEM_CODE", 4).used_count == 4


def test_every_result_of_a_call_is_read(ours, quota, session):
    quota.define("MONTHLY", 10)
    ours.consume("REDEEM_CODE")
    assert value(session, "SELECT 7") == 7


def test_a_denial_is_an_answer_and_an_error_only_where_that_is_asked_for(quota, ours):
    quota.define("RATE", 5, refill_per_second=0.4)
    ours.consume_or_raise("REDEEM_CODE", 5)
    answer = ours.consume("REDEEM_CODE", 1)
    assert (answer.success, answer.status) == (False, Status.EXCEEDED)
    with pytest.raises(client.QuotaExceeded, match="EXCEEDED by the RATE limit") as raised:
        ours.consume_or_raise("REDEEM_CODE", 1)
    wait = raised.value.answer.retry_after
    assert wait is not None
    assert timedelta(seconds=2) < wait <= timedelta(seconds=2.5)
    assert raised.value.answer.retry_after_seconds == 3
    assert ours.consume("NOWHERE").status is Status.NO_QUOTA
    assert ours.consume("NOWHERE").retry_after_seconds is None


def test_check_refund_and_batch(quota, ours):
    quota.define("MONTHLY", 10)
    key = {"biz_type": "ORDER", "biz_id": "1"}
    assert ours.check("REDEEM_CODE", 10).remaining == 0
    ours.consume("REDEEM_CODE", 6, **key)
    assert ours.refund("REDEEM_CODE", 2, refund_id="r", **key).used_count == 4
    assert ours.refund("REDEEM_CODE", 2, refund_id="r", **key).status is Status.REPLAYED
    assert ours.refund("REDEEM_CODE", refund_id="rest", **key).used_count == 0
    items = [client.Item("REDEEM_CODE", 6, "ORDER", "2"), client.Item("REDEEM_CODE", 5)]
    denied = ours.batch(items)
    assert (denied.status, denied.item_index) == (Status.EXCEEDED, 1)
    assert ours.batch(items[:1]).status is Status.GRANTED
    assert quota.used() == 6


@pytest.mark.parametrize(
    ("before", "amount", "key", "kind", "words"),
    [
        ("", 0, "new", client.InvalidArgument, "invalid_argument: p_amount"),
        ("SET unique_checks = 0", 1, "new", client.InvalidArgument, "unique_checks"),
        ("", 2, "old", client.KeyReused, "key_reused: "),
        ("SET timestamp = 1", 1, "new", client.ClockPinned, "clock_pinned: "),
    ],
    ids=["argument", "session", "key", "clock"],
)
def test_a_mistake_is_an_error_in_the_servers_words(
    quota, ours, session, before, amount, key, kind, words
):
    quota.define("MONTHLY", 10)
    quota.consume(1, key="old")
    rows(session, before or "DO 1")
    with pytest.raises(kind, match=words) as raised:
        ours.consume("REDEEM_CODE", amount, biz_type="ORDER", biz_id=key)
    assert isinstance(raised.value.__cause__, pymysql.err.MySQLError)
    assert quota.ledger() == [1]


def test_an_error_that_is_not_ours_rises_as_the_driver_has_it(quota, ours):
    with pytest.raises(pymysql.err.MySQLError) as raised:
        ours.consume("X" * 300)
    assert code_and_text(raised.value)[0] == 1406


@pytest.mark.parametrize(("moment", "status"), [("before", "GRANTED"), ("after", "REPLAYED")])
def test_a_lost_connection_is_settled_by_the_key_on_a_new_one(
    quota, reconnecting, session, moment, status
):
    quota.define("MONTHLY", 10)
    with ended_at(1, moment, cut_connection) as statements:
        answer = reconnecting.consume("REDEEM_CODE", 3, biz_type="ORDER", biz_id="k")
    assert statements.ended_at.startswith("CALL consume_quota")
    assert (answer.status, answer.transaction, quota.ledger()) == (status, "OWN", [3])
    # The dead connection is the caller's to replace; the key still settles every call on it.
    assert not session.open
    assert reconnecting.consume("REDEEM_CODE", 3, biz_type="ORDER", biz_id="k").success


@pytest.mark.parametrize("why", ["no key", "no function", "a transaction"])
def test_after_a_lost_connection_it_does_not_call_again(quota, session, connect, why):
    quota.define("MONTHLY", 10)
    ours = client.Quota(session, quota.tenant_id, connect=None if why == "no function" else connect)
    key = {} if why == "no key" else {"biz_type": "ORDER", "biz_id": "k"}
    if why == "a transaction":
        session.begin()
    with (
        ended_at(1, "after", cut_connection) as statements,
        pytest.raises(pymysql.err.OperationalError) as raised,
    ):
        ours.consume("REDEEM_CODE", 3, **key)
    assert raised.value.args[0] == 2013
    assert len(statements.sent) == 1
    expected = [] if why == "a transaction" else [3]
    assert wait_until(lambda: quota.ledger() == expected)


def test_a_connection_of_its_own_is_committed_and_replaced(quota, connect):
    quota.define("MONTHLY", 10)
    with client.Quota(None, quota.tenant_id, connect=lambda: connect(autocommit=False)) as ours:
        ours.consume("REDEEM_CODE", 1)
        assert quota.ledger() == [1]
        rows(quota.connection, f"KILL {ours._opened.thread_id()}")
        ours.consume("REDEEM_CODE", 2, biz_type="ORDER", biz_id="k")
        rows(quota.connection, f"KILL {ours._opened.thread_id()}")
        with pytest.raises(pymysql.err.OperationalError):
            ours.consume("REDEEM_CODE", 3)  # without a key: it may have been done
        ours.consume("REDEEM_CODE", 3)
        opened = ours._opened
    assert quota.ledger() == [1, 2, 3]
    assert not opened.open


def test_a_lock_wait_in_a_transaction_of_its_own_is_tried_again(quota, ours, session):
    quota.define("MONTHLY", 10)
    with work_that_waits(
        quota, session, lambda: ours.consume("REDEEM_CODE", 3), timeout=1
    ) as waits:
        time.sleep(1.2)  # the first try has failed by now
        assert not waits.done()
    assert waits.result().status is Status.GRANTED
    assert quota.ledger() == [3]


def test_a_lock_wait_in_the_callers_transaction_is_the_callers(quota, ours, session):
    quota.define("MONTHLY", 10)
    other = quota.sibling()
    other.define("MONTHLY", 10)
    session.begin()
    other.consume(2, on=session)
    with work_that_waits(
        quota, session, lambda: ours.consume("REDEEM_CODE", 3), timeout=1
    ) as waits:
        assert code_and_text(waits.exception(timeout=10))[0] == 1205
    session.commit()
    assert (quota.ledger(), other.ledger()) == ([], [2])


def test_a_procedure_that_an_upgrade_replaces_is_called_again(quota, ours, session):
    quota.define("MONTHLY", 10)
    name = f"late_{quota.tenant_id.lower()}"
    call_it = f"CALL consume_quota('{quota.tenant_id}', 'REDEEM_CODE', 1, NULL, NULL, NULL)"
    create = threading.Timer(0.15, rows, (quota.connection, f"CREATE PROCEDURE {name}() {call_it}"))
    session.begin()
    with pytest.raises(pymysql.err.MySQLError, match=f"{name} does not exist"):
        ours.call(name)  # in a transaction: the caller's to do again
    session.rollback()
    create.start()
    try:
        assert ours.call(name).status is Status.GRANTED
    finally:
        create.join()
        rows(quota.connection, f"DROP PROCEDURE {name}")
    assert quota.ledger() == [1]


@pytest.mark.parametrize("joins", [False, True], ids=["its own", "the caller's"])
def test_a_killed_call_is_rolled_back_and_says_so(quota, ours, session, joins):
    quota.define("MONTHLY", 10)
    quota.define("TOTAL", 10)
    other = quota.sibling()
    other.define("MONTHLY", 10)
    if joins:
        session.begin()
        other.consume(2, on=session)
    with work_that_waits(quota, session, lambda: ours.consume("REDEEM_CODE", 3)) as waits:
        rows(quota.connection, f"KILL QUERY {session.thread_id()}")
        assert isinstance(waits.exception(timeout=10), client.Interrupted)
    assert no_transaction_is_open(session)
    session.commit()
    assert (quota.ledger(), other.ledger()) == ([], [])
    assert ours.consume("REDEEM_CODE", 3).transaction is Transaction.OWN


def test_what_an_earlier_killed_call_has_left_is_rolled_back(quota, ours, session):
    quota.define("MONTHLY", 10)
    quota.define("TOTAL", 10)

    def unseen() -> None:
        with pytest.raises(pymysql.err.MySQLError):
            quota.consume(3, on=session)

    with work_that_waits(quota, session, unseen) as waits:
        rows(quota.connection, f"KILL QUERY {session.thread_id()}")
        waits.result(timeout=10)
    with pytest.raises(client.Interrupted, match="interrupted: an earlier call"):
        ours.consume("REDEEM_CODE", 1)
    assert ours.consume("REDEEM_CODE", 1).transaction is Transaction.OWN
    assert quota.ledger() == [1]


def test_it_warns_once_where_nobody_has_begun_what_somebody_must_commit(quota, connect):
    quota.define("MONTHLY", 10)
    session = connect(autocommit=False)
    ours = client.Quota(session, quota.tenant_id)
    with pytest.warns(client.NobodyCommits, match="Autocommit is off"):
        assert ours.consume("REDEEM_CODE").transaction is Transaction.JOINED
    begun = client.Quota(session, quota.tenant_id)
    in_block = client.Quota(connect(), quota.tenant_id)
    in_block._given.driver.begin()  # type: ignore[union-attr]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours.consume("REDEEM_CODE")  # once
        session.rollback()
        rows(session, "SELECT 1 FROM tenant_quotas")  # this has begun one, as the caller knows
        assert begun.consume("REDEEM_CODE").transaction is Transaction.JOINED
        session.rollback()
        assert in_block.consume("REDEEM_CODE").transaction is Transaction.JOINED


def leases(quota: Quota) -> list[str]:
    return [
        state
        for (state,) in rows(
            quota.connection,
            "SELECT status FROM quota_reservations WHERE tenant_id = %s ORDER BY created_at",
            quota.tenant_id,
        )
    ]


def test_a_lease_with_a_connection_of_its_own_outlives_its_time(quota, reconnecting, session):
    quota.define("CONCURRENT", 1)
    session.begin()  # the work's transaction has nothing to do with the lease
    with reconnecting.lease("REDEEM_CODE", "worker-1", ttl=timedelta(seconds=1)) as lease:
        with (
            pytest.raises(client.QuotaExceeded),
            reconnecting.lease("REDEEM_CODE", "worker-2"),
        ):
            pass
        time.sleep(1.3)
        lease.keep()
        assert not quota.acquire()
    assert quota.acquire()
    assert no_transaction_is_open(session) is False


def test_a_lease_is_renewed_on_a_new_connection_after_a_lost_one(quota, reconnecting):
    quota.define("CONCURRENT", 1)
    with reconnecting.lease("REDEEM_CODE", "worker-1", ttl=timedelta(seconds=2)) as lease:
        rows(quota.connection, f"KILL {lease._caller._opened.thread_id()}")
        time.sleep(1)
        expires_in = "SELECT TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), expires_at) / 1000000"
        expires_in += " FROM quota_reservations WHERE reservation_id = %s"
        assert value(quota.connection, expires_in, lease.lease_id) > 1.2
    assert quota.acquire()


def test_a_token_is_taken_and_returned(quota, ours):
    quota.define("CONCURRENT", 1)
    assert ours.take_token("REDEEM_CODE").status is client.Status.GRANTED
    assert ours.take_token("REDEEM_CODE").status is client.Status.EXCEEDED
    assert ours.return_token("REDEEM_CODE").status is client.Status.RELEASED
    late = ours.return_token("REDEEM_CODE")
    assert (late.success, late.status) == (False, client.Status.NOT_FOUND)


def test_a_hold_says_how_long_it_lasts_and_a_denied_one_when_to_try_again(quota, ours):
    quota.define("CONCURRENT", 1)
    who = (quota.tenant_id, "REDEEM_CODE")
    held = ours.call("acquire_quota_lease", *who, "worker-1", 600)
    assert timedelta(minutes=9) < held.expires_in <= timedelta(minutes=10)
    denied = ours.take_token("REDEEM_CODE")
    assert denied.expires_in is None
    assert timedelta(minutes=9) < denied.retry_after <= timedelta(minutes=10, milliseconds=1)


def test_a_lease_on_the_callers_connection_is_renewed_at_checkpoints(quota, ours):
    quota.define("CONCURRENT", 1)
    with ours.lease("REDEEM_CODE", "worker-1", ttl=timedelta(seconds=1)) as lease:
        for _ in range(3):
            time.sleep(0.4)
            lease.keep()
        assert lease.is_held
        assert not quota.acquire()
    assert quota.acquire()


def test_a_lease_that_is_lost_is_told_at_the_next_checkpoint_and_at_the_end(quota, ours):
    quota.define("CONCURRENT", 1)

    def lose(lease: client.Lease) -> None:
        call(quota.connection, "release_quota_lease", lease.lease_id)

    with ours.lease("REDEEM_CODE", "worker-1", ttl=timedelta(seconds=1)) as lease:
        lose(lease)
        time.sleep(0.4)
        with pytest.raises(client.HoldLost, match="the lease is lost: RELEASED"):
            lease.keep()
        assert not lease.is_held
    with (
        pytest.raises(client.HoldLost, match="EXPIRED"),
        ours.lease("REDEEM_CODE", "worker-1", ttl=timedelta(seconds=1)),
    ):
        time.sleep(1.1)


def test_a_lease_that_is_lost_does_not_hide_the_works_own_error(quota, ours):
    quota.define("CONCURRENT", 1)

    def work() -> None:
        with ours.lease("REDEEM_CODE", "worker-1") as lease:
            call(quota.connection, "release_quota_lease", lease.lease_id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()


def test_a_reservation_is_confirmed_at_the_end_and_cancelled_by_an_error(quota, ours):
    quota.define("MONTHLY", 10)
    ttl = timedelta(minutes=15)
    with ours.reservation("REDEEM_CODE", 4, ttl=ttl, biz_type="CART", biz_id="1") as held:
        assert quota.used() == 4
        assert len(held.reservation_id) == 36
    assert quota.used() == 4
    with ours.reservation("REDEEM_CODE", 4, ttl=ttl) as held:
        assert held.confirm(1).used_count == 5
    with pytest.raises(ZeroDivisionError), ours.reservation("REDEEM_CODE", 4, ttl=ttl):
        raise ZeroDivisionError
    with pytest.raises(client.QuotaExceeded), ours.reservation("REDEEM_CODE", 6, ttl=ttl):
        pass
    assert (quota.used(), leases(quota)) == (5, ["CONFIRMED", "CONFIRMED", "CANCELLED"])


def test_a_reservation_that_has_expired_is_told(quota, ours):
    quota.define("MONTHLY", 10)
    with (
        pytest.raises(client.HoldLost, match="the reservation is lost: EXPIRED") as raised,
        ours.reservation("REDEEM_CODE", 4, ttl=timedelta(seconds=1)),
    ):
        time.sleep(1.1)
    assert raised.value.answer is not None
