"""The same for SQLAlchemy's AsyncSession and AsyncConnection.

Their ``run_sync`` runs what is written for their synchronous halves, and awaits the driver
where that would wait. So there is one implementation.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from tenant_quota.client.answers import Answer, Item
from tenant_quota.client.holds import Lease, Reservation
from tenant_quota.client.quota import Quota

Result = TypeVar("Result")
Hold = TypeVar("Hold", Lease, Reservation)
Run = Callable[[Callable[[], Any]], Awaitable[Any]]


class AsyncQuota:
    """As Quota, each method awaited. A lease is renewed by its ``keep()`` alone."""

    def __init__(self, connection: Any, tenant_id: str, *, attempts: int = 6) -> None:
        synchronous = getattr(connection, "sync_session", None) or connection.sync_connection
        self._connection = connection
        self._quota = Quota(synchronous, tenant_id, attempts=attempts)
        self._quota._pause = _sleep

    async def consume(self, quota_type: str, amount: int = 1, **key: str | None) -> Answer:
        return await self._run(lambda: self._quota.consume(quota_type, amount, **key))

    async def consume_or_raise(self, quota_type: str, amount: int = 1, **key: str | None) -> Answer:
        return await self._run(lambda: self._quota.consume_or_raise(quota_type, amount, **key))

    async def check(
        self, quota_type: str, amount: int = 1, *, product_code: str | None = None
    ) -> Answer:
        return await self._run(
            lambda: self._quota.check(quota_type, amount, product_code=product_code)
        )

    async def refund(
        self,
        quota_type: str,
        amount: int | None = None,
        *,
        biz_type: str | None,
        biz_id: str,
        refund_id: str,
    ) -> Answer:
        key = {"biz_type": biz_type, "biz_id": biz_id, "refund_id": refund_id}
        return await self._run(lambda: self._quota.refund(quota_type, amount, **key))  # type: ignore[arg-type]

    async def batch(self, items: Iterable[Item]) -> Answer:
        return await self._run(lambda: self._quota.batch(items))

    async def take_token(self, quota_type: str) -> Answer:
        return await self._run(lambda: self._quota.take_token(quota_type))

    async def return_token(self, quota_type: str) -> Answer:
        return await self._run(lambda: self._quota.return_token(quota_type))

    @asynccontextmanager
    async def lease(
        self, quota_type: str, holder: str, *, ttl: timedelta = timedelta(seconds=30)
    ) -> AsyncIterator[AsyncLease]:
        async with self._within(self._quota.lease(quota_type, holder, ttl=ttl)) as lease:
            yield AsyncLease(lease, self._run)

    @asynccontextmanager
    async def reservation(
        self, quota_type: str, amount: int = 1, *, ttl: timedelta, **key: str | None
    ) -> AsyncIterator[AsyncReservation]:
        hold = self._quota.reservation(quota_type, amount, ttl=ttl, **key)
        async with self._within(hold) as entered:
            yield AsyncReservation(entered, self._run)

    @asynccontextmanager
    async def _within(self, hold: Hold) -> AsyncIterator[Hold]:
        await self._run(hold.__enter__)
        try:
            yield hold
        except BaseException as error:
            end = partial(hold.__exit__, type(error), error, error.__traceback__)
            await self._run(end)
            raise
        await self._run(partial(hold.__exit__, None, None, None))

    async def _run(self, work: Callable[[], Result]) -> Result:
        result: Result = await self._connection.run_sync(lambda _: work())
        return result


class AsyncLease:
    """A lease whose ``keep`` is awaited."""

    def __init__(self, lease: Lease, run: Run) -> None:
        self.lease_id = lease.lease_id
        self._lease = lease
        self._run = run

    @property
    def is_held(self) -> bool:
        return self._lease.is_held

    async def keep(self) -> None:
        await self._run(self._lease.keep)


class AsyncReservation:
    """A reservation whose ``confirm`` and ``cancel`` are awaited."""

    def __init__(self, reservation: Reservation, run: Run) -> None:
        self.reservation_id = reservation.reservation_id
        self._reservation = reservation
        self._run = run

    async def confirm(self, amount: int | None = None) -> Answer:
        answer: Answer = await self._run(partial(self._reservation.confirm, amount))
        return answer

    async def cancel(self) -> Answer:
        answer: Answer = await self._run(self._reservation.cancel)
        return answer


def _sleep(seconds: float) -> None:
    from sqlalchemy.util import await_only  # who has an async connection has it

    await_only(asyncio.sleep(seconds))
