"""The monitor view at the large database's size."""

import time
from functools import partial

from benchmarks.bench import Bench
from benchmarks.measure import Cases, Figures
from benchmarks.server import Schema

TITLE = "The monitor, large database, 1 connection"
NEEDS = ("sysbench",)


def run(bench: Bench) -> Cases:
    """One tenant's rows against reads by key and by tenant; all tenants against the bare table."""
    large, seconds, quotas = bench.large, bench.size.seconds, bench.size.quotas
    one = partial(large.sysbench, prefix="l", tenants=quotas, seconds=seconds, connections=1)
    return bench.rounds(
        {
            "a quota by primary key": partial(per_call, partial(one, "by_key")),
            "one tenant's quotas, bare table": partial(per_call, partial(one, "by_tenant")),
            "monitor, one tenant": partial(per_call, partial(one, "monitor")),
            "all quotas, bare table": partial(
                scan, large, "SELECT COUNT(*) FROM tenant_quotas WHERE used_count >= hard_limit"
            ),
            "monitor, all tenants": partial(
                scan,
                large,
                "SELECT COUNT(*) FROM quota_usage_monitor WHERE status_level = 'EXCEEDED'",
            ),
        }
    )


def per_call(run: partial[Figures]) -> Figures:
    """Turn a rate over one connection into milliseconds a call."""
    return {"ms": 1000 / run()["rate"]}


def scan(schema: Schema, statement: str) -> Figures:
    """Time one statement."""
    begun = time.perf_counter()
    schema.execute(statement)
    return {"ms": (time.perf_counter() - begun) * 1000}
