"""Units held, kept and given back: calls that answer with a row."""

from benchmarks import kinds
from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import FLOOR

TITLE = "Reservations and refunds, 1,000 tenants, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """Confirmations and refunds end what was made before, whole; beside them consume_quota."""
    with bench.schema() as schema:
        names = (FLOOR, kinds.CONSUME, kinds.RESERVE, kinds.CONFIRM, kinds.REFUND)
        return bench.rounds(kinds.works(schema, bench.size.seconds, names))
