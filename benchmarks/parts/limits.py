"""What further limits of the same quota type cost."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import TENANTS, Works

TITLE = "Three limits at once, 1,000 tenants, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """One limit against three."""
    with bench.schema() as schema:
        works: Works = {}
        for name, prefix, types in (
            ("one limit", "a", ("MONTHLY",)),
            ("three limits", "b", ("DAILY", "MONTHLY", "TOTAL")),
        ):
            schema.add_tenants(prefix, TENANTS, types)
            works[name] = partial(
                schema.sysbench, "consume", prefix, TENANTS, seconds=bench.size.seconds
            )
        return bench.rounds(works)
