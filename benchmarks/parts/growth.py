"""A small database against one that has grown."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.measure import Cases
from benchmarks.works import TENANTS

TITLE = "Growth, 32 connections"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """The same load on 1,000 quotas and no ledger, and on the large database.

    There the calls go to 1,000 of its tenants, and to all of them: then nearly every call
    touches pages that no call before has touched.
    """
    large, seconds = bench.large, bench.size.seconds
    with bench.schema() as small:
        small.add_tenants("t", TENANTS)
        return bench.rounds(
            {
                "small": partial(small.sysbench, "consume", "t", TENANTS, seconds=seconds),
                "large, 1,000 of its tenants": partial(
                    large.sysbench, "consume", "l", TENANTS, seconds=seconds
                ),
                "large, all its tenants": partial(
                    large.sysbench, "consume", "l", bench.size.quotas, seconds=seconds
                ),
            }
        )
