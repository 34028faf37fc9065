"""Calls spread over 1,000 tenants with one limit each."""

from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import TENANTS, peers

TITLE = "1,000 tenants, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """Ours and its peers in SQL."""
    with bench.schema() as schema:
        return bench.rounds(peers(schema, TENANTS, bench.size.seconds))
