"""Callers at work while an upgrade replaces the procedures that they call."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pymysql

from tests.helpers import accounts
from tests.helpers.server import connect, fresh_schema
from tests.helpers.support import Quota, apply_everything, rows

#: What a caller may see of a procedure that is being replaced: there is none (1305); or, to an
#: account whose right is on that procedure alone, no right to call it (1370).
FOR_A_MOMENT = {1305, 1370}


HOPELESS = 60.0  # seconds; the upgrade failed, or leaves something missing


@dataclass
class Caller:
    """One connection that consumes one unit after the other, each until it is answered."""

    number: int
    answers: Counter[str] = field(default_factory=Counter)
    errors: Counter[int] = field(default_factory=Counter)
    keys: list[str] = field(default_factory=list)
    longest: float = 0.0  # seconds from the first error of a call to its answer

    def work(self, quota: Quota, stop: threading.Event) -> None:
        """Call until told to stop; every third in a transaction of the caller's own."""
        while not stop.is_set():
            key = f"{self.number}-{len(self.keys)}"
            self.keys.append(key)
            failed_at = None
            while (answer := self._try(quota, key, joins=len(self.keys) % 3 == 0)) is None:
                failed_at = failed_at or time.monotonic()
                assert time.monotonic() - failed_at < HOPELESS, self.errors
                time.sleep(0.005)
            if failed_at:
                self.longest = max(self.longest, time.monotonic() - failed_at)
            self.answers[answer] += 1
            time.sleep(0.005)

    def _try(self, quota: Quota, key: str, *, joins: bool) -> str | None:
        try:
            if joins:
                quota.connection.begin()
            answer = quota.consume(1, key)
            if joins:
                quota.connection.commit()
        except pymysql.err.MySQLError as error:
            self.errors[error.args[0]] += 1
            # Nothing of the call may be left, whichever way the caller's transaction ends.
            if joins and len(self.keys) % 2:
                quota.connection.rollback()
            elif joins:
                quota.connection.commit()
            return None
        return f"{answer.status} {'JOINED' if joins else 'OWN'} {answer.transaction}"


@dataclass
class Seen:
    """What all callers saw: answers, errors, and the longest that one waited for an answer."""

    calls: int
    answers: Counter[str]
    errors: Counter[int]
    longest: float  # seconds

    def assert_right(self) -> None:
        """Every call was granted, in the transaction that it was made in; a moment's errors."""
        assert set(self.answers) == {"GRANTED OWN OWN", "GRANTED JOINED JOINED"}, self.answers
        assert set(self.errors) <= FOR_A_MOMENT, self.errors


@contextmanager
def installed(server_url: str) -> Iterator[tuple[str, str]]:
    """Give the URL of a schema that is installed as `grants` has it, and what names begin with."""
    with fresh_schema(server_url) as url, accounts.prefix(server_url) as prefix:
        accounts.grants(url, "--apply", prefix=prefix)
        apply_everything(url, "--definer", f"{prefix}_definer@localhost")
        done = accounts.grants(url, "--apply", prefix=prefix)
        assert done.exit_code == 0, done.output
        yield url, prefix


def call_during(url: str, prefix: str, callers: int, upgrade: Callable[[], object]) -> Seen:
    """Consume from ``callers`` connections while ``upgrade`` runs; every figure must be exact.

    Every other one is an application with ``prefix``_app's rights. Two limits of the tenant and
    one of its parent are charged.
    """
    admin = Quota(lambda: connect(url, autocommit=True), f"{prefix}_root", "CALLS")
    admin.define("TOTAL", 10**9)
    child = admin.child()
    child.define("MONTHLY", 10**9)
    child.define("RATE", 10**9, refill_per_second=1000)
    accounts.make_account(url, f"{prefix}_caller", role=f"{prefix}_app")

    def open_quota(number: int) -> Quota:
        if number % 2:
            return Quota(lambda: connect(url, autocommit=True), child.tenant_id, "CALLS")
        return Quota(lambda: accounts.session(url, f"{prefix}_caller"), child.tenant_id, "CALLS")

    stop = threading.Event()
    team = [Caller(number) for number in range(callers)]
    with ThreadPoolExecutor(callers) as pool:
        working = [pool.submit(each.work, open_quota(each.number), stop) for each in team]
        try:
            time.sleep(0.5)
            upgrade()
            time.sleep(0.5)
        finally:
            stop.set()
        for each in working:
            each.result(timeout=60)

    keys = sorted(key for each in team for key in each.keys)
    for quota, limit_type in ((child, "MONTHLY"), (admin, "TOTAL")):
        charged = [
            key for key, delta in quota.ledger(limit_type, "biz_id, delta_value") if delta == 1
        ]
        assert sorted(charged) == keys, f"{limit_type}: not each call once"
        assert quota.used(limit_type) == len(keys)
        quota.assert_adds_up([limit_type])
    assert rows(admin.connection, "CALL reconcile_quotas(%s, FALSE)", None) == []
    return Seen(
        len(keys),
        sum((each.answers for each in team), Counter()),
        sum((each.errors for each in team), Counter()),
        max(each.longest for each in team),
    )
