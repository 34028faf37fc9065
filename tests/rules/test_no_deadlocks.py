"""A storm of everything that applications and events do at once: no deadlock, and it adds up."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pymysql
from pymysql.connections import Connection

from tests.helpers.support import Quota, Value, at_once, call, call_out, rows

CALLERS = 32
SECONDS = 10.0  # how long the storm lasts, and longer
ROUNDS = 40  # while a caller has done less: a busy machine does little in that time
TYPES = ("A_UNITS", "B_UNITS", "C_UNITS", "TOKENS")
#: (tenant, quota type, limit type, hard limit, options): most have room for the whole storm.
LIMITS: tuple[tuple[str, str, str, int, dict[str, Value]], ...] = (
    ("root", "A_UNITS", "MONTHLY", 10**9, {}),
    ("root", "A_UNITS", "DAILY", 10**9, {"enforcement": "SHADOW"}),
    ("root", "B_UNITS", "TOTAL", 10**9, {"slot_count": 8}),
    ("root", "C_UNITS", "HOURLY", 100, {}),
    ("root", "TOKENS", "CONCURRENT", 40, {}),
    ("a", "A_UNITS", "TOTAL", 10**9, {}),
    ("a", "B_UNITS", "HOURLY", 10**9, {}),
    ("a", "B_UNITS", "WEEKLY", 10**9, {}),
    ("a", "TOKENS", "CONCURRENT", 10, {}),
    ("b", "A_UNITS", "RATE", 50, {"refill_per_second": 100}),
    ("b", "A_UNITS", "YEARLY", 10**9, {}),
    ("b", "C_UNITS", "TOTAL", 30, {}),
    ("aa", "A_UNITS", "DAILY", 10**9, {}),
    ("aa", "B_UNITS", "MONTHLY", 10**9, {"slot_count": 4}),
)


@dataclass
class Caller:
    """One connection, and what it may still give back."""

    connection: Connection
    chance: random.Random
    number: int
    tokens: Counter[str] = field(default_factory=Counter)
    keys: list[tuple[Quota, str]] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    leases: list[str] = field(default_factory=list)
    turn: int = 0

    def answer(self, procedure: str, *arguments: object) -> tuple[str, object]:
        """CALL a procedure; return its status and the hold that it made."""
        row = vars(call(self.connection, procedure, *arguments))
        return row["status"], row.get("reservation_id") or row.get("lease_id")

    def key(self) -> str:
        """Return a key of its own, or one that others use as well."""
        self.turn += 1
        if self.chance.random() < 0.2:
            return f"shared {self.chance.randrange(200)}"
        return f"{self.number}-{self.turn}"

    def use(self, quota: Quota) -> str:
        """Do one thing with one quota type of one tenant; return what came of it."""
        who, key = (quota.tenant_id, quota.quota_type), self.key()
        if quota.quota_type == "TOKENS":
            return self.use_tokens(quota)
        dice = self.chance.random()
        if dice < 0.5:
            status, _ = self.answer("consume_quota", *who, 1, "ORDER", key, None)
            if status == "GRANTED" and not key.startswith("shared"):
                self.keys.append((quota, key))
            return status
        if dice < 0.8:
            ttl = self.chance.choice((1, 600))
            status, hold = self.answer("reserve_quota", *who, 2, ttl, "ORDER", key, None)
            if status == "GRANTED":
                self.holds.append(str(hold))
            return status
        mine = [each for each in self.keys if each[0] is quota]
        if not mine:
            return "nothing"
        self.keys.remove(mine[-1])
        return self.answer("refund_quota", *who, None, "ORDER", mine[-1][1], "r")[0]

    def use_tokens(self, quota: Quota) -> str:
        """Take a token, or lease one, or give one back."""
        who, dice = (quota.tenant_id, "TOKENS"), self.chance.random()
        if dice < 0.3:
            (taken,) = call_out(self.connection, "acquire_quota_token", *who, outs=1)
            self.tokens[quota.tenant_id] += int(taken)
        elif dice < 0.6 and self.tokens[quota.tenant_id]:
            (given,) = call_out(self.connection, "release_quota_token", *who, outs=1)
            self.tokens[quota.tenant_id] -= int(given)
        elif dice < 0.8 or not self.leases:
            ttl = self.chance.choice((1, 600))
            status, lease = self.answer("acquire_quota_lease", *who, "w", ttl)
            self.leases += [str(lease)] if status == "GRANTED" else []
        else:
            renews = self.chance.random() < 0.5
            lease = self.leases[-1] if renews else self.leases.pop()
            if renews:
                return self.answer("renew_quota_lease", lease, 600)[0]
            return self.answer("release_quota_lease", lease)[0]
        return "tokens"

    def settle(self) -> str:
        """Confirm or cancel one of its reservations."""
        if not self.holds:
            return "nothing"
        hold = self.holds.pop(self.chance.randrange(len(self.holds)))
        if self.chance.random() < 0.5:
            return self.answer("confirm_quota_reservation", hold, 1)[0]
        return self.answer("cancel_quota_reservation", hold)[0]

    def batch(self, quotas: list[Quota]) -> str:
        """Consume of several quota types at once, named in any order."""
        items = [
            {"quota_type": each.quota_type, "amount": 1, "biz_type": "ORDER", "biz_id": self.key()}
            for each in quotas
        ]
        self.chance.shuffle(items)
        return self.answer("consume_quota_batch", quotas[0].tenant_id, json.dumps(items))[0]

    def transaction(self, quotas: list[Quota]) -> str:
        """Use each quota type once, in the order of their names; then commit or roll back."""
        before = self.tokens.copy(), list(self.keys), list(self.holds), list(self.leases)
        self.connection.begin()
        for quota in quotas:
            self.use(quota)
        if self.chance.random() < 0.3:
            self.connection.rollback()
            self.tokens, self.keys, self.holds, self.leases = before
            return "rolled back"
        self.connection.commit()
        return "committed"


def family(quota: Quota) -> dict[str, dict[str, Quota]]:
    """Define four tenants, one below the other or beside it; return their quotas by type."""
    quota.define_tenant(zone="UTC")
    below = {"a": "", "b": "", "aa": "_a"}
    tenants = {"root": quota.tenant_id} | {each: f"{quota.tenant_id}_{each}" for each in below}
    for each, parent in below.items():
        call(
            quota.connection,
            "define_tenant",
            *(tenants[each], each, "UTC", f"{quota.tenant_id}{parent}"),
        )
    found = {
        name: {each: Quota(lambda: quota.connection, tenant_id, each) for each in TYPES}
        for name, tenant_id in tenants.items()
    }
    for name, quota_type, limit_type, hard_limit, options in LIMITS:
        found[name][quota_type].define(limit_type, hard_limit, **options)
    return found


def sweep(caller: Caller, tenant: str) -> str:
    """Let a period be over, as if time had passed; run the events' procedures."""
    if caller.chance.random() < 0.3:
        rows(
            caller.connection,
            "UPDATE tenant_quotas SET next_reset_time = UTC_TIMESTAMP() - INTERVAL 1 SECOND"
            " WHERE tenant_id = %s AND quota_type = 'B_UNITS' AND limit_type = 'HOURLY'",
            tenant,
        )
    what = caller.chance.choice(("reset_due_quotas", "expire_quota_reservations"))
    status, _ = caller.answer(what, 10)
    time.sleep(0.05)
    return status


def test_a_storm_of_everything_meets_no_deadlock_and_adds_up(quota: Quota) -> None:
    tenants = family(quota)
    callers = [Caller(quota.connect(), random.Random(number), number) for number in range(CALLERS)]
    for caller in callers[::3]:
        rows(caller.connection, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    end = time.monotonic() + SECONDS

    def work(number: int) -> tuple[Counter[str], Counter[str]]:
        mine, seen, errors = callers[number], Counter[str](), Counter[str]()
        rounds = 0
        while time.monotonic() < end or rounds < ROUNDS:
            rounds += 1
            of_tenant = mine.chance.choice(list(tenants.values()))
            used = sorted(mine.chance.sample(TYPES, mine.chance.randint(1, 4)))
            some = [of_tenant[each] for each in used]
            units = [each for each in some if each.quota_type != "TOKENS"]
            ways: list[Callable[[], str]] = [
                *([lambda some=some: mine.transaction(some)] * 3),
                *([lambda some=some: mine.use(some[0])] * 3),
                mine.settle,
            ]
            if units:
                ways.append(lambda units=units: mine.batch(units))  # type: ignore[misc]
            try:
                if number < 2:
                    seen[sweep(mine, tenants["a"]["B_UNITS"].tenant_id)] += 1
                else:
                    seen[mine.chance.choice(ways)()] += 1
            except pymysql.err.MySQLError as error:
                mine.connection.rollback()
                if error.args[0] != 1644:  # a shared key was used for something else
                    errors[str(error.args)] += 1
        return seen, errors

    found = at_once(CALLERS, work)
    seen = sum((each[0] for each in found), Counter())
    errors = sum((each[1] for each in found), Counter())
    assert errors == Counter(), errors
    assert {"GRANTED", "EXCEEDED", "REPLAYED", "CONFIRMED", "CANCELLED"} <= set(seen), seen
    assert {"committed", "rolled back", "DONE"} <= set(seen), seen

    for name, quota_type, limit_type, _, _ in LIMITS:
        if limit_type not in ("RATE", "CONCURRENT"):
            tenants[name][quota_type].assert_adds_up([limit_type])
    for of_tenant in tenants.values():
        tenant_id = of_tenant["TOKENS"].tenant_id
        assert rows(quota.connection, "CALL reconcile_quotas(%s, FALSE)", tenant_id) == []
    ((used, leased),) = rows(
        quota.connection,
        "SELECT q.used_count, (SELECT COALESCE(SUM(r.amount), 0) FROM quota_reservations AS r"
        " WHERE r.quota_id = q.quota_id AND r.status = 'HELD') FROM tenant_quotas AS q"
        " WHERE q.tenant_id = %s AND q.limit_type = 'CONCURRENT'",
        quota.tenant_id,
    )
    assert used == leased + sum(sum(each.tokens.values()) for each in callers)
