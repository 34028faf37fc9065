"""What the measurements are to show, and whether they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.measure import Cases, Spread, figure, ratio
from benchmarks.works import FLOOR, OURS, SCENARIO_2, SLOTTED, SPREAD, UPDATE


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
        """Return what was measured, or None where its part did not run."""
        cases = parts.get(self.part)
        if cases is None:
            return None
        if self.against is None:
            return figure(cases, self.case, self.what)
        return ratio(cases, self.case, self.against, self.what)

    def is_met(self, measured: Spread) -> bool:
        """Whether the bound holds: of the median, or of the worst where no ratio is asked."""
        if self.against is None:
            return measured.low >= self.bound if self.at_least else measured.high <= self.bound
        return measured.median >= self.bound if self.at_least else measured.median <= self.bound


ONE, BY_KEY = "monitor, one tenant", "a quota by primary key"
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
    Target("spread", "spread: rate, to the floor", OURS, FLOOR, 0.85),
    Target("spread", "spread: rate, to scenario 2", OURS, SCENARIO_2, 1.8),
    Target("node", "spread: rate, to rate-limiter-flexible", NODE_OURS, NODE_SPREAD, 1.2),
    Target("limits", "three limits: cost, to one", "one limit", "three limits", 1.35, False),
    Target("denials", "a denial: rate, to a grant", DENIED, GRANTED, 3.0),
    Target("denials", "a denial: binlog bytes", DENIED, None, 0.0, False, "binlog_bytes"),
    Target("batches", "a batch of 100: items, to single calls", HUNDRED, "single calls", 15),
    Target("growth", "the large database: rate, to the small", LARGE, "small", 0.9),
    Target("reset", "a reset: p99, to the quiet", RESET, "quiet", 2.0, False, "p99_ms"),
    Target("reset", "a reset: longest stall, ms", RESET, None, 250, False, "longest_ms"),
    Target("monitor", "the monitor, one tenant: time, to a key's", ONE, BY_KEY, 2, False, "ms"),
)
