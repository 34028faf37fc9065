"""All calls on one limit of one tenant, with slots and without."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import SLOTS, SLOTTED, SPREAD, TENANTS, peers

TITLE = "One hot tenant, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """Ours and its peers in SQL; and our own spread load, which slots are to come near."""
    seconds = bench.size.seconds
    with bench.schema() as schema:
        works = peers(schema, 1, seconds)
        schema.add_hot_tenant("h", SLOTS)
        schema.add_tenants("s", TENANTS)
        works[SLOTTED] = partial(schema.sysbench, "consume", "h", seconds=seconds)
        works[SPREAD] = partial(schema.sysbench, "consume", "s", TENANTS, seconds=seconds)
        return bench.rounds(works)
