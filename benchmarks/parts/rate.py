"""A token bucket, alone and beside a calendar limit, as consume_quota charges them."""

from benchmarks import kinds
from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import FLOOR

TITLE = "RATE, 1,000 tenants, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """RATE alone; MONTHLY and RATE of one quota type together."""
    with bench.schema() as schema:
        names = (FLOOR, kinds.RATE, kinds.MONTHLY_AND_RATE)
        return bench.rounds(kinds.works(schema, bench.size.seconds, names))
