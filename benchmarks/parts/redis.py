"""Redis that syncs every write: by a script of one's own, and through the package limits."""

from __future__ import annotations

import csv
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from limits import RateLimitItemPerMonth, storage, strategies
from redis import Redis

from benchmarks.bench import Bench
from benchmarks.measure import Cases, Figures
from benchmarks.server import HERE, PLENTY
from benchmarks.works import CONNECTIONS, SLOTS, TENANTS, from_python

TITLE = "Redis with appendfsync always"
NEEDS = ("redis-server", "redis-benchmark", "sysbench")
KEY_SECONDS = 400 * 24 * 3600  # as long as our keys live


def run(bench: Bench) -> Cases:
    """Scripts from C clients, 32 connections; and Python packages, one connection."""
    seconds = bench.size.seconds
    with bench.schema() as schema, redis_server(schema.server.directory) as socket:
        schema.add_hot_tenant("h", SLOTS)
        schema.add_tenants("s", TENANTS)
        schema.add_tenants("p")
        return bench.rounds(
            {
                "Redis script, one tenant": partial(script, socket, seconds, "hot"),
                "try_consume_quota, slots, one tenant": partial(
                    schema.sysbench, "consume", "h", seconds=seconds
                ),
                "Redis script, 1,000 tenants": partial(script, socket, seconds, "spread"),
                "try_consume_quota, 1,000 tenants": partial(
                    schema.sysbench, "consume", "s", TENANTS, seconds=seconds
                ),
                "limits on Redis, 1 Python connection": partial(limits, socket, seconds),
                "consume_quota, 1 Python connection": partial(from_python, schema, "p1", seconds),
            }
        )


@contextmanager
def redis_server(directory: Path) -> Iterator[Path]:
    """Start a Redis beside MySQL's data, reached by a socket alone; stop it after."""
    home = directory / "redis"
    home.mkdir()
    socket = home / "s"
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "dir": str(home),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "always",
        "daemonize": "no",
    }
    argv = [part for name, value in options.items() for part in (f"--{name}", value)]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(["redis-server", *argv], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 20
        while not socket.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"redis-server: {(home / 'log').read_text()}")
            time.sleep(0.05)
        yield socket
    finally:
        process.terminate()
        process.wait()


def script(socket: Path, seconds: int, where: str) -> Figures:
    """Run consume.lua by redis-benchmark, which counts calls and not time: so first a few."""
    with Redis(unix_socket_path=str(socket)) as client:
        sha = client.script_load((HERE / "consume.lua").read_text(encoding="utf-8"))

    def calls(number: int) -> Figures:
        argv = [
            *("redis-benchmark", "-s", str(socket), "-c", str(CONNECTIONS), "-n", str(number)),
            *("-r", "2000000000", "--csv"),
            *("evalsha", str(sha), "0", str(PLENTY), "1", str(KEY_SECONDS), "__rand_int__", where),
        ]
        done = subprocess.run(argv, check=True, capture_output=True, text=True)
        (row,) = csv.DictReader(done.stdout.splitlines())
        return {"rate": float(row["rps"]), "p95_ms": float(row["p95_latency_ms"])}

    return calls(max(1000, round(calls(2000)["rate"] * seconds)))


def limits(socket: Path, seconds: int) -> Figures:
    """Hit one limit of the package limits again and again; it has no keys."""
    limiter = strategies.FixedWindowRateLimiter(
        storage.storage_from_string(f"redis+unix://{socket}")
    )
    item = RateLimitItemPerMonth(PLENTY)
    done, begun = 0, time.monotonic()
    while time.monotonic() < begun + seconds:
        if not limiter.hit(item, "tenant"):
            raise RuntimeError("limits denied")
        done += 1
    return {"rate": done / (time.monotonic() - begun)}
