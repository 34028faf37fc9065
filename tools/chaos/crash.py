"""kill -9 of the server under load, ten times: what was acknowledged is there, once."""

from __future__ import annotations

import functools
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tenant_quota.sandbox import Sandbox
from tests.helpers.server import connect, fresh_schema, local_ways
from tests.helpers.support import apply_everything, value
from tools.chaos.evidence import check_everything, define, prove_that_it_can_fail
from tools.chaos.load import under_load
from tools.chaos.witness import Caller

CALLERS, ROUNDS, FAMILIES = 15, 10, 3  # one more connection sweeps
DURABLE = ("innodb_flush_log_at_trx_commit", "sync_binlog")


@contextmanager
def own_schema() -> Iterator[tuple[Sandbox, str]]:
    """Give a server of our own, a process of this machine, and a schema with everything applied."""
    with (
        Sandbox.start(ways=local_ways()) as sandbox,
        fresh_schema(sandbox.url) as url,
    ):
        apply_everything(url)
        yield sandbox, url


def crash(server_url: str) -> list[str]:
    """Kill, restart on the same data, and compare with what the callers noted; again and again."""
    del server_url
    chance = random.Random()
    earlier: list[Caller] = []
    again: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    recovered, sweeps = 0.0, 0
    with own_schema() as (sandbox, url):
        open_connection = functools.partial(connect, url, autocommit=True, read_timeout=60)
        for turn in range(ROUNDS):
            families = [f"{turn}x{n}" for n in range(FAMILIES)]
            with open_connection() as connection:
                # The page cache outlives kill -9: so this is asked, not seen.
                for name in DURABLE:
                    assert value(connection, f"SELECT @@GLOBAL.{name}") == 1, name
                for family in families:
                    define(connection, family, boundary_seconds=2)
            callers = [
                Caller(number, open_connection, families, random.Random(chance.random()))
                for number in range(CALLERS)
            ]

            def kill() -> None:
                time.sleep(chance.uniform(2, 4))
                sandbox.kill()

            sweeps += under_load(callers, kill, comes_back=False)
            begun = time.monotonic()
            sandbox.restart()
            recovered = max(recovered, time.monotonic() - begun)
            with open_connection() as connection:
                again += check_everything(connection, callers, earlier)
            earlier += callers
            calls += sum((each.seen for each in callers), Counter[str]())
        with open_connection() as connection:
            prove_that_it_can_fail(connection, earlier)
    assert any(name.startswith("LOST") for name in again), "no kill came between call and answer"
    return [
        f"crash: {ROUNDS} times kill -9 under {CALLERS + 1} connections, {sum(calls.values())} calls,"
        f" {sweeps} sweeps; the longest restart {recovered:.1f} s",
        *(f"  {count:6} {name}" for name, count in sorted(calls.items())),
        "  called again after the restart, by what was known and what it answered:",
        *(f"  {count:6} {name}" for name, count in sorted(again.items())),
        "  every acknowledged call found once, nothing denied or undone found, counters and ledger"
        " agree, no limit exceeded",
        "  the check fails for an acknowledged call that is forgotten, made up, or deleted",
    ]
