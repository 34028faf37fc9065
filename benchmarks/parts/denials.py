"""A storm of callers on limits that are used up."""

from functools import partial

from benchmarks import kinds
from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import FLOOR, TENANTS

TITLE = "Denials, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """Denials, grants and the floor, spread; and on one tenant. A denial has no binlog_bytes."""
    with bench.schema() as schema:
        works = kinds.works(schema, bench.size.seconds, (FLOOR,))
        for where, tenants in (("1,000 tenants", TENANTS), ("one tenant", 1)):
            free, empty = f"free{tenants}x", f"empty{tenants}x"
            schema.add_tenants(free, tenants)
            schema.add_tenants(empty, tenants, hard_limit=1)
            schema.consume_once(empty, tenants)
            # The first denial of a period writes an alert: let that be over.
            schema.consume_once(empty, tenants, "too much")
            call = partial(schema.sysbench, "consume", tenants=tenants, seconds=bench.size.seconds)
            works[f"granted, {where}"] = partial(call, prefix=free)
            works[f"denied, {where}"] = partial(call, prefix=empty, status="EXCEEDED")
        return bench.rounds(works)
