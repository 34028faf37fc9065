"""The procedures against the model of the rules: any calls, in any order, on any connection.

Hypothesis invents tenants, limits, calls, transactions and times that pass; the real
procedures and ``tests/helpers/model.py`` answer the same, and after every step the tables hold
what the model holds. TENANT_QUOTA_TEST_PROFILE=chaos is the long run (``make chaos``).
"""

from __future__ import annotations

import json
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

from tests.helpers.model_admin import define_tenant, purge, reconcile
from tests.helpers.model_data import COUNTED, Call, utc
from tests.helpers.model_draws import (
    FAMILIES,
    PASSING,
    STEPS_OF_TIME,
    ZONES,
    Asked,
    Wanted,
    amounts,
    answer_of,
    asked,
    connections,
    hards,
    items,
    keys,
    limit_types,
    nth_last,
    options,
    outcome_of,
    softs,
    tenants,
    ttls,
    types,
)
from tests.helpers.model_sides import Sides, Transaction
from tests.helpers.server import connect
from tests.helpers.support import apply_everything, call, let_tests_set_the_time, rows
from tools.mutations import chosen

STEPS = 50  # in one example
#: Steps in all: about half a minute, and the long run.
PROFILES = {"default": 3_500, "chaos": 35_000}


SETTLED_BY = {
    "CONFIRM": "confirm_quota_reservation",
    "CANCEL": "cancel_quota_reservation",
    "RELEASE": "release_quota_lease",
    "RENEW": "renew_quota_lease",
}


class Machine(Sides):
    """Every rule does one thing to both sides and compares what they say."""

    # Definitions

    @rule(
        number=connections,
        tenant_id=tenants,
        quota_type=types,
        limit_type=limit_types,
        hard=hards,
        soft=softs,
        said=options,
    )
    def define(
        self,
        number: int,
        tenant_id: str,
        quota_type: str,
        limit_type: str,
        hard: int,
        soft: int | None,
        said: dict[str, Any],
    ) -> None:
        self.define_limit(tenant_id, quota_type, limit_type, hard, soft, said, number)

    @rule(
        number=connections,
        which=st.integers(0, 20),
        hard=st.none() | hards,
        soft=softs,
        said=options,
    )
    def change(
        self, number: int, which: int, hard: int | None, soft: int | None, said: dict[str, Any]
    ) -> None:
        """Change one of the limits there are; its hard limit or only the rest."""
        known = [each for model in self.worlds.values() for each in model.limits.values()]
        it = known[which % len(known)]
        names = (it.tenant_id, it.quota_type, it.limit_type)
        self.define_limit(*names, it.hard if hard is None else hard, soft, said, number)

    @rule(number=connections, tenant_id=tenants, zone=st.sampled_from(ZONES))
    def move_the_wall_clock(self, number: int, tenant_id: str, zone: str) -> None:
        parent = self.worlds[tenant_id[0]].tenants[tenant_id].parent
        self.both(
            tenant_id[0],
            number,
            lambda connection: answer_of(
                connection, "define_tenant", tenant_id, tenant_id, zone, parent
            ),
            lambda model, answer: define_tenant(model, tenant_id, zone),
        )

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

    @rule(
        number=connections,
        asked=asked,
        quota_type=types,
        key=keys,
        how=st.sampled_from(("look", "look, then consume", "consume", "consume", "try")),
    )
    def consume(
        self, number: int, asked: Asked, quota_type: str, key: str | None, how: str
    ) -> None:
        """Consume, or ask what consuming would answer, or both."""
        tenant_id, amount, product = asked
        wanted = Call("CONSUME", tenant_id, quota_type, amount, self.now, key, product)
        if "look" in how:
            self.look(number, wanted._replace(key=None))
        if how != "look":
            self.charge(number, wanted, just_try=how == "try")

    @rule(
        number=connections,
        tenant_id=tenants,
        items=items,
        again=st.sampled_from((False, True)),
        which=st.integers(0, 3),
    )
    def consume_a_batch(
        self, number: int, tenant_id: str, items: list[Wanted], again: bool, which: int
    ) -> None:
        """Consume several items at once; or one of the last batches again, word for word."""
        calls = [Call("CONSUME", tenant_id, *item[:2], self.now, *item[2:]) for item in items]
        if again and self.batches:
            calls = [c._replace(now=self.now) for c in self.batches[-1 - which % len(self.batches)]]
        self.batches.append(calls)
        self.keyed += [call for call in calls if call.key is not None]
        as_json = json.dumps(
            [
                {
                    "quota_type": call.quota_type,
                    "amount": call.amount,
                    "biz_type": call.key and "ORDER",
                    "biz_id": call.key,
                    "product_code": call.product,
                }
                for call in calls
            ]
        )
        tenant_id = calls[0].tenant_id
        self.both(
            tenant_id[0],
            number,
            lambda connection: answer_of(connection, "consume_quota_batch", tenant_id, as_json),
            lambda model, answer: model.charge_batch(calls),
        )

    @rule(number=connections, asked=asked, key=keys, ttl=ttls)
    def reserve(self, number: int, asked: Asked, key: str | None, ttl: int) -> None:
        tenant_id, amount, product = asked
        wanted = Call("RESERVE", tenant_id, "UNITS", amount, self.now, key, product, ttl)
        self.charge(number, wanted)

    @precondition(lambda self: self.keyed)
    @rule(number=connections, which=st.integers(0, 3), other=st.sampled_from((False, False, True)))
    def repeat(self, number: int, which: int, other: bool) -> None:
        """Ask again, word for word, as after a lost connection; or consume what was reserved."""
        wanted = nth_last(self.keyed, which, None)
        if other:
            swapped = ("RESERVE", 3600) if wanted.operation == "CONSUME" else ("CONSUME", 0)
            wanted = wanted._replace(operation=swapped[0], ttl=swapped[1])
        self.charge(number, wanted._replace(now=self.now))

    @rule(number=connections, tenant_id=tenants, ttl=ttls)
    def lease(self, number: int, tenant_id: str, ttl: int) -> None:
        self.charge(number, Call("LEASE", tenant_id, "TOKENS", 1, self.now, ttl=ttl))

    @rule(number=connections, tenant_id=tenants)
    def acquire_a_token(self, number: int, tenant_id: str) -> None:
        self.charge(number, Call("ACQUIRE", tenant_id, "TOKENS", 1, self.now))

    @rule(number=connections, tenant_id=tenants)
    def release_a_token(self, number: int, tenant_id: str) -> None:
        if set(self.holders) - {tenant_id[0]}:
            return  # it may lock the holds of other quotas, and wait for their transactions
        self.both(
            tenant_id[0],
            number,
            lambda connection: outcome_of(
                connection, "release_quota_token", tenant_id, "TOKENS", outs=1
            ),
            lambda model, answer: model.release_token(tenant_id, "TOKENS"),
        )

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
                "refund_quota",
                *(tenant_id, quota_type, amount, "ORDER", key, refund_id),
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
        more: dict[str, list[int | None]] = {"CONFIRM": [amount], "RENEW": [ttl]}
        arguments = (hold_id, *more.get(operation, []))
        self.both(
            family,
            number,
            lambda connection: answer_of(connection, SETTLED_BY[operation], *arguments),
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

    # Jobs

    def job(self, procedure: str, *arguments: int) -> int:
        """Run a job, and return how many rows it says it has done."""
        self.set_the_clock(self.reader)
        answer = call(self.reader, procedure, *arguments)
        assert (answer.success, answer.status) == (1, "DONE")
        return int(answer.rows_done)

    @precondition(lambda self: not self.holders)
    @rule(reset=st.booleans(), batch=st.sampled_from((1, 1000)))
    def sweep(self, reset: bool, batch: int) -> None:
        done = self.job("reset_due_quotas" if reset else "expire_quota_reservations", batch)
        models = self.worlds.values()
        assert done == sum([(m.sweep_due if reset else m.sweep_lapsed)(self.now) for m in models])

    @precondition(lambda self: not self.holders)
    @rule(days=st.sampled_from((1, 1, 40)), batch=st.sampled_from((2, 1000)))
    def purge(self, days: int, batch: int) -> None:
        done = self.job("purge_quota_usage", days, batch)
        assert done == sum([purge(model, days, self.now) for model in self.worlds.values()])

    @precondition(lambda self: not self.holders)
    @rule(tenant_id=tenants, used=st.none() | st.integers(0, 12))
    def reconcile(self, tenant_id: str, used: int | None) -> None:
        """Compare counters with the ledger: after procedures alone, and after SQL by hand."""
        self.set_the_clock(self.reader)
        model = self.worlds[tenant_id[0]]
        counted = [
            each
            for each in model.limits.values()
            if each.tenant_id == tenant_id and each.limit_type in COUNTED
        ]
        for limit in counted[:1] if used is not None else []:
            set_it = (  # what slots have not spent counts as used in the row
                "UPDATE tenant_quotas AS q SET used_count = %s + (SELECT COALESCE(SUM(s.remaining), 0)"
                " FROM quota_slots AS s WHERE s.quota_id = q.quota_id"
                " AND s.next_reset_time <=> q.next_reset_time) WHERE quota_id = %s"
            )
            rows(self.reader, set_it, used, limit.quota_id)
            limit.used = used or 0
        for is_repair in (False, True):
            found = rows(self.reader, "CALL reconcile_quotas(%s, %s)", tenant_id, is_repair)
            expected = reconcile(model, tenant_id, is_repair, self.now)
            assert [(each[0], *each[4:6], each[7]) for each in found] == expected

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
        self.end_transaction(number, end)

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
    let_tests_set_the_time(empty_schema)
    run(empty_schema, PROFILES[profile], derandomize=profile == "default" or bool(chosen()))
