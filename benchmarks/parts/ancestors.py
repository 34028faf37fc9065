"""What a parent costs, and one more above it: a limit each, which all must allow the call."""

from benchmarks import kinds
from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import FLOOR

TITLE = "Tenants with ancestors, one limit each, 1,000 tenants, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """No ancestor, one, and two; each tenant has ancestors of its own, so that no row is hot."""
    with bench.schema() as schema:
        names = (FLOOR, kinds.ONE, kinds.PARENT, kinds.GRANDPARENT)
        return bench.rounds(kinds.works(schema, bench.size.seconds, names))
