"""How the calls fare with the number of connections."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import SLOTS, TENANTS, Works

TITLE = "1 to 128 connections"
NEEDS = ("sysbench",)
COUNTS = (1, 8, 32, 128)


def run(bench: Bench) -> Cases:
    """Ours spread, hot, and hot with more slots than connections, and the plain UPDATE."""
    works: Works = {}
    with bench.schema() as schema:
        schema.add_tenants("s", TENANTS)
        schema.add_tenants("o")
        schema.add_tenants("u")
        for count in COUNTS:
            hot = f"h{count}x"
            schema.add_hot_tenant(hot, max(SLOTS, 2 * count))
            for name, work, prefix, tenants in (
                ("1,000 tenants", "consume", "s", TENANTS),
                ("hot", "consume", "o", 1),
                ("hot, slots", "consume", hot, 1),
                ("hot, plain UPDATE", "update", "u", 1),
            ):
                works[f"{count} x {name}"] = partial(
                    schema.sysbench,
                    *(work, prefix, tenants),
                    seconds=bench.size.seconds,
                    connections=count,
                )
        return bench.rounds(works)
