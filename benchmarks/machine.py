"""Where it was measured, and what must be installed for it."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.server import Schema

PACKAGES = {
    "sysbench": "sysbench",
    "redis-server": "redis-server",
    "redis-benchmark": "redis-tools",
    "node": "nodejs",
    "npm": "npm",
    "valgrind": "valgrind",
}


def missing(programs: Iterable[str]) -> list[str]:
    """Return the Debian packages of the programs that are not on the PATH."""
    return sorted({PACKAGES[each] for each in programs if shutil.which(each) is None})


def facts(schema: Schema) -> dict[str, Any]:
    """Return the processor, the memory, the server, and what a durable write takes."""
    ((version,),) = schema.execute("SELECT VERSION()")
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "mysql": version,
        "sync_us": round(sync_microseconds(schema.server.directory)),
    }


def commit() -> str:
    """Return the checkout's commit, with a plus where it has changes; empty outside one."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
        cwd=Path(__file__).parent,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def sync_microseconds(directory: Path) -> float:
    """Return the median time of a durable 4 KiB write in a folder."""
    took = []
    with (directory / "sync-probe").open("wb", buffering=0) as file:
        for _ in range(200):
            begun = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - begun)
    return statistics.median(took) * 1e6
