"""apply, an upgrade and its rollback, ended at every statement, and run again."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tenant_quota.sandbox import Sandbox
from tests.helpers.kills import Kill, cut_connection, end_process
from tests.helpers.server import fresh_schema
from tests.helpers.upgrades import Undisturbed, Upgrade

WORKERS = 2


@dataclass(frozen=True)
class Grid:
    """One way to die, at every statement of there and back."""

    way: str  # fresh: apply from nothing; upgrade: from the release; anew: what is pinned anew
    what: str  # connection, client, server; turn: connection, and then the other direction
    moment: str

    def __str__(self) -> str:
        return f"{self.way}, {self.what} {self.moment}"


#: A server that dies before a statement is as one that dies after the one before it.
GRIDS = (
    *(Grid("upgrade", "connection", moment) for moment in ("before", "during", "after")),
    Grid("upgrade", "client", "before"),
    Grid("upgrade", "turn", "after"),
    Grid("upgrade", "server", "during"),
    Grid("upgrade", "server", "after"),
    Grid("anew", "connection", "after"),
    Grid("anew", "turn", "after"),
    Grid("fresh", "connection", "after"),
    Grid("fresh", "client", "before"),
    Grid("fresh", "turn", "after"),
    Grid("fresh", "server", "during"),
)


def kills(server_url: str) -> list[str]:
    """Go through all of them, on two processes."""
    with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
        counts = pool.map(partial(run_grid, server_url), GRIDS, chunksize=1)
    lines = [f"{count:9} {grid}" for grid, count in zip(GRIDS, counts, strict=True)]
    return [
        f"kills: {sum(counts)} of apply, upgrade and rollback, at every statement; run again, each"
        " left the schema, history and grants of an undisturbed run",
        *lines,
    ]


def run_grid(server_url: str, grid: Grid) -> int:
    """Kill at the first statement, the second, and so on to the end; return how often."""
    if grid.what == "server":
        with Sandbox.start() as sandbox:
            return _run(sandbox.url, grid, lambda _: sandbox.kill(), sandbox.restart)
    kill: Kill = end_process if grid.what == "client" else cut_connection
    return _run(server_url, grid, kill, lambda: None)


def _run(server_url: str, grid: Grid, kill: Kill, recover: Callable[[], None]) -> int:
    total, number = 0, 1
    with (
        tempfile.TemporaryDirectory() as folder,
        fresh_schema(server_url) as url,
        Upgrade(Path(folder) / "sql", url) as upgrade,
    ):
        if grid.way == "anew":
            upgrade.upgrade()
        works = Undisturbed(upgrade, grid.way, recover)
        end: Any = works.turned_at if grid.what == "turn" else works.killed_at
        if grid.what == "server":
            end = partial(end, writes_only=True)
        try:
            while count := end(number, grid.moment, kill):
                total, number = total + count, number + 1
        except Exception as error:  # whatever it is, it must get to the other process
            raise AssertionError(f"{grid}, statement {number}: {error}") from None
    return total
