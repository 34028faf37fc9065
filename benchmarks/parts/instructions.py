"""How many instructions the server runs for one call, by kind: differences of 1 % are seen.

A server of its own runs under valgrind's callgrind, which counts what each thread does. So a
neighbour on the machine changes nothing. It says nothing of waiting, and nothing of how many
connections share the processor's cache.
"""

from __future__ import annotations

import re
import secrets
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from pymysql.connections import Connection

from benchmarks.bench import Bench
from benchmarks.kinds import (
    ACQUIRE,
    CONSUME,
    DENIED,
    JOINED,
    KINDS,
    LEASE,
    MONTHLY_AND_RATE,
    ONE,
    PARENT,
    RATE,
    RESERVE,
    THREE,
)
from benchmarks.measure import Cases, Figures
from benchmarks.server import TYPE, Schema, new_schema
from benchmarks.works import FLOOR
from tenant_quota.sandbox import Progress, Sandbox
from tenant_quota.sandbox.local import LocalServer

TITLE = "Instructions of one call, one connection"
NEEDS = ("valgrind",)
WARM, CALLS = 3, 40  # calls before the count begins, and counted
CALLGRIND = ("valgrind", "--tool=callgrind", "--separate-threads=yes", "--instr-atstart=no")
SMALL = ("--innodb-buffer-pool-size=128M", "--innodb-use-native-aio=0", "--event-scheduler=OFF")

TRY = f"CALL try_consume_quota('{{0}}', '{TYPE}', 1, 'ORDER', '{{1}}', NULL, @ok, @is)"
WORK = {
    FLOOR: f"CALL bench_floor('{{0}}', '{TYPE}', 1, 'ORDER', '{{1}}', @ok)",
    ONE: TRY,
    CONSUME: f"CALL consume_quota('{{0}}', '{TYPE}', 1, 'ORDER', '{{1}}', NULL)",
    JOINED: f"BEGIN; {TRY}; COMMIT",
    PARENT: TRY,
    THREE: TRY,
    RATE: TRY,
    MONTHLY_AND_RATE: TRY,
    ACQUIRE: f"CALL acquire_quota_token('{{0}}', '{TYPE}', @ok)",
    LEASE: f"CALL acquire_quota_lease('{{0}}', '{TYPE}', 'worker', 600)",
    RESERVE: f"CALL reserve_quota('{{0}}', '{TYPE}', 1, 600, 'ORDER', '{{1}}', NULL)",
    DENIED: TRY,
}


def run(bench: Bench) -> Cases:
    """One connection, one tenant for each kind."""
    with _counting(bench) as sandbox:
        schema = new_schema(sandbox)
        for name in WORK:
            kind = replace(KINDS[name], ends=())
            kind.add(schema, tenants=1)
        works = {name: partial(count, schema, name) for name in WORK}
        return bench.rounds(works)


@contextmanager
def _counting(bench: Bench) -> Iterator[Sandbox]:
    """Start a second server of the same build, under callgrind."""
    ours = bench.sandbox.server
    if not isinstance(ours, LocalServer):
        raise TypeError("a container's server cannot be counted from this side")
    mysqld = replace(ours.mysqld, server=(*CALLGRIND, *ours.mysqld.server))
    with Progress() as progress:
        server = LocalServer.create(mysqld, secrets.token_hex(8), SMALL, progress)
    try:
        server.launch(attached=True)
        yield Sandbox(server)
    finally:
        server.kill()
        server.discard()


def count(schema: Schema, name: str) -> Figures:
    """Return thousands of instructions that the connection's own thread runs for a call."""
    with schema.connect() as connection:
        for _ in range(WARM):
            _call(connection, name)
        _control(schema.server, "--instr=on")
        _control(schema.server, "--zero")
        for _ in range(CALLS):
            _call(connection, name)
        _control(schema.server, "--dump")
        _control(schema.server, "--instr=off")
    totals = []
    for file in schema.server.directory.glob("callgrind.out.*"):
        totals += [int(n) for n in re.findall(r"^totals: (\d+)", file.read_text(), re.MULTILINE)]
        file.unlink()
    return {"instructions": max(totals) / CALLS / 1000}


def _call(connection: Connection[Any], name: str) -> None:
    with connection.cursor() as cursor:
        for statement in WORK[name].split("; "):
            cursor.execute(statement.format(f"{KINDS[name].prefix}1", uuid.uuid4().hex))


def _control(server: LocalServer, order: str) -> None:
    subprocess.run(["callgrind_control", order, str(server.pid)], check=True, capture_output=True)
