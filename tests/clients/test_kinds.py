"""tenant_quota.client on each kind of connection: one contract, whatever the driver shows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from tenant_quota.client import (
    Interrupted,
    InvalidArgument,
    KeyReused,
    NobodyCommits,
    QuotaError,
    Status,
    Transaction,
    may_do_again,
)
from tests.clients.conftest import Shop
from tests.clients.kinds import ALCHEMY, KINDS, Kind, connector_in_c, pymysql, skip_without_c
from tests.helpers.support import rows, wait_until

Open = Callable[..., Kind]
KEY = {"biz_type": "ORDER", "biz_id": "order-🎁"}


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def open_kind(request: pytest.FixtureRequest, shop: Shop) -> Iterator[Open]:
    """Give a function that opens a connection of this kind; autocommit is on unless asked."""
    if request.param is connector_in_c:
        skip_without_c()
    opened = []

    def open_one(*, autocommit: bool = True, in_block: bool = False) -> Kind:
        # SQLAlchemy's AUTOCOMMIT knows no transactions; the others have them in autocommit too.
        autocommit = request.param not in ALCHEMY if in_block else autocommit
        kind: Kind = request.param(shop, autocommit=autocommit)
        opened.append(kind)
        if in_block:
            kind.begin()
        return kind

    yield open_one
    for kind in opened:
        with suppress(Exception):  # it may be lost
            kind.close()


def test_alone_a_call_is_durable_and_its_results_are_read(shop: Shop, open_kind: Open):
    kind = open_kind()
    answer = kind.quota().consume("REDEEM_CODE", 2, **KEY)
    assert (answer.status, answer.transaction) == (Status.GRANTED, Transaction.OWN)
    assert (answer.used_count, answer.remaining, answer.hard_limit) == (2, 3, 5)
    assert kind.quota().consume("REDEEM_CODE", 2, **KEY).status is Status.REPLAYED
    assert shop.ledger() == [("order-🎁", 2)]
    assert kind.run("SELECT 7")[0][0] == 7


def test_in_the_callers_transaction_it_is_the_callers(shop: Shop, open_kind: Open):
    kind = open_kind(in_block=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", NobodyCommits)
        answer = kind.quota().consume("REDEEM_CODE", 2, **KEY)
    assert answer.transaction is Transaction.JOINED
    kind.rollback()
    assert shop.ledger() == []
    kind.begin()
    kind.quota().consume("REDEEM_CODE", 2, **KEY)
    kind.commit()
    assert shop.ledger() == [("order-🎁", 2)]


def test_where_nobody_has_begun_it_warns(shop: Shop, open_kind: Open):
    kind = open_kind(autocommit=False)
    with pytest.warns(NobodyCommits):
        kind.quota().consume("REDEEM_CODE")


def test_mistakes_have_their_errors(shop: Shop, open_kind: Open):
    quota = open_kind().quota()
    quota.consume("REDEEM_CODE", 2, **KEY)
    with pytest.raises(KeyReused, match=r"^key_reused: "):
        quota.consume("REDEEM_CODE", 1, **KEY)
    with pytest.raises(InvalidArgument, match=r"^invalid_argument: p_amount"):
        quota.consume("REDEEM_CODE", 0)
    assert quota.consume("REDEEM_CODE", 1).success


def while_it_waits(shop: Shop, work: Callable[[], Any], meanwhile: Callable[[int], Any]) -> Any:
    """Run ``work`` in a thread against a lock; return its result or its error."""
    with ThreadPoolExecutor(1) as pool, shop.locked() as holder:
        future = pool.submit(work)
        assert wait_until(shop.waits)
        meanwhile(shop.waits()[0][0])
        wait_until(future.done, 2.5)
        holder.rollback()
        return future.exception(timeout=30) or future.result()


def in_its_thread(open_kind: Open, *, alone: bool, connect: Callable[[], Any] | None) -> Any:
    """Insert an order and consume; return the answer, or the error after a try to commit.

    Django's connection is of its thread, so all of it happens there.
    """
    kind = open_kind(in_block=not alone)
    kind.run("SET innodb_lock_wait_timeout = 2")
    if not alone:
        kind.run("INSERT INTO orders VALUES ('before', 'CH_123', 1)")
    try:
        return kind.quota(connect).consume("REDEEM_CODE", 2, **KEY)
    except Exception as error:
        if isinstance(error, Interrupted):
            try:
                kind.commit()
            except Exception as refused:
                error.__context__ = refused
        else:
            kind.rollback()
        return error
    finally:
        kind.close()


def test_alone_a_lock_wait_is_tried_again(shop: Shop, open_kind: Open):
    work = partial(in_its_thread, open_kind, alone=True, connect=None)
    answer = while_it_waits(shop, work, lambda _: None)
    assert answer.status is Status.GRANTED
    assert shop.ledger() == [("order-🎁", 2)]


def test_in_a_transaction_a_lock_wait_is_the_callers(shop: Shop, open_kind: Open):
    work = partial(in_its_thread, open_kind, alone=False, connect=None)
    error = while_it_waits(shop, work, lambda _: None)
    assert may_do_again(error)
    assert not isinstance(error, QuotaError)
    assert (shop.ledger(), shop.orders()) == ([], [])


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in a transaction"])
def test_a_killed_call_leaves_nothing_that_a_commit_would_keep(
    shop: Shop, open_kind: Open, alone: bool
):
    work = partial(in_its_thread, open_kind, alone=alone, connect=None)
    error = while_it_waits(shop, work, lambda number: rows(shop.admin, f"KILL QUERY {number}"))
    assert isinstance(error, Interrupted)
    assert may_do_again(error)
    assert (shop.ledger(), shop.orders()) == ([], [])


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in a transaction"])
def test_a_lost_connection_is_settled_only_where_nothing_of_the_callers_is_lost(
    shop: Shop, open_kind: Open, alone: bool
):
    work = partial(
        in_its_thread,
        open_kind,
        alone=alone,
        connect=lambda: pymysql(shop, autocommit=True).connection,
    )
    found = while_it_waits(shop, work, lambda number: rows(shop.admin, f"KILL {number}"))
    if alone:
        assert found.status is Status.GRANTED
    else:
        assert may_do_again(found)
    assert (shop.ledger(), shop.orders()) == ([("order-🎁", 2)] if alone else [], [])
