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

from tests.helpers.model import InvalidArgument, KeyReused, Model
from tests.helpers.model_admin import define_quota, find_limit
from tests.helpers.model_data import (
    CALENDAR,
    COUNTED,
    Answer,
    Call,
    Limit,
    Tenant,
    zone_of,
)
from tests.helpers.model_draws import (
    FAMILIES,
    STARTS,
    TENANTS,
    ZONES,
    answer_of,
    as_json,
    assert_equal,
    assert_same,
    hards,
    limit_types,
    options,
    outcome_of,
    softs,
    types,
)
from tests.helpers.server import connect
from tests.helpers.support import call, rows, state_of

TABLES = (
    "quota_slots",
    "quota_alerts",
    "quota_denials",
    "quota_reservations",
    "quota_usage_records",
    "tenant_quotas",
    "tenants",
)
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
        self.now = start
        self.set_the_clock(self.reader)
        self.worlds = {family: Model() for family in FAMILIES}
        self.transactions: dict[int, Transaction] = {}
        self.holders: dict[str, int] = {}
        self.keyed: list[Call] = []
        self.batches: list[list[Call]] = []
        self.hot: set[int] = set()  # limits that have slots, or had
        for family, tree in FAMILIES.items():
            for tenant_id, parent in tree.items():
                zone = data.draw(st.sampled_from(ZONES))
                call(self.reader, "define_tenant", tenant_id, tenant_id, zone, parent)
                self.worlds[family].tenants[tenant_id] = Tenant(tenant_id, zone, parent)
        for family in FAMILIES:  # so that most calls find something to charge
            self.define_limit(
                f"{family}0", "TOKENS", "CONCURRENT", data.draw(st.integers(1, 3)), None, {}
            )
            self.define_limit(f"{family}0", "UNITS", "MONTHLY", 15, data.draw(softs), {})
        for tenant_id in TENANTS:
            quota_type, limit_type = data.draw(types), data.draw(limit_types)
            numbers = data.draw(hards), data.draw(softs)
            self.define_limit(tenant_id, quota_type, limit_type, *numbers, data.draw(options))

    def teardown(self) -> None:
        for each in (*self.open, self.reader):
            each.close()

    # Both sides

    def set_the_clock(self, connection: Connection) -> None:
        """Let it be as late in a session as it is in the model."""
        seconds = (self.now - datetime(1970, 1, 1)) // timedelta(microseconds=1)
        since = f"{seconds // 10**6}.{seconds % 10**6:06}"
        rows(connection, f"SET timestamp = {since}, @the_test_sets_the_time = TRUE")

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
            self.set_the_clock(self.open[number])
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
        self.expire_where_slots_hide_the_use(self.worlds[family])
        expected = as_modelled(self.worlds[family], answer)
        has_slots = self.hot & self.worlds[family].limits.keys()
        assert_same(answer, expected, bool(has_slots))
        self.seen[answer.status] += 1
        return answer

    def expire_where_slots_hide_the_use(self, model: Model) -> None:
        """Follow the procedures: which slices are out says whether lapsed holds are needed."""
        for quota_id in self.hot & model.limits.keys():
            ended = rows(
                self.reader,
                "SELECT reservation_id FROM quota_reservations"
                " WHERE quota_id = %s AND status = 'EXPIRED'",
                quota_id,
            )
            ids = {hold_id for (hold_id,) in ended}  # one that is settled at its end ends alone
            model.expire_holds(model.limits[quota_id], self.now, ids)

    def charge(self, number: int, wanted: Call, just_try: bool = False) -> None:
        """Ask for units or tokens; ``just_try`` by the way that answers with OUT values."""
        family, who = wanted.tenant_id[0], (wanted.tenant_id, wanted.quota_type)
        what = (wanted.key and "ORDER", wanted.key, wanted.product)

        def really(connection: Connection) -> Answer:
            if wanted.operation == "ACQUIRE":
                return outcome_of(connection, "acquire_quota_token", *who, outs=1)
            if wanted.operation == "LEASE":
                return answer_of(connection, "acquire_quota_lease", *who, "holder", wanted.ttl)
            amount = wanted.amount
            if wanted.operation == "RESERVE":
                return answer_of(connection, "reserve_quota", *who, amount, wanted.ttl, *what)
            if just_try:
                return outcome_of(connection, "try_consume_quota", *who, amount, *what, outs=2)
            return answer_of(connection, "consume_quota", *who, amount, *what)

        def as_modelled(model: Model, answer: Answer) -> Answer:
            is_held = wanted.operation in ("RESERVE", "LEASE")
            hold_id = (answer.hold_id or "none") if is_held else None
            expected = model.charge(wanted._replace(hold_id=hold_id))
            if wanted.operation == "ACQUIRE":
                return Answer(expected.success, "done" if expected.success else "not done")
            return Answer(expected.success, expected.status) if just_try else expected

        if wanted.key is not None:
            self.keyed.append(wanted)
        self.both(family, number, really, as_modelled)

    def look(self, number: int, wanted: Call) -> None:
        """Ask what consuming would answer; the tables stay as they are."""
        arguments = (wanted.tenant_id, wanted.quota_type, wanted.amount, wanted.product)
        self.both(
            wanted.tenant_id[0],
            number,
            lambda connection: answer_of(connection, "check_quota", *arguments),
            lambda model, answer: model.check(wanted),
        )

    def end_transaction(self, number: int, end: str) -> None:
        """COMMIT or ROLLBACK a connection's transaction, if it has one."""
        transaction = self.transactions.pop(number, None)
        if transaction is not None:
            getattr(self.open[number], end)()
            self.holders = {f: n for f, n in self.holders.items() if n != number}
            if end == "rollback":
                self.worlds |= transaction.before

    # Definitions

    def define_limit(
        self,
        tenant_id: str,
        quota_type: str,
        limit_type: str,
        hard: int,
        soft: int | None,
        said: dict[str, Any],
        number: int = 1,
    ) -> None:
        """Create a limit, or change it while it is in use."""
        model = self.worlds[tenant_id[0]]
        zone = zone_of(model.tenants[tenant_id].zone)
        soft = None if soft is None else min(soft, hard)
        wanted = Limit(0, tenant_id, zone, quota_type, limit_type, hard, soft)
        said = dict(said)
        if limit_type not in CALENDAR:
            said.pop("anchor", None)
        if limit_type not in COUNTED:
            said.pop("slots", None)
        if limit_type != "RATE":
            said.pop("refill", None)
        elif find_limit(model, wanted) is None:
            said.setdefault("refill", Fraction(1))

        now = self.now.replace(microsecond=0)
        for name in ("effective", "expire"):
            if said.get(name):
                said[name] = now + said[name]
        answer = self.both(
            tenant_id[0],
            number,
            lambda connection: answer_of(
                connection,
                "define_quota",
                *(tenant_id, quota_type, limit_type, hard, soft, as_json(said)),
            ),
            lambda model, answer: define_quota(
                model, replace(wanted, quota_id=answer.quota_id or 0), said, self.now
            ),
        )
        if said.get("slots") and answer.quota_id:
            self.hot.add(answer.quota_id)

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
                "SELECT quota_id, IF(limit_type = 'RATE', NULL, CAST(used_count -"
                "   (SELECT COALESCE(SUM(s.remaining), 0) FROM quota_slots AS s"
                "    WHERE s.quota_id = q.quota_id AND s.next_reset_time <=> q.next_reset_time)"
                "   AS SIGNED)), leased_count, next_reset_time, hard_limit, soft_limit,"
                " enforcement = 'ENFORCE', CAST(product_codes AS CHAR), effective_time,"
                " expire_time, period_anchor, refill_per_second, slot_count"
                " FROM tenant_quotas AS q",
            )
        }
        leased = Counter(
            h.quota_id
            for model in models
            for h in model.holds.values()
            if (h.kind, h.status) == ("LEASE", "HELD")
        )
        wanted = {
            quota_id: [
                None if each.limit_type == "RATE" else each.used,
                leased[quota_id],
                each.next_reset,
                *(each.hard, each.soft, each.enforced),
                None if each.products is None else json.dumps(each.products),
                *(each.effective, each.expire, each.anchor, each.refill or None, each.slots),
            ]
            for quota_id, each in quotas.items()
        }
        assert found == wanted, f"quotas: {found} but the model says {wanted}"
        ledger = rows(
            self.reader,
            # In which order several holds expire is nobody's business, nor is what use an
            # ADJUST row remembers, or one of a limit with slots.
            "SELECT quota_id, operation_type, delta_value,"
            " IF(operation_type IN ('EXPIRE', 'ADJUST') OR FIND_IN_SET(quota_id, %s)"
            "    OR operation_type = 'RESET' AND delta_value > 0, 0, current_used),"
            " biz_id, product_code,"
            " period_start, reservation_id, refund_id, origin_tenant_id, created_at"
            " FROM quota_usage_records",
            ",".join(map(str, self.hot)),
        )
        assert_equal(
            "ledger",
            ledger,
            (
                row._replace(current_used=0)
                if row.operation in ("EXPIRE", "ADJUST")
                or row.quota_id in self.hot
                or (row.operation == "RESET" and row.delta > 0)
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
