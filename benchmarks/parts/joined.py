"""A call inside the caller's own transaction, against what it replaces there."""

from benchmarks import kinds
from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import SCENARIO_2

TITLE = "Inside the caller's transaction, 1,000 tenants, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """BEGIN, CALL and COMMIT against scenario 2 by hand; the same call in its own transaction."""
    with bench.schema() as schema:
        names = (SCENARIO_2, kinds.JOINED, kinds.ONE)
        return bench.rounds(kinds.works(schema, bench.size.seconds, names))
