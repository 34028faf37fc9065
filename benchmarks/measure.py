"""Alternating rounds, and the arithmetic on them: medians, spread, ratios."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

#: What one run gives: rate (a second), p95_ms and so on, by name.
Figures: TypeAlias = dict[str, float]
#: The runs of each case of a part, in the order of the rounds.
Cases: TypeAlias = dict[str, list[Figures]]


@dataclass(frozen=True)
class Spread:
    """The median of some values, and how far they reach."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """Return the spread of values; raises ValueError where there are none."""
        if not values:
            raise ValueError("nothing was measured")
        return cls(median(values), min(values), max(values))


def alternate(works: Mapping[str, Callable[[], Figures]], rounds: int) -> Cases:
    """Run all works in every round, each round beginning with another one."""
    names = list(works)
    cases: Cases = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            cases[name].append(works[name]())
    return cases


def figure(cases: Cases, name: str, what: str) -> Spread:
    """Return one figure of a case over all rounds."""
    return Spread.of([run[what] for run in cases[name]])


def ratio(cases: Cases, name: str, against: str, what: str) -> Spread:
    """Return the spread of the rounds' ratios of one case to another.

    Round by round, so that what slows the machine down for a while slows both sides.
    """
    pairs = zip(cases[name], cases[against], strict=True)
    return Spread.of([one[what] / other[what] for one, other in pairs])
