"""What the measurements are to show, and whether they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks import kinds
from benchmarks.measure import Cases, Spread, figure, ratio
from benchmarks.parts import slots
from benchmarks.works import (
    ALONE,
    BATCH,
    CONSUMING,
    EVERY_CALL,
    FLOOR,
    OURS,
    SCENARIO_2,
    SLOTTED,
    SPREAD,
    UPDATE,
)


@dataclass(frozen=True)
class Target:
    """A bound on the median of a case's ratio to another; or on its worst figure itself."""

    part: str
    text: str
    case: str
    against: str | None  # None: the figure itself, in the worst round
    bound: float
    at_least: bool = True
    what: str = "rate"

    def measured(self, parts: Mapping[str, Cases]) -> Spread | None:
        """Return what was measured, or None where its part did not run with these cases."""
        cases = parts.get(self.part)
        if cases is None or not {self.case, self.against or self.case} <= cases.keys():
            return None
        if self.against is None:
            return figure(cases, self.case, self.what)
        return ratio(cases, self.case, self.against, self.what)

    def is_met(self, measured: Spread) -> bool:
        """Whether the bound holds: of the median, or of the worst where no ratio is asked."""
        if self.against is None:
            return measured.low >= self.bound if self.at_least else measured.high <= self.bound
        return measured.median >= self.bound if self.at_least else measured.median <= self.bound


def to_floor(part: str, case: str, bound: float) -> Target:
    """Ask for a part of the floor's rate."""
    return Target(part, f"{case}: rate, to the floor", case, FLOOR, bound)


def first(case: str, bound: float) -> Target:
    """Ask for a first call that takes not much longer than the floor's."""
    text = f"first call, {case}: time, to the floor's"
    return Target("first_call", text, case, FLOOR, bound, False, "first_ms")


def holds(case: str, megabytes: float) -> Target:
    """Ask for little memory that a connection's compiled procedures hold."""
    text = f"compiled code, {case}: MB"
    return Target("memory", text, case, None, megabytes, False, "compiled_mb")


MONITOR, BY_KEY = "monitor, one tenant", "a quota by primary key"
HUNDRED, RESET = "batches of 100", "during the reset"
LARGE = "large, all its tenants"
DENIED, GRANTED = "denied, 1,000 tenants", "granted, 1,000 tenants"
NODE_SLOTS, NODE_HOT = "consume_quota, slots, one tenant", "rate-limiter-flexible, one tenant"
NODE_OURS, NODE_SPREAD = "consume_quota, 1,000 tenants", "rate-limiter-flexible, 1,000 tenants"

TARGETS = (
    Target("hot", "hot with slots: rate, to the plain UPDATE", SLOTTED, UPDATE, 2.0),
    Target("hot", "hot with slots: rate, to scenario 2", SLOTTED, SCENARIO_2, 3.0),
    Target("node", "hot with slots: rate, to rate-limiter-flexible", NODE_SLOTS, NODE_HOT, 3.3),
    Target("hot", "hot with slots: rate, to our spread load", SLOTTED, SPREAD, 0.9),
    Target("hot", "hot with slots: p95, to our spread load", SLOTTED, SPREAD, 1.3, False, "p95_ms"),
    to_floor("slots", slots.BELOW, 0.4),
    to_floor("slots", slots.THREE, 0.4),
    to_floor("slots", slots.TOKENS, 0.45),
    Target("slots", f"{slots.BELOW}: p95, to the floor", slots.BELOW, FLOOR, 1.5, False, "p95_ms"),
    Target(
        *("slots", f"{slots.THREE}: p95, to the spread", slots.THREE, slots.THREE_SPREAD, 1.5),
        *(False, "p95_ms"),
    ),
    Target(
        *("slots", f"{slots.TOKENS}: p95, to the spread", slots.TOKENS, slots.TOKENS_SPREAD, 1.5),
        *(False, "p95_ms"),
    ),
    Target(
        *("slots", "joined for 5 ms: rate, to scenario 2", slots.ORDERS, slots.ORDERS_BY_HAND, 10)
    ),
    Target("slots", "joined for 5 ms: rate, to the spread", slots.ORDERS, slots.ORDERS_SPREAD, 0.7),
    Target("spread", "spread: rate, to the floor", OURS, FLOOR, 0.65),
    Target("spread", "spread: rate, to scenario 2", OURS, SCENARIO_2, 1.8),
    Target("node", "spread: rate, to rate-limiter-flexible", NODE_OURS, NODE_SPREAD, 1.2),
    Target("joined", f"{kinds.JOINED}: rate, to scenario 2", kinds.JOINED, SCENARIO_2, 0.75),
    to_floor("ancestors", kinds.PARENT, 0.42),
    to_floor("limits", kinds.THREE, 0.48),
    to_floor("limits", kinds.CALENDAR, 0.48),
    Target("limits", "three limits: cost, to one", kinds.ONE, kinds.THREE, 1.35, False),
    to_floor("rate", kinds.RATE, 0.85),
    to_floor("rate", kinds.MONTHLY_AND_RATE, 0.55),
    to_floor("shadow", kinds.SHADOW, 0.6),
    to_floor("tokens", kinds.ACQUIRE, 1.1),
    to_floor("tokens", kinds.ACQUIRE_AND_RELEASE, 0.55),
    to_floor("leases", kinds.LEASE, 0.55),
    to_floor("reservations", kinds.RESERVE, 0.45),
    to_floor("reservations", kinds.CONFIRM, 0.45),
    to_floor("reservations", kinds.REFUND, 0.45),
    Target("denials", "a denial: rate, to the floor", DENIED, FLOOR, 1.2),
    Target("denials", "a denial: rate, to a grant", DENIED, GRANTED, 3.0),
    Target("denials", "a denial: binlog bytes", DENIED, None, 10, False, "binlog_bytes"),
    Target("batches", "a batch of 100: items, to single calls", HUNDRED, "single calls", 15),
    Target("growth", "the large database: rate, to the small", LARGE, "small", 0.9),
    Target("reset", "a reset alone: quotas a second", ALONE, None, 10_000, what="resets"),
    Target("reset", "a reset: p99, to the quiet", RESET, "quiet", 2.0, False, "p99_ms"),
    Target("reset", "a reset: longest stall, ms", RESET, None, 250, False, "longest_ms"),
    Target("monitor", "the monitor, one tenant: time, to a key's", MONITOR, BY_KEY, 2, False, "ms"),
    *(first(case, 1.4) for case in (kinds.ONE, kinds.JOINED, kinds.ACQUIRE)),
    *(first(case, 2) for case in (kinds.PARENT, kinds.RESERVE, BATCH, kinds.REFUND)),
    holds(CONSUMING, 1.2),
    holds(EVERY_CALL, 3.5),
)
