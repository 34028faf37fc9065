"""What further limits of the same quota type cost."""

from benchmarks import kinds
from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import FLOOR

TITLE = "Three limits at once, 1,000 tenants, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """One limit against DAILY, MONTHLY and TOTAL, and against DAILY, MONTHLY and YEARLY."""
    with bench.schema() as schema:
        names = (FLOOR, kinds.ONE, kinds.THREE, kinds.CALENDAR)
        return bench.rounds(kinds.works(schema, bench.size.seconds, names))
