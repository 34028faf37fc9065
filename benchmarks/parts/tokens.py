"""Tokens: taken and given back (CONCURRENT), and taken from a bucket that refills (RATE)."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import TENANTS, Works

TITLE = "Tokens, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """Acquire and release as one event, and acquire from a bucket; spread and on one tenant."""
    with bench.schema() as schema:
        works: Works = {}
        for where, tenants in (("1,000 tenants", TENANTS), ("one tenant", 1)):
            schema.add_tenants(f"c{tenants}x", tenants, ("CONCURRENT",), 10**6)
            schema.add_tenants(f"r{tenants}x", tenants, ("RATE",), 10**6, refill_per_second=10**6)
            call = partial(schema.sysbench, tenants=tenants, seconds=bench.size.seconds)
            works[f"acquire and release, {where}"] = partial(call, "token_and_back", f"c{tenants}x")
            works[f"acquire from a bucket, {where}"] = partial(call, "token", f"r{tenants}x")
        return bench.rounds(works)
