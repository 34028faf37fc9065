"""Tokens that answer with a row; leases, which come back when their holder crashes."""

from benchmarks import kinds
from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import FLOOR

TITLE = "Leases, 1,000 tenants, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """Take and return a token; acquire a lease; acquire and release one as one event."""
    with bench.schema() as schema:
        names = (FLOOR, kinds.TAKE_AND_RETURN, kinds.LEASE, kinds.LEASE_AND_BACK)
        return bench.rounds(kinds.works(schema, bench.size.seconds, names))
