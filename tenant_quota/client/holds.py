"""Leases and reservations as ``with`` blocks."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from datetime import timedelta
from types import TracebackType
from typing import Protocol

from tenant_quota.client.answers import Answer, Status
from tenant_quota.client.errors import HoldLost, QuotaExceeded


class Caller(Protocol):
    """What holds need of a Quota."""

    tenant_id: str

    def call(self, procedure: str, *arguments: object, has_key: bool = False) -> Answer: ...
    def close(self) -> None: ...


def whole_seconds(ttl: timedelta) -> int:
    """Return a time to live as the procedures take it, rounded up."""
    return math.ceil(ttl.total_seconds())


class Lease:
    """A CONCURRENT token that is held until the block ends, and renewed meanwhile."""

    def __init__(
        self, caller: Caller, quota_type: str, holder: str, ttl: timedelta, *, is_own: bool
    ) -> None:
        self._caller = caller
        self._arguments = (caller.tenant_id, quota_type, holder)
        self._ttl = whole_seconds(ttl)
        self._is_own = is_own
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lost: Answer | None = None
        self._until = 0.0  # by time.monotonic(), and so never later than the server's expires_at
        self.lease_id = ""

    @property
    def is_held(self) -> bool:
        """Whether nobody else can have the token: asks the clock, not the server."""
        return self._lost is None and time.monotonic() < self._until

    def keep(self) -> None:
        """Renew if a third of the time is over; raise HoldLost if it is no longer held.

        Call it between the steps of the work, whoever renews.
        """
        is_due = time.monotonic() > self._until - self._ttl * 2 / 3
        if self._thread is None and is_due and self._lost is None:
            self._renew()
        if not self.is_held:
            raise HoldLost("lease", self._lost)

    def __enter__(self) -> Lease:
        began = time.monotonic()
        try:
            answer = self._caller.call("acquire_quota_lease", *self._arguments, self._ttl)
            if not answer.success:
                raise QuotaExceeded(answer)
        except BaseException:
            self._close()
            raise
        self._until, self.lease_id = began + self._ttl, str(answer.lease_id)
        if self._is_own:
            self._thread = threading.Thread(target=self._renew_until_stopped, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the token back. Raises HoldLost if somebody else may have had it meanwhile."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join()  # from here on the connection is this thread's again
        try:
            with contextlib.suppress(Exception) if error else contextlib.nullcontext():
                answer = self._caller.call("release_quota_lease", self.lease_id, has_key=True)
                if not answer.success and error is None:
                    raise HoldLost("lease", answer)
        finally:
            self._close()

    def _renew(self) -> None:
        began = time.monotonic()
        answer = self._caller.call("renew_quota_lease", self.lease_id, self._ttl, has_key=True)
        if answer.success:
            self._until = began + self._ttl
        else:
            self._lost = answer

    def _renew_until_stopped(self) -> None:
        wait = self._ttl / 3
        while self.is_held and not self._stop.wait(wait):
            try:
                self._renew()
                wait = self._ttl / 3
            except Exception:  # the server may be back before the time is over
                wait = min(1.0, self._ttl / 10)

    def _close(self) -> None:
        if self._is_own:
            self._caller.close()


class Reservation:
    """Units that are held: confirmed when the block ends, cancelled if it raises."""

    def __init__(self, caller: Caller, arguments: tuple[object, ...], *, has_key: bool) -> None:
        self._caller = caller
        self._arguments = arguments
        self._has_key = has_key
        self._is_settled = False
        self.reservation_id = ""

    def __enter__(self) -> Reservation:
        answer = self._caller.call("reserve_quota", *self._arguments, has_key=self._has_key)
        if not answer.success:
            raise QuotaExceeded(answer)
        self.reservation_id = str(answer.reservation_id)
        return self

    def confirm(self, amount: int | None = None) -> Answer:
        """Keep what is held, or part of it. Raises HoldLost if that is no longer there."""
        arguments = (self.reservation_id, amount)
        answer = self._caller.call("confirm_quota_reservation", *arguments, has_key=True)
        self._is_settled = True
        if not answer.success:
            raise HoldLost("reservation", answer)
        return answer

    def cancel(self) -> Answer:
        """Give back all that is held. Raises HoldLost if it was confirmed before."""
        answer = self._caller.call("cancel_quota_reservation", self.reservation_id, has_key=True)
        self._is_settled = True
        if answer.status is Status.CONFIRMED:
            raise HoldLost("reservation", answer)
        return answer

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_settled:
            return
        if error is None:
            self.confirm()
        else:
            with contextlib.suppress(Exception):  # else it expires, and the first error counts
                self.cancel()
