"""The rules of tenant-quota in plain Python: what the procedures must do, said without SQL.

``tests/rules/test_model.py`` drives this and the real procedures side by side; what
administrators do is in ``tests/helpers/model_admin.py``. Numbers in brackets are the
sections of docs/design.md. An error leaves the model half changed: its caller works on a copy."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil

from tests.helpers.model_data import (
    CALENDAR,
    CALENDAR_ANCHOR,
    CHARGED_BY,
    COUNTED,
    ENDED,
    Answer,
    Call,
    Hold,
    Item,
    Judged,
    Limit,
    Row,
    Tenant,
    by_type,
    expiry,
    first_lapse,
    left_of,
    local,
    period_of,
    tightness,
    time_until,
    was_reset_since,
)


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

    def limits_above(self, tenant_id: str) -> list[Limit]:
        """Return all limits of the tenant and its ancestors."""
        names = {each.tenant_id for each in self.chain(tenant_id)}
        return [each for _, each in sorted(self.limits.items()) if each.tenant_id in names]

    def limits_of(self, tenant_id: str, quota_type: str, types: Iterable[str]) -> list[Limit]:
        """Return the limits that a call touches, in the order of quota_id [3, 5]."""
        return [
            limit
            for limit in self.limits_above(tenant_id)
            if limit.quota_type == quota_type and limit.limit_type in types
        ]

    # Periods [4]

    def close_period(self, limit: Limit, now: datetime) -> bool:
        """Whoever touches a quota whose period is over closes it first, however late."""
        if limit.limit_type not in CALENDAR:
            return False
        wall = local(now, limit.zone)
        if limit.next_reset is not None and limit.next_reset > wall:
            if self.is_misplaced(limit, wall):
                limit.next_reset, limit.next_alert = limit.period(), limit.first_alert()
            return False
        if limit.next_reset is not None:
            used, limit.used = limit.used, 0
            limit.reset_time = wall.replace(microsecond=0)
            self.reset(limit, -used, limit.period(), now)
        limit.anchor = limit.anchor or CALENDAR_ANCHOR
        limit.next_reset = period_of(limit.limit_type, limit.anchor, wall)[1]
        limit.next_alert = limit.first_alert()
        return True

    def is_misplaced(self, limit: Limit, wall: datetime) -> bool:
        """Whether a next_reset_time by hand is off the boundaries: it means the one before it."""
        start = limit.period()
        if limit.next_reset is None or start is None or start <= wall:
            return False
        return (
            period_of(limit.limit_type, limit.anchor or CALENDAR_ANCHOR, start)[1]
            != limit.next_reset
        )

    def sweep_due(self, now: datetime) -> int:
        """What the event does: close every period that is over."""
        return sum([self.close_period(limit, now) for limit in self.limits.values()])

    # Charging [3]

    def charge(self, call: Call) -> Answer:
        """Charge all limits of the tenant and its ancestors, or none."""
        suspended = any(each.suspended for each in self.chain(call.tenant_id))
        limits = self.limits_of(call.tenant_id, call.quota_type, CHARGED_BY[call.operation])
        first = self.first_charge(limits, call)
        is_plain = limits and not suspended and first is None
        if not is_plain or any(self.is_obstacle(each, call) for each in limits):
            for each in limits:
                self.sort_out(each, call)
        if first is not None:
            return self.replay(first, call)
        if suspended or not limits:
            return Answer(False, "SUSPENDED" if suspended else "NO_QUOTA")
        answer = self.all_or_nothing(
            [Judged(each, call, self.judge(each, call)) for each in limits]
        )
        if answer.success and call.hold_id is not None:
            is_held = any(hold_id == call.hold_id for hold_id, _ in self.holds)
            until = expiry(call) if is_held else None  # SHADOW ones not in force hold none
            answer = answer._replace(hold_id=call.hold_id, expires_at=until)
        return answer

    def all_or_nothing(self, asked: list[Judged]) -> Answer:
        """Charge what was asked of all these limits, or nothing if one of them denies [3]."""
        denied = [each for each in asked if each.verdict != "GRANTED" and each.limit.enforced]
        for each in asked:
            self.report(each, is_denied=bool(denied))
        if denied:
            return self.denial(denied)
        for limit, call, verdict in asked:
            if self.takes_part(limit, verdict):
                self.take(limit, call)
        return self.tightest([each.limit for each in asked], "GRANTED", asked[0].call.now)

    def check(self, call: Call) -> Answer:
        """Say what consuming would answer after all that has lapsed is over; nothing happens [3]."""
        model = self.copy()
        for limit in model.limits_of(call.tenant_id, call.quota_type, CHARGED_BY["CONSUME"]):
            model.expire_holds(limit, call.now)
        return model.charge(call)

    # Batches [3]

    def charge_batch(self, calls: list[Call]) -> Answer:
        """Charge all items of one tenant, or none: quota type by quota type, in their order."""
        tenant_id, now = calls[0].tenant_id, calls[0].now
        fresh = self.fresh_items(calls)
        shown: Answer | None = None
        before = self.copy()
        for mine in by_type(fresh or list(enumerate(calls))):
            if fresh:
                answer = self.charge_type(mine)
            else:
                whole = mine[0][1]._replace(operation="BATCH", amount=0)
                limits = self.limits_of(tenant_id, whole.quota_type, CHARGED_BY["BATCH"])
                for limit in limits:
                    self.sort_out(limit, whole)
                answer = self.tightest(limits, "REPLAYED", now)
            if not answer.success:
                self.go_back_to(before)
                self.charge_type(mine)  # its alerts and the periods that it closes
                return answer._replace(item_index=self.first_denied(fresh, mine, answer))
            if shown is None or self.rank(answer) < self.rank(shown):
                shown = answer
        assert shown is not None
        return shown

    def charge_type(self, items: list[Item]) -> Answer:
        """Charge the items of one quota type, or none."""
        whole = items[0][1]._replace(
            operation="BATCH", amount=sum(call.amount for _, call in items), key=None
        )
        limits = self.limits_of(whole.tenant_id, whole.quota_type, CHARGED_BY["BATCH"])
        suspended = any(each.suspended for each in self.chain(whole.tenant_id))
        asked = [self.ask_for(items, limit, whole) for limit in limits]
        is_plain = limits and not suspended
        if not is_plain or any(
            self.is_obstacle(each.limit, each.call) or self.leaves_out(each.limit, items)
            for each in asked
        ):
            for each in asked:
                self.sort_out(each.limit, each.call)
        if suspended or not limits:
            return Answer(False, "SUSPENDED" if suspended else "NO_QUOTA")
        asked = [self.ask_for(items, limit, whole) for limit in limits]
        denied = [each for each in asked if each.verdict != "GRANTED" and each.limit.enforced]
        for each in asked:
            if not (denied and self.leaves_out(each.limit, items)):
                self.report(each, is_denied=bool(denied))
        if denied:
            return self.denial(denied)
        if any(not each.enforced and each.products for each in self.limits_above(whole.tenant_id)):
            items = sorted(items, key=lambda item: item[1].product or "")  # product by product
        for limit, _, verdict in asked:
            for _, call in items if self.takes_part(limit, verdict) else []:
                if limit.covers(call.product):
                    self.take(limit, call)
        return self.tightest(limits, "GRANTED", whole.now)

    def fresh_items(self, calls: list[Call]) -> list[Item]:
        """Leave out what was charged before, and what stands earlier in the same batch."""
        fresh: list[Item] = []
        earlier: dict[tuple[str, str], Call] = {}
        for number, call in enumerate(calls):
            limits = self.limits_of(call.tenant_id, call.quota_type, CHARGED_BY["CONSUME"])
            first = self.first_charge(limits, call)
            if first is not None:
                self.replay(first, call)  # only to compare
            if call.key is not None:
                same = earlier.setdefault((call.quota_type, call.key), call)
                if (same.amount, same.product) != (call.amount, call.product):
                    raise KeyReused
                if same is not call:
                    continue
            if first is None:
                fresh.append((number, call))
        return fresh

    def ask_for(self, items: list[Item], limit: Limit, whole: Call) -> Judged:
        """Ask one limit for all that it covers; enforced, it denies what it does not cover."""
        covered = [call for _, call in items if limit.covers(call.product)]
        if not limit.enforced:
            whole = whole._replace(amount=sum(call.amount for call in covered))
        verdict = self.judge(limit, whole)
        is_out = self.leaves_out(limit, items) and (limit.enforced or not covered)
        if is_out and verdict in ("GRANTED", "EXCEEDED"):
            verdict = "PRODUCT_NOT_COVERED"
        return Judged(limit, whole, verdict)

    def leaves_out(self, limit: Limit, items: list[Item]) -> bool:
        """Whether the limit is not on the products of all these items."""
        return not all(limit.covers(call.product) for _, call in items)

    def first_denied(self, fresh: list[Item], mine: list[Item], answer: Answer) -> int:
        """Name the first item that this limit does not cover, or has no room left for."""
        if answer.status == "SUSPENDED":
            return fresh[0][0]
        room = (answer.hard_limit or 0) - (answer.used_count or 0)
        for number, call in mine:
            room -= call.amount
            is_denied = answer.status not in ("PRODUCT_NOT_COVERED", "EXCEEDED")
            if answer.status == "PRODUCT_NOT_COVERED":
                is_denied = not self.limits[answer.quota_id or 0].covers(call.product)
            if is_denied or (answer.status == "EXCEEDED" and room < 0):
                return number
        raise AssertionError(f"{answer} denies none of {mine}")

    def go_back_to(self, before: Model) -> None:
        """Undo all that was done since a copy was made."""
        self.__dict__.update(before.copy().__dict__)

    # Judging

    def is_obstacle(self, limit: Limit, call: Call) -> bool:
        """Whether a limit cannot simply be charged: then all limits of the call are sorted out."""
        wall = local(call.now, limit.zone)
        is_due = limit.limit_type in CALENDAR and (
            limit.next_reset is None or limit.next_reset <= wall or self.is_misplaced(limit, wall)
        )
        used = limit.use(call.now) + call.amount
        verdict = self.judge(limit, call)
        is_ignored = verdict == "EXCEEDED" and self.takes_part(limit, verdict)
        return is_due or limit.reaches_alert(used) or not (verdict == "GRANTED" or is_ignored)

    def sort_out(self, limit: Limit, call: Call) -> None:
        """Close a period that is over; give lapsed holds back where their units may matter."""
        self.close_period(limit, call.now)
        spare = self.spare(limit, call.now)
        used = limit.use(call.now) + call.amount
        is_short = spare > 0 and (used > limit.hard or limit.reaches_alert(used))
        if is_short or (self.lapsed(limit, call.now) and call.amount <= limit.hard < used - spare):
            self.expire_holds(limit, call.now)

    def judge(self, limit: Limit, call: Call) -> str:
        """Say what one limit says to one amount."""
        wall = local(call.now, limit.zone)
        if limit.effective is not None and wall < limit.effective:
            return "NOT_EFFECTIVE"
        if limit.expire is not None and wall >= limit.expire:
            return "EXPIRED"
        has_product = call.operation in ("CONSUME", "RESERVE")  # tokens know none; BATCH: ask_for
        if has_product and not limit.covers(call.product):
            return "PRODUCT_NOT_COVERED"
        return "EXCEEDED" if limit.use(call.now) + call.amount > limit.hard else "GRANTED"

    def takes_part(self, limit: Limit, verdict: str) -> bool:
        """In a granted call; a SHADOW limit counts on beyond its hard limit, a bucket cannot [3]."""
        counts_on = not limit.enforced and limit.limit_type != "RATE"
        return verdict == "GRANTED" or (verdict == "EXCEEDED" and counts_on)

    def take(self, limit: Limit, call: Call) -> None:
        """Charge one limit: its use, its ledger row, its hold."""
        row = None
        if limit.limit_type == "RATE":
            limit.next_alert = limit.next_alert if limit.missing(call.now) else limit.soft
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
                *(expiry(call), row, limit.period()),
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

    def tightest(self, limits: list[Limit], status: str, now: datetime) -> Answer:
        """Show of several grants the one with least left."""
        if not limits:
            return Answer(True, status)
        return self.figures(min(limits, key=lambda each: tightness(each, now)), status, now)

    def rank(self, answer: Answer) -> tuple[bool, bool, int]:
        """Order the limits that several quota types show as ``tightness`` does; no limit is last."""
        limit = self.limits.get(answer.quota_id or 0)
        if limit is None:
            return True, True, 2**63
        return not limit.enforced, limit.limit_type == "RATE", left_of(answer)

    def denial(self, denied: list[Judged]) -> Answer:
        """Show of several denials the one that lasts longest, so that waiting for it helps."""
        waits = [(self.wait(each.limit, each.verdict, each.call), each) for each in denied]
        wait, shown = max(waits, key=lambda each: (each[0] is None, each[0] or 0))
        answer = self.figures(shown.limit, shown.verdict, shown.call.now)
        used = (answer.used_count or 0) - self.spare(shown.limit, shown.call.now)
        left = max(shown.limit.hard - used, 0)
        wait = first_lapse(self.holds.values(), shown) if wait is None else wait
        return answer._replace(used_count=used, remaining=left, retry_after_ms=wait)

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
        return max(ceil(time_until(until, call.now, limit.zone) / timedelta(milliseconds=1)), 0)

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

    def report(self, asked: Judged, is_denied: bool) -> None:
        """Write each level once per quota and period.

        A denial says who denies; a charge, which threshold it reaches.
        """
        limit, call, verdict = asked
        period = limit.period()
        if period is None:
            today = datetime(call.now.year, call.now.month, call.now.day)
            period = datetime(1000, 1, 1) if limit.limit_type == "TOTAL" else today
        used = limit.use(call.now) + call.amount
        counts = self.takes_part(limit, verdict)
        is_due = limit.reaches_alert(used) if counts else verdict == "EXCEEDED"
        if verdict == "EXCEEDED" and (is_denied or is_due):
            self.alerts.add((limit.quota_id, period, "EXCEEDED"))
        if is_due and not is_denied:
            if limit.soft is not None and used >= limit.soft:
                self.alerts.add((limit.quota_id, period, "WARNING"))
            is_above = limit.enforced or used > limit.hard
            limit.next_alert = None if is_above else limit.hard + 1

    # Giving back [3, 4]

    def give_back(
        self, charge: Row, operation: str, amount: int, now: datetime, refund_id: str = ""
    ) -> None:
        """Return units into the period they came from; a closed one stays at zero [4]."""
        limit = self.limits[charge.quota_id]
        self.close_period(limit, now)
        lowered = 0
        if charge.period == limit.period() and not was_reset_since(limit, charge, self.ledger):
            lowered = min(amount, limit.used)  # somebody may have set it by hand
        self.lower(limit, lowered)
        self.ledger.append(
            charge._replace(
                operation=operation,
                delta=-amount,
                current_used=limit.used,
                refund_id=refund_id,
                at=now,
            )
        )
        if lowered < amount:
            self.reset(limit, amount - lowered, charge.period, now)

    def lower(self, limit: Limit, units: int) -> None:
        """Take units off the use; below the soft limit, reaching it is worth a warning again."""
        limit.used -= units
        if units and limit.soft is not None and limit.used < limit.soft:
            limit.next_alert = min(limit.soft, limit.next_alert or limit.soft)

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
        for charge in charges:
            self.close_period(self.limits[charge.quota_id], now)
        done = [row for row in rows if row.operation == "REFUND" and row.refund_id == refund_id]
        if done:
            if amount not in (None, -done[0].delta):
                raise KeyReused
            return Answer(True, "REPLAYED")
        left = min(sum(r.delta for r in rows if r.quota_id == c.quota_id) for c in charges)
        amount = left if amount is None else amount
        if amount > left or left == 0:
            return Answer(False, "EXCEEDED", remaining=left)
        for charge in charges:
            self.give_back(charge, "REFUND", amount, now, refund_id)
        return self.tightest([self.limits[each.quota_id] for each in charges], "GRANTED", now)

    def release_token(self, tenant_id: str, quota_type: str) -> Answer:
        """Give an anonymous token back; never below zero, never a lease's [2, 3]."""
        limits = self.limits_of(tenant_id, quota_type, ("CONCURRENT",))
        leased = [hold.quota_id for hold in self.holds.values() if hold.status == "HELD"]
        lent = [limit for limit in limits if limit.used > leased.count(limit.quota_id)]
        if any(limit.tenant_id == tenant_id and limit not in lent for limit in limits):
            # A tenant with a limit of its own gives back only what that lent.
            return Answer(False, "not done")
        for limit in lent:
            self.lower(limit, 1)
        return Answer(bool(lent), "done" if lent else "not done")

    # Holds [3]

    def end_hold(self, hold: Hold, operation: str, given_back: int, now: datetime) -> None:
        """End one hold on one quota; its units, or some of them, come back."""
        confirmed = hold.amount - given_back if operation == "CONFIRM" else None
        self.holds[hold.hold_id, hold.quota_id] = replace(
            hold, status=ENDED[operation], confirmed=confirmed, ended_at=now
        )
        if hold.charge is None:
            self.lower(self.limits[hold.quota_id], given_back)
        else:
            self.give_back(hold.charge._replace(period=hold.period), operation, given_back, now)

    def lapsed(self, limit: Limit, now: datetime) -> list[Hold]:
        """Return the holds on one limit whose time is over, and that nobody has ended."""
        return [
            hold
            for hold in self.holds.values()
            if hold.quota_id == limit.quota_id and hold.status == "HELD" and hold.expires_at <= now
        ]

    def spare(self, limit: Limit, now: datetime) -> int:
        """What lapsed holds still have of the open period."""
        lapsed = self.lapsed(limit, now)
        return sum(hold.amount for hold in lapsed if hold.period == limit.period())

    def expire_holds(self, limit: Limit, now: datetime, only: set[str] | None = None) -> int:
        """Give back what lapsed holds (``only`` these ids) have of one limit; return how many."""
        lapsed = [h for h in self.lapsed(limit, now) if only is None or h.hold_id in only]
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
                until = now + timedelta(seconds=ttl)
                self.holds[hold.hold_id, hold.quota_id] = replace(hold, expires_at=until)
            else:
                given_back = held - kept if operation == "CONFIRM" else held
                self.end_hold(hold, operation, given_back, now)
        return Answer(True, ENDED.get(operation, "RENEWED"))
