"""32 connections mix all operations over 20 quotas; afterwards every figure is exact."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import pymysql
from pymysql.connections import Connection

from tests.helpers.server import connect
from tests.helpers.support import at_once, call, call_out, rows, value

CALLERS = 32
FAMILIES = 4
TYPE = "UNITS"
#: Of each family: (tenant, limit type, hard limit, options); the child's use is the root's too.
LIMITS: tuple[tuple[str, str, int, dict[str, int]], ...] = (
    ("root", "MONTHLY", 900, {"slot_count": 8}),
    ("root", "CONCURRENT", 6, {}),
    ("child", "HOURLY", 250, {}),  # its boundary comes in mid-storm
    ("child", "TOTAL", 700, {}),
    ("child", "RATE", 200, {"refill_per_second": 20}),
)
TTL = 2  # seconds
#: What one transaction mixes: calls that lock the same limits first, or no order would be safe.
GROUPS = (("consume", "consume", "batch", "refund", "reserve"), ("lease", "token"))


@dataclass
class Worker:
    """One connection and what it is owed: keys to refund, tokens to give back."""

    url: str
    chance: random.Random
    seen: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    keys: list[tuple[str, str]] = field(default_factory=list)
    number: int = 0

    def work(self, until: float) -> None:
        with connect(self.url, autocommit=True) as mine:
            while time.monotonic() < until:
                tenant = (
                    f"{self.chance.choice(('root', 'child'))}_{self.chance.randrange(FAMILIES)}"
                )
                names = self.chance.choice(GROUPS)
                joins = self.chance.random() < 1 / 3
                before = self.tokens.copy(), list(self.keys)
                name = ""
                try:
                    if joins:
                        mine.begin()
                    for _ in range(self.chance.randint(1, 3) if joins else 1):
                        self.number += 1
                        name = self.chance.choice(names)
                        key = f"{threading.get_ident()}-{self.number}"
                        getattr(self, name)(mine, tenant, key)
                    if joins and self.chance.random() < 1 / 3:
                        mine.rollback()
                        self.tokens, self.keys = before
                        self.seen["rolled back"] += 1
                    elif joins:
                        mine.commit()
                except pymysql.err.MySQLError as error:
                    place = "a transaction" if joins else "no transaction"
                    self.seen[f"error {error.args[0]} from {name} in {place}: {error.args[1]}"] += 1
                    if joins:
                        mine.rollback()
                        self.tokens, self.keys = before

    def ask(self, mine: Connection, procedure: str, *arguments: object) -> object:
        answer = call(mine, procedure, *arguments)
        self.seen[f"{procedure} {answer.status}"] += 1
        return answer

    def consume(self, mine: Connection, tenant: str, key: str) -> None:
        key = self.chance.choice((key, key, f"shared-{self.chance.randrange(10**6)}"))
        amount = 1 + len(key) % 4
        answer = call(mine, "consume_quota", tenant, TYPE, amount, "ORDER", key, None)
        self.seen[f"consume_quota {answer.status}"] += 1
        if answer.success:
            self.keys.append((tenant, key))

    def batch(self, mine: Connection, tenant: str, key: str) -> None:
        items = [
            {"quota_type": TYPE, "amount": 1, "biz_type": "ORDER", "biz_id": f"{key}-{n}"}
            for n in range(self.chance.randint(2, 5))
        ]
        self.ask(mine, "consume_quota_batch", tenant, json.dumps(items))

    def refund(self, mine: Connection, tenant: str, key: str) -> None:
        mine_there = [each for each in self.keys if each[0] == tenant]
        if mine_there:
            owed = self.chance.choice(mine_there)
            amount = self.chance.choice((None, 1))
            self.ask(mine, "refund_quota", tenant, TYPE, amount, "ORDER", owed[1], key)

    def reserve(self, mine: Connection, tenant: str, key: str) -> None:
        amount = self.chance.randint(1, 4)
        answer = call(mine, "reserve_quota", tenant, TYPE, amount, TTL, "ORDER", key, None)
        self.seen[f"reserve_quota {answer.status}"] += 1
        end = self.chance.choice(("confirm", "cancel", "forget"))
        if answer.success and end == "confirm":
            kept = self.chance.randint(1, amount)
            self.ask(mine, "confirm_quota_reservation", answer.reservation_id, kept)
        elif answer.success and end == "cancel":
            self.ask(mine, "cancel_quota_reservation", answer.reservation_id)

    def lease(self, mine: Connection, tenant: str, key: str) -> None:
        answer = call(mine, "acquire_quota_lease", tenant, TYPE, key[:64], TTL)
        self.seen[f"acquire_quota_lease {answer.status}"] += 1
        end = self.chance.choice(("release", "renew", "crash"))
        if answer.success and end == "release":
            self.ask(mine, "release_quota_lease", answer.lease_id)
        elif answer.success and end == "renew":
            self.ask(mine, "renew_quota_lease", answer.lease_id, TTL)

    def token(self, mine: Connection, tenant: str, key: str) -> None:
        (ok,) = call_out(mine, "acquire_quota_token", tenant, TYPE, outs=1)
        self.seen[f"acquire_quota_token {bool(ok)}"] += 1
        family = tenant.partition("_")[2]
        self.tokens[family] += bool(ok)
        if ok and self.chance.random() < 0.9:
            (given,) = call_out(mine, "release_quota_token", tenant, TYPE, outs=1)
            self.seen[f"release_quota_token {bool(given)}"] += 1
            self.tokens[family] -= bool(given)


def define(url: str, seconds: int) -> None:
    """Define the families; the hourly limits' boundary comes in the middle of the storm."""
    with connect(url, autocommit=True) as connection:
        boundary = value(
            connection, "SELECT CAST(NOW() + INTERVAL %s SECOND AS CHAR)", seconds // 2
        )
        for family in range(FAMILIES):
            call(connection, "define_tenant", f"root_{family}", "root", None, None)
            call(connection, "define_tenant", f"child_{family}", "child", None, f"root_{family}")
            for tenant, limit_type, hard, options in LIMITS:
                anchored = {"period_anchor": boundary} if limit_type == "HOURLY" else {}
                call(
                    connection,
                    "define_quota",
                    *(f"{tenant}_{family}", TYPE, limit_type, hard, hard // 2),
                    json.dumps({**options, **anchored}),
                )


def watch(url: str, until: float) -> int:
    """Look again and again whether a limit is exceeded; return how often we looked."""
    looks = 0
    with connect(url, autocommit=True) as connection:
        while time.monotonic() < until:
            over = rows(
                connection,
                "SELECT quota_id, limit_type, used_count, hard_limit FROM tenant_quotas"
                " WHERE used_count > hard_limit AND limit_type <> 'RATE'",
            )
            assert not over, over
            looks += 1
            time.sleep(0.02)
    return looks


def storm(url: str, seconds: int) -> list[str]:
    """Run it, check all figures, and return the lines of the report."""
    define(url, seconds)
    workers = [Worker(url, random.Random(number)) for number in range(CALLERS)]
    until = time.monotonic() + seconds

    def work(number: int) -> int:
        if number == CALLERS:
            return watch(url, until)
        workers[number].work(until)
        return 0

    looks = max(at_once(CALLERS + 1, work))
    seen = sum((each.seen for each in workers), Counter[str]())
    report = [
        f"storm: {CALLERS} connections, {seconds} s, {sum(seen.values())} calls, {looks} looks"
    ]
    report += [f"  {count:7} {name}" for name, count in sorted(seen.items())]
    check(url, sum((each.tokens for each in workers), Counter[str]()))
    assert not any(name.startswith("error") for name in seen), "\n".join(report)
    return [
        *report,
        "  every figure exact, no limit exceeded, no error, every hold free after its time",
    ]


def check(url: str, tokens: Counter[str]) -> None:
    """Compare the counters with the ledger, the holds, and what the workers still have."""
    time.sleep(TTL + 1)
    with connect(url, autocommit=True) as connection:
        call(connection, "expire_quota_reservations", 100)
        call(connection, "reset_due_quotas", 100)
        assert (
            value(connection, "SELECT COUNT(*) FROM quota_reservations WHERE status = 'HELD'") == 0
        )
        drift = rows(
            connection,
            "SELECT q.quota_id, q.used_count, COALESCE(SUM(r.delta_value), 0) AS booked"
            " FROM tenant_quotas AS q LEFT JOIN quota_usage_records AS r USING (quota_id)"
            " WHERE q.limit_type NOT IN ('RATE', 'CONCURRENT')"
            " GROUP BY q.quota_id HAVING booked <> used_count",
        )
        assert not drift, drift
        over = rows(
            connection,
            "SELECT r.quota_id, r.current_used, q.hard_limit FROM quota_usage_records AS r"
            " JOIN tenant_quotas AS q USING (quota_id) WHERE r.current_used > q.hard_limit",
        )
        assert not over, over
        out = rows(
            connection,
            "SELECT tenant_id, used_count FROM tenant_quotas WHERE limit_type = 'CONCURRENT'",
        )
        for tenant, used in out:
            assert used == tokens[tenant.partition("_")[2]], (tenant, used, tokens)
        with connection.cursor() as cursor:
            cursor.callproc("reconcile_quotas", (None, False))
            assert cursor.fetchall() == (), "reconcile_quotas found drift"
