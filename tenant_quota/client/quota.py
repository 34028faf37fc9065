"""One tenant's quotas on one connection: the calls, and when to call again by itself."""

from __future__ import annotations

import contextlib
import json
import random
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import timedelta

from tenant_quota.client import connections
from tenant_quota.client.answers import Answer, Item, Transaction
from tenant_quota.client.errors import (
    AGAIN,
    AGAIN_WITH_KEY,
    LOST,
    Interrupted,
    NobodyCommits,
    QuotaExceeded,
    code_and_text,
    in_our_words,
)
from tenant_quota.client.holds import Lease, Reservation, whole_seconds


class Quota:
    """The quotas of one tenant. As thread-safe as its connection: one thread at a time.

    ``connection`` is the application's, and its transaction decides. If it is None, the calls
    run on a connection of their own, which ``connect`` opens and ``close`` closes.

    ``connect`` returns a new connection of any kind. It is used after a lost connection, for
    calls that have a key, and for leases; the calls on it are committed at once.

    ``attempts`` is how often one call is made at most. It is made again only if it ran in a
    transaction of its own, so that nothing of the caller's is lost: after a deadlock, a lock
    wait, or while an upgrade replaces a procedure; after a lost connection only with a key
    and ``connect``. The driver's other errors rise as they are.
    """

    def __init__(
        self,
        connection: connections.Driver | None,
        tenant_id: str,
        *,
        connect: Callable[[], connections.Driver] | None = None,
        attempts: int = 6,
    ) -> None:
        if connection is None and connect is None:
            raise TypeError("give a connection, or a function that opens one")
        self.tenant_id = tenant_id
        self._connect = connect
        self._attempts = attempts
        self._owns = connection is None
        self._given = None if connection is None else connections.wrap(connection)
        self._opened: connections.Driver = None
        self._has_looked = False  # whether anybody will commit
        self._pause: Callable[[float], None] = time.sleep  # seconds

    def consume(
        self,
        quota_type: str,
        amount: int = 1,
        *,
        biz_type: str | None = None,
        biz_id: str | None = None,
        product_code: str | None = None,
    ) -> Answer:
        """Use units. The key (``biz_type``, ``biz_id``) charges once."""
        arguments = (quota_type, amount, biz_type, biz_id, product_code)
        return self.call("consume_quota", self.tenant_id, *arguments, has_key=biz_id is not None)

    def consume_or_raise(
        self,
        quota_type: str,
        amount: int = 1,
        *,
        biz_type: str | None = None,
        biz_id: str | None = None,
        product_code: str | None = None,
    ) -> Answer:
        """Use units, or raise QuotaExceeded."""
        answer = self.consume(
            quota_type, amount, biz_type=biz_type, biz_id=biz_id, product_code=product_code
        )
        if not answer.success:
            raise QuotaExceeded(answer)
        return answer

    def check(self, quota_type: str, amount: int = 1, *, product_code: str | None = None) -> Answer:
        """Return what ``consume`` would answer now. It charges nothing."""
        arguments = (self.tenant_id, quota_type, amount, product_code)
        return self.call("check_quota", *arguments, has_key=True, writes=False)

    def refund(
        self,
        quota_type: str,
        amount: int | None = None,
        *,
        biz_type: str | None,
        biz_id: str,
        refund_id: str,
    ) -> Answer:
        """Give back what a key charged, or part of it; the same ``refund_id`` does it once."""
        arguments = (self.tenant_id, quota_type, amount, biz_type, biz_id, refund_id)
        return self.call("refund_quota", *arguments, has_key=True)

    def batch(self, items: Iterable[Item]) -> Answer:
        """Use units of several quota types, all or none; at most 1,000 items."""
        given = list(items)
        # Names that are None are left out, as the procedure has it.
        plain = [{k: v for k, v in asdict(item).items() if v is not None} for item in given]
        has_keys = all(item.biz_id is not None for item in given)
        return self.call("consume_quota_batch", self.tenant_id, json.dumps(plain), has_key=has_keys)

    def take_token(self, quota_type: str) -> Answer:
        """Take a token of every CONCURRENT and RATE limit. It has no end: see ``lease``."""
        return self.call("take_quota_token", self.tenant_id, quota_type)

    def return_token(self, quota_type: str) -> Answer:
        """Give a CONCURRENT token back."""
        return self.call("return_quota_token", self.tenant_id, quota_type)

    def lease(
        self, quota_type: str, holder: str, *, ttl: timedelta = timedelta(seconds=30)
    ) -> Lease:
        """Return a lease on a CONCURRENT token, for ``with``; raises QuotaExceeded there.

        With ``connect`` it has a connection of its own, and a thread renews it. Without, the
        work calls its ``keep()`` now and then. A driver's connection serves one thread at a
        time, and a renewal must not become part of the work's transaction: so no thread ever
        uses the caller's.
        """
        if self._connect is None:
            return Lease(self, quota_type, holder, ttl, is_own=False)
        own = Quota(None, self.tenant_id, connect=self._connect, attempts=self._attempts)
        return Lease(own, quota_type, holder, ttl, is_own=True)

    def reservation(
        self,
        quota_type: str,
        amount: int = 1,
        *,
        ttl: timedelta,
        biz_type: str | None = None,
        biz_id: str | None = None,
        product_code: str | None = None,
    ) -> Reservation:
        """Return a reservation, for ``with``: confirmed at the end, cancelled by an exception.

        Raises QuotaExceeded at the beginning, HoldLost if it has expired at the end.
        """
        key = (biz_type, biz_id, product_code)
        arguments = (self.tenant_id, quota_type, amount, whole_seconds(ttl), *key)
        return Reservation(self, arguments, has_key=biz_id is not None)

    def close(self) -> None:
        """Close the connection that was opened here; the caller's stays open."""
        opened, self._opened = self._opened, None
        if opened is not None:
            with contextlib.suppress(Exception):  # it may be lost already
                opened.close()

    def __enter__(self) -> Quota:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def call(
        self, procedure: str, *arguments: object, has_key: bool = False, writes: bool = True
    ) -> Answer:
        """Call a procedure that answers with one row, and again where that is safe.

        With ``has_key`` the same call again does nothing new.
        """
        statement = f"CALL {procedure}({', '.join(['%s'] * len(arguments))})"
        for attempt in range(1, self._attempts + 1):
            is_last, is_alone = attempt == self._attempts, self._owns
            try:
                connection = self._connection()
                is_alone = is_alone or connection.runs_alone()
                nobody_commits = writes and not is_alone and self._nobody_commits(connection)
                (row,) = connection.call(statement, arguments)
                if self._owns:
                    connection.commit()
            except Exception as error:
                if code_and_text(error)[0] in LOST:
                    self.close()  # what was opened here; the next call opens another
                    if is_last or self._connect is None or not (is_alone and has_key):
                        raise
                    if not self._owns:
                        return self._settle(procedure, arguments)
                elif not self._may_call_again(error, is_alone, has_key) or is_last:
                    raise
                self._pause(min(2.0, 0.05 * 2**attempt) * random.uniform(0.5, 1))
                continue
            answer = Answer.from_row(row)
            if nobody_commits and answer.transaction is Transaction.JOINED:
                warnings.warn(NobodyCommits(NobodyCommits.__doc__), stacklevel=3)
            return answer
        raise ValueError("attempts must be at least 1")

    def _connection(self) -> connections.Connection:
        if self._given is not None:
            return self._given
        if self._opened is None and self._connect is not None:
            self._opened = self._connect()
        return connections.wrap(self._opened)

    def _settle(self, procedure: str, arguments: tuple[object, ...]) -> Answer:
        """Make the call on a new connection; the caller's is for the caller to replace."""
        with Quota(None, self.tenant_id, connect=self._connect, attempts=self._attempts) as own:
            own._pause = self._pause
            return own.call(procedure, *arguments, has_key=True)

    def _nobody_commits(self, connection: connections.Connection) -> bool:
        """Look once whether this call will begin a transaction that the caller never began."""
        if self._has_looked:
            return False
        self._has_looked = True
        return not connection.is_in_block()

    def _may_call_again(self, error: Exception, is_alone: bool, has_key: bool) -> bool:
        """Clean up after an error; raise it in our words if it is one of the procedures'.

        A killed call has left its transaction open, and nobody else can end it.
        """
        ours = in_our_words(error)
        with contextlib.suppress(Exception):  # a connection that is gone needs no ROLLBACK
            if is_alone:
                self._connection().end_call()
            elif isinstance(ours, Interrupted):
                self._connection().roll_back()
        if ours is not None:
            raise ours from error
        code = code_and_text(error)[0]
        return is_alone and (code in AGAIN or (has_key and code in AGAIN_WITH_KEY))
