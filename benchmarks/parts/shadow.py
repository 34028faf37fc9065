"""A limit that is tried out: it counts and reports, and never denies."""

from benchmarks import kinds
from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import FLOOR

TITLE = "SHADOW, 1,000 tenants, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """Below the limit, and beyond it after the alert is written."""
    with bench.schema() as schema:
        names = (FLOOR, kinds.SHADOW, kinds.SHADOW_OVER)
        return bench.rounds(kinds.works(schema, bench.size.seconds, names))
