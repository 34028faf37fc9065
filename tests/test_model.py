"""The procedures against the model of the rules: any calls, in any order, on any connection.

Hypothesis invents tenants, limits, calls, transactions and times that pass; the real
procedures and ``tests/model.py`` answer the same, and after every step the tables hold
what the model holds. TENANT_QUOTA_TEST_PROFILE=chaos is the long run (``make chaos``).
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    precondition,
    rule,
    run_state_machine_as_test,
)
from pymysql.connections import Connection

from tests.model import Model
from tests.model_data import (
    Answer,
    Call,
    utc,
)
from tests.model_draws import (
    FAMILIES,
    PASSING,
    STEPS_OF_TIME,
    Asked,
    amounts,
    answer_of,
    asked,
    connections,
    keys,
    limits,
    nth_last,
    tenants,
    ttls,
    types,
)
from tests.model_sides import Sides, Transaction
from tests.mutations import chosen
from tests.server import connect
from tests.support import apply_everything, call_out, rows

STEPS = 50  # in one example
#: Steps in all: about half a minute, and the long run.
PROFILES = {"default": 2_000, "chaos": 20_000}


class Machine(Sides):
    """Every rule does one thing to both sides and compares what they say."""

    # Definitions

    @precondition(lambda self: not self.holders)
    @rule(tenant_id=tenants, quota_type=types, wanted=limits)
    def define(self, tenant_id: str, quota_type: str, wanted: dict[str, Any]) -> None:
        self.define_limit(tenant_id, quota_type, wanted)

    @precondition(lambda self: not self.holders)
    @rule(tenant_id=tenants, suspend=st.sampled_from((False, False, True)))
    def suspend_or_readmit(self, tenant_id: str, suspend: bool) -> None:
        model = self.worlds[tenant_id[0]]
        out = [each.tenant_id for each in model.tenants.values() if each.suspended]
        tenant_id = out[0] if out else tenant_id
        tenant = replace(model.tenants[tenant_id], suspended=suspend and not out)
        model.tenants[tenant_id] = tenant
        status = "SUSPENDED" if tenant.suspended else "ACTIVE"
        rows(self.reader, "UPDATE tenants SET status = %s WHERE tenant_id = %s", status, tenant_id)

    # Calls

    @rule(number=connections, asked=asked, quota_type=types, key=keys)
    def consume(self, number: int, asked: Asked, quota_type: str, key: str | None) -> None:
        tenant_id, amount, product = asked
        wanted = Call("CONSUME", tenant_id, quota_type, amount, self.now, key, product)
        self.charge(tenant_id[0], number, wanted)

    @rule(number=connections, asked=asked, key=keys, ttl=ttls)
    def reserve(self, number: int, asked: Asked, key: str | None, ttl: int) -> None:
        tenant_id, amount, product = asked
        wanted = Call("RESERVE", tenant_id, "UNITS", amount, self.now, key, product, ttl)
        self.charge(tenant_id[0], number, wanted)

    @precondition(lambda self: self.keyed)
    @rule(number=connections, which=st.integers(0, 3), other=st.sampled_from((False, False, True)))
    def repeat(self, number: int, which: int, other: bool) -> None:
        """Ask again, word for word, as after a lost connection; or consume what was reserved."""
        wanted = nth_last(self.keyed, which, None)
        if other:
            swapped = ("RESERVE", 3600) if wanted.operation == "CONSUME" else ("CONSUME", 0)
            wanted = wanted._replace(operation=swapped[0], ttl=swapped[1])
        self.charge(wanted.tenant_id[0], number, wanted._replace(now=self.now))

    @rule(number=connections, tenant_id=tenants, ttl=ttls)
    def lease(self, number: int, tenant_id: str, ttl: int) -> None:
        self.charge(tenant_id[0], number, Call("LEASE", tenant_id, "TOKENS", 1, self.now, ttl=ttl))

    @rule(number=connections, tenant_id=tenants)
    def acquire_a_token(self, number: int, tenant_id: str) -> None:
        self.charge(tenant_id[0], number, Call("ACQUIRE", tenant_id, "TOKENS", 1, self.now))

    @rule(number=connections, tenant_id=tenants)
    def release_a_token(self, number: int, tenant_id: str) -> None:
        if set(self.holders) - {tenant_id[0]}:
            return  # it may lock the holds of other quotas, and wait for their transactions

        def really(connection: Connection) -> Answer:
            (ok,) = call_out(connection, "release_quota_token", tenant_id, "TOKENS", outs=1)
            return Answer(bool(ok), "released" if ok else "not released")

        def as_modelled(model: Model, answer: Answer) -> Answer:
            ok = model.release_token(tenant_id, "TOKENS")
            return Answer(ok, "released" if ok else "not released")

        self.both(tenant_id[0], number, really, as_modelled)

    @precondition(lambda self: any(model.ledger for model in self.worlds.values()))
    @rule(
        number=connections,
        family=st.sampled_from(tuple(FAMILIES)),
        which=st.sampled_from((0, 0, 0, 1, 2, 4)),
        amount=st.none() | amounts,
        refund_id=st.sampled_from(("r1", "r2", "r3")),
    )
    def refund(
        self, number: int, family: str, which: int, amount: int | None, refund_id: str
    ) -> None:
        """Refund one of the last consumptions, or one that never was."""
        model = self.worlds[family]
        used = [
            (each.origin or limit.tenant_id, limit.quota_type, each.key)
            for each in model.ledger
            if each.key is not None and each.operation == "CONSUME"
            for limit in (model.limits[each.quota_id],)
        ]
        tenant_id, quota_type, key = nth_last(used, which, (f"{family}1", "UNITS", "k1"))
        self.both(
            family,
            number,
            lambda connection: answer_of(
                connection,
                "return_quota",
                *(tenant_id, quota_type, amount, "ORDER", key, refund_id, self.now),
                outs=10,
            ),
            lambda model, answer: model.refund(
                tenant_id, quota_type, amount, key, refund_id, self.now
            ),
        )

    @precondition(lambda self: any(model.holds for model in self.worlds.values()))
    @rule(
        number=connections,
        which=st.integers(0, 4),
        first=st.sampled_from((True, True, False)),
        less=st.sampled_from((None, None, 1, 2, -1)),
        ttl=ttls,
        at_its_end=st.sampled_from((False,) * 5 + (True,)),
    )
    def settle(
        self, number: int, which: int, first: bool, less: int | None, ttl: int, at_its_end: bool
    ) -> None:
        """Confirm or cancel a reservation, release or renew a lease: one of the last made."""
        known = [
            (family, hold.hold_id, hold.kind, hold.amount, hold.expires_at)
            for family, model in self.worlds.items()
            for hold in model.holds.values()
        ]
        nothing = ("A", "no such hold", "LEASE", 1, self.now)
        family, hold_id, kind, held, expires_at = nth_last(known, which, nothing)
        if at_its_end:
            self.now = max(self.now, expires_at)
        reserved = kind == "RESERVATION"
        operation = (("RELEASE", "RENEW"), ("CONFIRM", "CANCEL"))[reserved][not first]
        confirmed = operation == "CONFIRM" and less is not None
        amount = max(held - (less or 0), 1) if confirmed else None
        self.both(
            family,
            number,
            lambda connection: answer_of(
                connection,
                "settle_quota_hold",
                *(operation, hold_id, amount, ttl if operation == "RENEW" else None, self.now),
                outs=11,
            ),
            lambda model, answer: model.settle(operation, hold_id, self.now, amount, ttl),
        )

    # Time

    @rule(
        step=st.sampled_from(STEPS_OF_TIME),
        which=st.integers(0, 5),
        just_before=st.sampled_from((False, False, True)),
    )
    def time_passes(self, step: str, which: int, just_before: bool) -> None:
        if step in PASSING:
            self.now += PASSING[step]
            return
        models = self.worlds.values()
        boundaries = [
            utc(moment, each.zone)
            for model in models
            for each in model.limits.values()
            for moment in (each.next_reset, each.effective, each.expire)
            if moment is not None
        ]
        expiries = [
            h.expires_at for model in models for h in model.holds.values() if h.status == "HELD"
        ]
        moments = boundaries if step == "to a boundary" else expiries
        ahead = sorted({each for each in moments if each > self.now})
        if ahead:
            moment = ahead[which % len(ahead)]
            self.now = moment - timedelta(microseconds=1 if just_before else 0)

    @precondition(lambda self: not self.holders)
    @rule(name=st.sampled_from(("sweep_due_quotas", "sweep_lapsed_holds")))
    def sweep(self, name: str) -> None:
        (settled,) = call_out(self.reader, name, 1000, self.now, outs=1)
        models = self.worlds.values()
        due = name == "sweep_due_quotas"
        assert settled == sum([(m.sweep_due if due else m.sweep_lapsed)(self.now) for m in models])

    # Transactions

    @rule(number=connections)
    def begin(self, number: int) -> None:
        if number in self.transactions or (self.transactions and 0 in {number, *self.transactions}):
            return
        self.open[number].begin()
        self.transactions[number] = Transaction()

    @precondition(lambda self: self.transactions)
    @rule(number=connections, end=st.sampled_from(("commit", "commit", "rollback")))
    def end(self, number: int, end: str) -> None:
        transaction = self.transactions.pop(number, None)
        if transaction is not None:
            getattr(self.open[number], end)()
            self.holders = {f: n for f, n in self.holders.items() if n != number}
            if end == "rollback":
                self.worlds |= transaction.before

    @precondition(lambda self: self.transactions)
    @rule(number=connections, back=st.booleans())
    def savepoint(self, number: int, back: bool) -> None:
        """Set a savepoint, or roll back to the last one."""
        transaction = self.transactions.get(number)
        if transaction is None:
            return
        names = transaction.savepoints
        if back and names:
            rows(self.open[number], f"ROLLBACK TO SAVEPOINT s{len(names)}")
            for family, before in transaction.before.items():
                self.worlds[family] = names[-1].get(family, before).copy()
        elif not back:
            names.append({family: self.worlds[family].copy() for family in transaction.before})
            rows(self.open[number], f"SAVEPOINT s{len(names)}")


def run(url: str, steps: int, **options: Any) -> None:
    """Let hypothesis find a difference in at least so many steps."""
    Machine.url, Machine.steps = url, 0
    Machine.seen.clear()
    while Machine.steps < steps:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=max(steps // 40, 1),
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                print_blob=False,
                phases=(Phase.generate,) if chosen() else (Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
                **options,
            ),
        )


def put_events_to_sleep(url: str) -> None:
    """Only the test closes periods and lets holds lapse."""
    with connect(url, autocommit=True) as connection:
        for event in rows(connection, "SHOW EVENTS WHERE Db = DATABASE()"):
            rows(connection, f"ALTER EVENT {event[1]} DISABLE")


def test_the_procedures_do_what_the_model_does(empty_schema: str) -> None:
    # A deliberate break is looked for longer.
    profile = "chaos" if chosen() else os.environ.get("TENANT_QUOTA_TEST_PROFILE", "default")
    apply_everything(empty_schema)
    put_events_to_sleep(empty_schema)
    run(empty_schema, PROFILES[profile], derandomize=profile == "default" or bool(chosen()))
