"""The rules of tenant-quota in plain Python: what the procedures must do, said without SQL.

``tests/test_model.py`` drives this and the real procedures side by side. Numbers in
brackets are DESIGN's sections. An error leaves the model half changed: whoever calls it
works on a copy.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil

from tests.model_data import (
    CALENDAR,
    CALENDAR_ANCHOR,
    COUNTED,
    Answer,
    Call,
    Hold,
    Limit,
    Row,
    Tenant,
    local,
    period_of,
    utc,
)

#: Which limits each operation charges: the last column of the table in DESIGN [2].
CHARGED_BY = {
    "CONSUME": (*COUNTED, "RATE"),
    "RESERVE": COUNTED,
    "ACQUIRE": ("CONCURRENT", "RATE"),
    "LEASE": ("CONCURRENT",),
}
ENDED = {"CONFIRM": "CONFIRMED", "CANCEL": "CANCELLED", "RELEASE": "RELEASED", "EXPIRE": "EXPIRED"}


class KeyReused(Exception):
    """45002: the same key, for another amount, product or operation."""


class InvalidArgument(Exception):
    """45001: a caller's mistake."""


@dataclass
class Model:
    """All that a family of tenants has, and every operation on it."""

    tenants: dict[str, Tenant] = field(default_factory=dict)
    limits: dict[int, Limit] = field(default_factory=dict)
    ledger: list[Row] = field(default_factory=list)
    holds: dict[tuple[str, int], Hold] = field(default_factory=dict)
    alerts: set[tuple[int, datetime, str]] = field(default_factory=set)

    def copy(self) -> Model:
        """Return a copy that lives on its own: what a rollback goes back to."""
        return Model(
            dict(self.tenants),
            {quota_id: copy.copy(limit) for quota_id, limit in self.limits.items()},
            list(self.ledger),
            dict(self.holds),
            set(self.alerts),
        )

    # Who is asked

    def chain(self, tenant_id: str | None) -> list[Tenant]:
        """The tenant and its ancestors."""
        found = []
        while tenant_id is not None:
            found.append(self.tenants[tenant_id])
            tenant_id = found[-1].parent
        return found

    def limits_of(self, tenant_id: str, quota_type: str, types: Iterable[str]) -> list[Limit]:
        """Return the limits that a call touches, in the order of quota_id [3, 5]."""
        names = {each.tenant_id for each in self.chain(tenant_id)}
        return [
            limit
            for _, limit in sorted(self.limits.items())
            if limit.tenant_id in names
            and limit.quota_type == quota_type
            and limit.limit_type in types
        ]

    # Periods [4]

    def close_period(self, limit: Limit, now: datetime) -> bool:
        """Whoever touches a quota whose period is over closes it first, however late."""
        if limit.limit_type not in CALENDAR:
            return False
        wall = local(now, limit.zone)
        if limit.next_reset is not None and limit.next_reset > wall:
            return False
        if limit.next_reset is not None:
            used, limit.used = limit.used, 0
            self.reset(limit, -used, limit.period(), now)
        limit.anchor = limit.anchor or CALENDAR_ANCHOR
        limit.next_reset = period_of(limit.limit_type, limit.anchor, wall)[1]
        return True

    def sweep_due(self, now: datetime) -> int:
        """What the event does: close every period that is over."""
        return sum([self.close_period(limit, now) for limit in self.limits.values()])

    # Charging [3]

    def charge(self, call: Call) -> Answer:
        """Charge all limits of the tenant and its ancestors, or none."""
        suspended = any(each.suspended for each in self.chain(call.tenant_id))
        limits = self.limits_of(call.tenant_id, call.quota_type, CHARGED_BY[call.operation])
        both = [(limit, self.examine(limit, call)) for limit in limits]

        first = self.first_charge(limits, call)
        if first is not None:
            return self.replay(first, call)
        if suspended or not limits:
            return Answer(False, "SUSPENDED" if suspended else "NO_QUOTA")

        denied = [(limit, said) for limit, said in both if said != "GRANTED" and limit.enforced]
        for limit, verdict in both:
            self.report(limit, verdict, 0 if denied else call.amount, call.now)
        if denied:
            return self.denial(denied, call)
        for limit, verdict in both:
            if self.is_charged(limit, verdict):
                self.take(limit, call)
        tightest = min(limits, key=lambda limit: tightness(limit, call.now))
        answer = self.figures(tightest, "GRANTED", call.now)
        if call.hold_id is not None:
            answer = answer._replace(hold_id=call.hold_id, expires_at=expiry(call))
        return answer

    def examine(self, limit: Limit, call: Call) -> str:
        """Close the period, ask the limit, and ask again once lapsed holds are given back."""
        self.close_period(limit, call.now)
        verdict = self.judge(limit, call)
        if verdict == "EXCEEDED" and self.expire_holds(limit, call.now):
            verdict = self.judge(limit, call)
        return verdict

    def judge(self, limit: Limit, call: Call) -> str:
        """Say what one limit says to one amount."""
        wall = local(call.now, limit.zone)
        if limit.effective is not None and wall < limit.effective:
            return "NOT_EFFECTIVE"
        if limit.expire is not None and wall >= limit.expire:
            return "EXPIRED"
        has_product = call.operation in ("CONSUME", "RESERVE")  # tokens know no products
        if has_product and limit.products is not None and call.product not in limit.products:
            return "PRODUCT_NOT_COVERED"
        return "EXCEEDED" if limit.use(call.now) + call.amount > limit.hard else "GRANTED"

    def is_charged(self, limit: Limit, verdict: str) -> bool:
        """Of a granted call; a SHADOW limit counts on beyond its hard limit, a bucket cannot [3]."""
        counts_on = not limit.enforced and limit.limit_type != "RATE"
        return verdict == "GRANTED" or (verdict == "EXCEEDED" and counts_on)

    def take(self, limit: Limit, call: Call) -> None:
        """Charge one limit: its use, its ledger row, its hold."""
        row = None
        if limit.limit_type == "RATE":
            limit.debt, limit.debt_at = limit.missing(call.now) + call.amount, call.now
        else:
            limit.used += call.amount
        if limit.limit_type in COUNTED:  # the ledger covers no others [2]
            origin = "" if limit.tenant_id == call.tenant_id else call.tenant_id
            row = Row(
                *(limit.quota_id, "CONSUME", call.amount, limit.used, call.key, call.product),
                *(limit.period(), call.hold_id, "", origin, call.now),
            )
            self.ledger.append(row)
        if call.hold_id is not None:
            kind = "LEASE" if call.operation == "LEASE" else "RESERVATION"
            self.holds[call.hold_id, limit.quota_id] = Hold(
                *(call.hold_id, limit.quota_id, kind, "HELD", call.amount, None),
                *(expiry(call), row),
            )

    def reset(self, limit: Limit, delta: int, period: datetime | None, now: datetime) -> None:
        """Write a RESET row: what takes a closed period's use out of the ledger's sum."""
        self.ledger.append(
            Row(
                *(limit.quota_id, "RESET", delta, limit.used, None, None),
                *(period, None, "", "", now),
            )
        )

    # Answers [3]

    def figures(self, limit: Limit, status: str, now: datetime) -> Answer:
        """Show one limit as it is now."""
        use = limit.use(now)
        return Answer(
            *(status in ("GRANTED", "REPLAYED"), status, limit.quota_id, limit.limit_type),
            *(limit.hard, use, max(limit.hard - use, 0), limit.next_reset),
        )

    def denial(self, denied: list[tuple[Limit, str]], call: Call) -> Answer:
        """Show of several denials the one that lasts longest, so that waiting for it helps."""
        waits = [(self.wait(limit, said, call), limit, said) for limit, said in denied]
        longest = max(waits, key=lambda each: (each[0] is None, each[0] or 0))
        wait, limit, verdict = longest
        return self.figures(limit, verdict, call.now)._replace(retry_after_ms=wait)

    def wait(self, limit: Limit, verdict: str, call: Call) -> int | None:
        """Milliseconds until the same call may succeed; None: waiting does not help."""
        until = limit.effective if verdict == "NOT_EFFECTIVE" else None
        if verdict == "EXCEEDED" and call.amount <= limit.hard:
            until = limit.next_reset
            if limit.limit_type == "RATE" and limit.refill > 0:
                too_many = limit.missing(call.now) + call.amount - limit.hard
                return ceil(too_many * 1000 / limit.refill)
        if until is None:
            return None
        return max(ceil((utc(until, limit.zone) - call.now) / timedelta(milliseconds=1)), 0)

    def first_charge(self, limits: list[Limit], call: Call) -> Row | None:
        """Return the tightest row of the call that used this key first; idempotency [3]."""
        rows = [
            (not limit.enforced, limit.hard - row.current_used, limit.quota_id, row)
            for limit in limits
            for row in self.rows_of(limit, call.tenant_id, call.key)
            if row.operation == "CONSUME"
        ]
        return min(rows)[3] if rows else None

    def rows_of(self, limit: Limit, tenant_id: str, key: str | None) -> list[Row]:
        """All rows of one key on one limit: what is left of it is their sum [3]."""
        origin = "" if limit.tenant_id == tenant_id else tenant_id
        return [
            row
            for row in self.ledger
            if key is not None
            and row[0] == limit.quota_id
            and (row.key, row.origin) == (key, origin)
        ]

    def replay(self, first: Row, call: Call) -> Answer:
        """REPLAYED with the figures of the ledger: nothing is charged twice [3]."""
        reserved = first.hold_id is not None
        if (first.delta, first.product) != (call.amount, call.product):
            raise KeyReused
        if reserved != (call.operation == "RESERVE"):
            raise KeyReused
        limit = self.limits[first.quota_id]
        end = None
        if first.period is not None:
            anchor = limit.anchor or CALENDAR_ANCHOR
            end = period_of(limit.limit_type, anchor, first.period)[1]
        left = max(limit.hard - first.current_used, 0)
        held = [hold for hold in self.holds.values() if hold.hold_id == first.hold_id]
        return Answer(
            *(True, "REPLAYED", limit.quota_id, limit.limit_type, limit.hard),
            *(first.current_used, left, end, None, first.hold_id),
            max((hold.expires_at for hold in held), default=None) if reserved else None,
        )

    # Alerts [6]

    def report(self, limit: Limit, verdict: str, charged: int, now: datetime) -> None:
        """Write each level once per quota and period; 0 is charged where the call is denied."""
        period = limit.period()
        if period is None:
            today = datetime(now.year, now.month, now.day)
            period = datetime(1000, 1, 1) if limit.limit_type == "TOTAL" else today
        if verdict == "EXCEEDED":
            self.alerts.add((limit.quota_id, period, "EXCEEDED"))
        use = limit.use(now)
        crosses = limit.soft is not None and use < limit.soft <= use + charged
        if crosses and self.is_charged(limit, verdict):
            self.alerts.add((limit.quota_id, period, "WARNING"))

    # Giving back [3, 4]

    def give_back(
        self, charge: Row, operation: str, amount: int, now: datetime, refund_id: str = ""
    ) -> None:
        """Return units into the period they came from; a closed one stays at zero [4]."""
        limit = self.limits[charge.quota_id]
        self.close_period(limit, now)
        is_open = charge.period == limit.period()
        limit.used -= amount if is_open else 0
        self.ledger.append(
            charge._replace(
                operation=operation,
                delta=-amount,
                current_used=limit.used,
                refund_id=refund_id,
                at=now,
            )
        )
        if amount and not is_open:
            self.reset(limit, amount, charge.period, now)

    def refund(
        self,
        tenant_id: str,
        quota_type: str,
        amount: int | None,
        key: str,
        refund_id: str,
        now: datetime,
    ) -> Answer:
        """Give a consumption back, whole or in parts, never more than it was [3]."""
        limits = self.limits_of(tenant_id, quota_type, COUNTED)
        rows = [row for limit in limits for row in self.rows_of(limit, tenant_id, key)]
        charges = [row for row in rows if row.operation == "CONSUME"]
        held = {hold.status for hold in self.holds.values() if hold.charge in charges}
        if not charges or held - {"CONFIRMED"}:
            return Answer(False, "NOT_FOUND")
        done = [row for row in rows if row.operation == "REFUND" and row.refund_id == refund_id]
        if done:
            if amount not in (None, -done[0].delta):
                raise KeyReused
            return Answer(True, "REPLAYED")
        left = sum(row.delta for row in rows if row.quota_id == charges[0].quota_id)
        amount = left if amount is None else amount
        if amount > left or left == 0:
            return Answer(False, "EXCEEDED", remaining=left)
        for charge in charges:
            self.give_back(charge, "REFUND", amount, now, refund_id)
        charged = [self.limits[charge.quota_id] for charge in charges]
        tightest = min(charged, key=lambda limit: tightness(limit, now))
        return self.figures(tightest, "GRANTED", now)

    def release_token(self, tenant_id: str, quota_type: str) -> bool:
        """Give an anonymous token back; never below zero, never a lease's [2, 3]."""
        limits = self.limits_of(tenant_id, quota_type, ("CONCURRENT",))
        leased = [hold.quota_id for hold in self.holds.values() if hold.status == "HELD"]
        lent = [limit for limit in limits if limit.used > leased.count(limit.quota_id)]
        if any(limit.tenant_id == tenant_id and limit not in lent for limit in limits):
            return False  # a tenant with a limit of its own gives back only what that lent
        for limit in lent:
            limit.used -= 1
        return bool(lent)

    # Holds [3]

    def end_hold(self, hold: Hold, operation: str, given_back: int, now: datetime) -> None:
        """End one hold on one quota; its units, or some of them, come back."""
        confirmed = hold.amount - given_back if operation == "CONFIRM" else None
        self.holds[hold.hold_id, hold.quota_id] = replace(
            hold, status=ENDED[operation], confirmed=confirmed
        )
        if hold.charge is None:
            self.limits[hold.quota_id].used -= given_back
        else:
            self.give_back(hold.charge, operation, given_back, now)

    def expire_holds(self, limit: Limit, now: datetime) -> int:
        """Give back what lapsed holds have of one limit; return how many there were."""
        lapsed = [
            hold
            for hold in self.holds.values()
            if hold.quota_id == limit.quota_id and hold.status == "HELD" and hold.expires_at <= now
        ]
        for hold in sorted(lapsed, key=lambda hold: (hold.expires_at, hold.hold_id)):
            self.end_hold(hold, "EXPIRE", hold.amount, now)
        return len(lapsed)

    def sweep_lapsed(self, now: datetime) -> int:
        """What the event does: expire every hold whose time is over."""
        return sum([self.expire_holds(limit, now) for limit in self.limits.values()])

    def settle(
        self, operation: str, hold_id: str, now: datetime, amount: int | None = None, ttl: int = 0
    ) -> Answer:
        """CONFIRM or CANCEL a reservation, RELEASE or RENEW a lease: one wins, once."""
        kind = "LEASE" if operation in ("RELEASE", "RENEW") else "RESERVATION"
        holds = [h for h in self.holds.values() if (h.hold_id, h.kind) == (hold_id, kind)]
        if not holds:
            return Answer(False, "NOT_FOUND")
        if any(
            h.status == "EXPIRED" or (h.status == "HELD" and h.expires_at <= now) for h in holds
        ):
            for hold in holds:
                if hold.status == "HELD":
                    self.end_hold(hold, "EXPIRE", hold.amount, now)
            return Answer(False, "EXPIRED")
        status, held, confirmed = holds[0].status, holds[0].amount, holds[0].confirmed
        kept = held if amount is None else amount
        if status == ENDED.get(operation):
            if operation == "CONFIRM" and kept != confirmed:
                raise KeyReused
            return Answer(True, "REPLAYED")
        if status != "HELD":
            return Answer(False, status)
        if operation == "CONFIRM" and kept > held:
            raise InvalidArgument
        for hold in holds:
            if operation == "RENEW":
                renewed = replace(hold, expires_at=now + timedelta(seconds=ttl))
                self.holds[hold.hold_id, hold.quota_id] = renewed
            else:
                given_back = held - kept if operation == "CONFIRM" else held
                self.end_hold(hold, operation, given_back, now)
        return Answer(True, ENDED.get(operation, "RENEWED"))


def expiry(call: Call) -> datetime:
    """Until when a hold is held: at that moment it has lapsed."""
    return call.now + timedelta(seconds=call.ttl)


def tightness(limit: Limit, now: datetime) -> tuple[bool, bool, int, int]:
    """Order grants for showing: enforced first, counted first, least left first [3]."""
    left = limit.hard - limit.use(now)
    return not limit.enforced, limit.limit_type == "RATE", left, limit.quota_id
