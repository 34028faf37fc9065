"""The same key again, as after a lost connection."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import TENANTS

TITLE = "Replays, 1,000 tenants, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """New keys against a key that each tenant has used before."""
    with bench.schema() as schema:
        schema.add_tenants("a", TENANTS)
        schema.consume_once("a", TENANTS)
        call = partial(schema.sysbench, prefix="a", tenants=TENANTS, seconds=bench.size.seconds)
        return bench.rounds(
            {
                "granted": partial(call, "consume"),
                "replayed": partial(call, "replay", status="REPLAYED"),
            }
        )
