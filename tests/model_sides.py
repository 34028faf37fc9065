"""The two sides of the model test: three real connections, and a model for each family."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, ClassVar

import hypothesis.strategies as st
import pymysql
import pytest
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
)
from pymysql.connections import Connection

from tests.model import InvalidArgument, KeyReused, Model
from tests.model_data import (
    CALENDAR,
    CALENDAR_ANCHOR,
    COUNTED,
    Answer,
    Call,
    Limit,
    Tenant,
    zone_of,
)
from tests.model_draws import (
    FAMILIES,
    STARTS,
    TENANTS,
    ZONES,
    answer_of,
    assert_equal,
    assert_same,
    limits,
    types,
)
from tests.server import connect
from tests.support import call, rows, state_of

TABLES = ("quota_alerts", "quota_reservations", "quota_usage_records", "tenant_quotas", "tenants")
ERRORS: dict[str | None, type[Exception]] = {"45001": InvalidArgument, "45002": KeyReused}


class Transaction:
    """What a rollback goes back to, family by family; a family is held until the end."""

    def __init__(self) -> None:
        self.before: dict[str, Model] = {}
        self.savepoints: list[dict[str, Model]] = []


class Sides(RuleBasedStateMachine):
    """The procedures on three connections and the model, and one thing done to both."""

    url = ""
    steps = 0
    seen: ClassVar[Counter[str]] = Counter()

    @initialize(data=st.data(), start=st.sampled_from(STARTS))
    def begin_anew(self, data: st.DataObject, start: datetime) -> None:
        """Empty the tables; define two families with limits of their own."""
        self.open: list[Connection] = [connect(self.url, autocommit=True) for _ in range(3)]
        self.reader: Connection = connect(self.url, autocommit=True)
        rows(self.reader, "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED")
        for each in (*self.open, self.reader):  # nobody ever has to wait for another
            rows(each, "SET SESSION innodb_lock_wait_timeout = 3")
        for each in self.open[1:]:
            rows(each, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        for table in TABLES:
            rows(self.reader, f"DELETE FROM {table}")
        self.now = self.start = start
        self.worlds = {family: Model() for family in FAMILIES}
        self.transactions: dict[int, Transaction] = {}
        self.holders: dict[str, int] = {}
        self.keyed: list[Call] = []
        for family, tree in FAMILIES.items():
            for tenant_id, parent in tree.items():
                zone = data.draw(st.sampled_from(ZONES))
                call(self.reader, "define_tenant", tenant_id, tenant_id, zone, parent)
                self.worlds[family].tenants[tenant_id] = Tenant(tenant_id, zone, parent)
        for family in FAMILIES:  # so that most calls find something to charge
            plain = data.draw(limits) | {"products": None, "effective": None}
            tokens = {"limit_type": "CONCURRENT", "hard": data.draw(st.integers(1, 3))}
            self.define_limit(f"{family}0", "TOKENS", plain | tokens)
            self.define_limit(f"{family}0", "UNITS", plain | {"limit_type": "MONTHLY", "hard": 15})
        for tenant_id in TENANTS:
            self.define_limit(tenant_id, data.draw(types), data.draw(limits))

    def teardown(self) -> None:
        for each in (*self.open, self.reader):
            each.close()

    # Both sides

    def both(
        self,
        family: str,
        number: int,
        really: Callable[[Connection], Answer],
        as_modelled: Callable[[Model, Answer], Answer],
    ) -> Answer:
        """Do one thing to both sides; an error undoes the call on both."""
        # REPEATABLE READ locks gaps that other families' rows may go into: it works alone.
        number = 0 if 0 in self.transactions else self.holders.get(family, number)
        transaction = self.transactions.get(number)
        before = self.worlds[family].copy()
        if transaction is not None:
            transaction.before.setdefault(family, before.copy())
            self.holders[family] = number
        try:
            answer = really(self.open[number])
        except pymysql.err.MySQLError as error:
            kind = ERRORS.get(state_of(error)[0])
            if kind is None:
                raise
            with pytest.raises(kind):
                as_modelled(self.worlds[family], Answer(False, "none"))
            self.worlds[family] = before
            self.seen[kind.__name__] += 1
            return Answer(False, kind.__name__)
        expected = as_modelled(self.worlds[family], answer)
        assert_same(answer, expected)
        self.seen[answer.status] += 1
        return answer

    def charge(self, family: str, number: int, wanted: Call) -> None:
        """Call charge_quota, which all charging procedures go through."""

        def really(connection: Connection) -> Answer:
            return answer_of(
                connection,
                "charge_quota",
                *(wanted.operation, wanted.tenant_id, wanted.quota_type, wanted.amount),
                *(wanted.key and "ORDER", wanted.key, wanted.product),
                *(wanted.ttl or None, "holder" if wanted.operation == "LEASE" else None, self.now),
                outs=12,
            )

        if wanted.key is not None:
            self.keyed.append(wanted)
        before = self.worlds[family].copy()
        is_held = wanted.operation in ("RESERVE", "LEASE")
        answer = self.both(
            family,
            number,
            really,
            lambda model, answer: model.charge(
                wanted._replace(hold_id=(answer.hold_id or "none") if is_held else None)
            ),
        )
        # A denied call with a key, in a caller's transaction, undoes all but its alerts:
        # the next call closes the lapsed period as well.
        is_error = answer.status in ("KeyReused", "InvalidArgument")
        if wanted.key and not answer.success and not is_error and family in self.holders:
            before.alerts |= self.worlds[family].alerts
            self.worlds[family] = before

    # Definitions

    def define_limit(self, tenant_id: str, quota_type: str, wanted: dict[str, Any]) -> None:
        """Create a limit, or change it while it is in use; its type, anchor and refill stay."""
        model = self.worlds[tenant_id[0]]
        family_tenant = model.tenants[tenant_id]
        options: dict[str, Any] = {
            "enforcement": "ENFORCE" if wanted["enforced"] else "SHADOW",
            "product_codes": wanted["products"],
            "effective_time": None,
            "expire_time": None,
        }
        times = {}
        for name in ("effective", "expire"):
            if wanted[name] is not None:
                times[name] = self.start + timedelta(hours=wanted[name])
                options[f"{name}_time"] = str(times[name].replace(microsecond=0))
        limit_type, hard = wanted["limit_type"], wanted["hard"]
        soft = None if wanted["soft"] is None else min(wanted["soft"], hard)
        old = next(
            (
                each
                for each in model.limits.values()
                if (each.tenant_id, each.quota_type, each.limit_type)
                == (tenant_id, quota_type, limit_type)
            ),
            None,
        )
        if old is None and limit_type in CALENDAR:
            options["period_anchor"] = wanted["anchor"]
        if old is None and limit_type == "RATE":
            options["refill_per_second"] = float(wanted["refill"])
        answer = call(
            self.reader,
            "define_quota",
            *(tenant_id, quota_type, limit_type, hard, soft, json.dumps(options)),
        )
        changes: dict[str, Any] = {
            "hard": hard,
            "soft": soft,
            "enforced": wanted["enforced"],
            "products": wanted["products"],
            "effective": None,
            "expire": None,
        } | {name: moment.replace(microsecond=0) for name, moment in times.items()}
        if old is None:
            anchor = datetime.fromisoformat(wanted["anchor"]) if wanted["anchor"] else None
            old = Limit(
                *(answer.quota_id, tenant_id, zone_of(family_tenant.zone), quota_type),
                *(limit_type, hard),
                anchor=(anchor or CALENDAR_ANCHOR) if limit_type in CALENDAR else None,
                next_reset=answer.next_reset_time,  # by the real clock: long past, mostly
                refill=Fraction(wanted["refill"]) if limit_type == "RATE" else Fraction(0),
            )
        model.limits[old.quota_id] = replace(old, **changes)

    # What must hold after every step

    @invariant()
    def the_tables_hold_what_the_model_holds(self) -> None:
        type(self).steps += 1
        models = self.worlds.values()
        quotas = {quota_id: each for model in models for quota_id, each in model.limits.items()}
        found = {
            quota_id: state
            for quota_id, *state in rows(
                self.reader,
                "SELECT quota_id, IF(limit_type = 'RATE', NULL, used_count), period_anchor,"
                " next_reset_time FROM tenant_quotas",
            )
        }
        wanted = {
            quota_id: [
                None if each.limit_type == "RATE" else each.used,
                each.anchor,
                each.next_reset,
            ]
            for quota_id, each in quotas.items()
        }
        assert found == wanted, f"quotas: {found} but the model says {wanted}"
        ledger = rows(
            self.reader,
            # In which order several holds expire is nobody's business.
            "SELECT quota_id, operation_type, delta_value,"
            " IF(operation_type = 'EXPIRE' OR operation_type = 'RESET' AND delta_value > 0, 0, current_used), biz_id, product_code,"
            " period_start, reservation_id, refund_id, origin_tenant_id, created_at"
            " FROM quota_usage_records",
        )
        assert_equal(
            "ledger",
            ledger,
            (
                row._replace(current_used=0)
                if row.operation == "EXPIRE" or (row.operation == "RESET" and row.delta > 0)
                else row
                for model in models
                for row in model.ledger
            ),
        )
        sums: Counter[int] = Counter()
        for quota_id, _, delta, *_ in ledger:
            sums[quota_id] += delta
        counted = [each for each in quotas.values() if each.limit_type in COUNTED]
        assert {each.quota_id: sums[each.quota_id] for each in counted} == {
            each.quota_id: found[each.quota_id][0] for each in counted
        }
        held = rows(
            self.reader,
            "SELECT reservation_id, quota_id, kind, status, amount, confirmed_amount, expires_at"
            " FROM quota_reservations",
        )
        assert_equal(
            "holds",
            held,
            (
                (h.hold_id, h.quota_id, h.kind, h.status, h.amount, h.confirmed, h.expires_at)
                for model in models
                for h in model.holds.values()
            ),
        )
        alerts = rows(self.reader, "SELECT quota_id, period_start, alert_level FROM quota_alerts")
        assert_equal("alerts", alerts, (alert for model in models for alert in model.alerts))
