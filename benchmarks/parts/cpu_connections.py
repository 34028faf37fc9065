"""What a call costs the server's processor, by its kind and the number of connections."""

from collections.abc import Callable
from functools import partial

from benchmarks import kinds
from benchmarks.bench import Bench
from benchmarks.measure import Cases, Figures
from benchmarks.parts.connections import COUNTS

SECONDS = 2  # of one run, at most: a share of the processor varies less than a rate
TITLE = f"Processor time of one call, 1 to 128 connections, runs of at most {SECONDS} s"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """Each kind over 1,000 tenants; the server's background threads are in it, the client not."""
    seconds = min(SECONDS, bench.size.seconds)
    with bench.schema() as schema:
        calls = kinds.runs(schema, tuple(kinds.KINDS))
        return bench.rounds(
            {
                name: partial(by_count, partial(call, seconds=seconds))
                for name, call in calls.items()
            }
        )


def by_count(run: Callable[..., Figures]) -> Figures:
    """Run one kind with each number of connections; cpu_us_<connections> of a call."""
    return {f"cpu_us_{count}": run(connections=count)["cpu_us"] for count in COUNTS}
