"""Tokens: taken and given back (CONCURRENT), and taken from a bucket that refills (RATE)."""

from functools import partial

from benchmarks import kinds
from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import FLOOR

TITLE = "Tokens, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """Acquire, acquire and release as one event, and from a bucket; spread and on one tenant."""
    seconds = bench.size.seconds
    with bench.schema() as schema:
        names = (FLOOR, kinds.ACQUIRE, kinds.ACQUIRE_AND_RELEASE, kinds.FROM_BUCKET)
        works = kinds.works(schema, seconds, names)
        for name in (kinds.ACQUIRE_AND_RELEASE, kinds.FROM_BUCKET):
            kind = kinds.KINDS[name]  # one of its tenants alone
            works[f"{name}, one tenant"] = partial(
                schema.sysbench, kind.work, kind.prefix, seconds=seconds
            )
        return bench.rounds(works)
