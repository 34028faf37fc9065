"""What every part is given: the server, how long and how often, and the large database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property, partial

from benchmarks.large import fill
from benchmarks.measure import Cases, Figures, alternate
from benchmarks.server import Schema, new_schema, schema
from tenant_quota.sandbox import Sandbox


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int
    seconds: int  # of one run
    quotas: int  # of the large database
    records: int  # in its ledger
    due: int  # quotas that a reset finds due
    buffer_pool: str


FULL = Size(5, 5, 1_000_000, 10_000_000, 100_000, "4G")
QUICK = Size(1, 1, 20_000, 100_000, 2_000, "512M")


@dataclass
class Bench:
    """One run of the benchmark."""

    sandbox: Sandbox
    size: Size
    say: Callable[[str], None]

    def schema(self) -> AbstractContextManager[Schema]:
        """Give a schema of its own to a part."""
        return schema(self.sandbox)

    def rounds(self, works: Mapping[str, Callable[[], Figures]]) -> Cases:
        """Run the works in alternating rounds, and say what each gave."""

        def told(name: str, work: Callable[[], Figures]) -> Figures:
            figures = work()
            said = ", ".join(f"{what} {value:,.4g}" for what, value in figures.items() if value)
            self.say(f"  {name}: {said}")
            return figures

        named = {name: partial(told, name, work) for name, work in works.items()}
        return alternate(named, self.size.rounds)

    @cached_property
    def large(self) -> Schema:
        """The large database, filled when it is first asked for; its tenants are l1, l2 ..."""
        self.say(f"  filling {self.size.quotas:,} quotas and {self.size.records:,} ledger rows")
        filled = new_schema(self.sandbox)
        fill(filled, self.size.quotas, self.size.records)
        return filled
