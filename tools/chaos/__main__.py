"""Run the long tests one after the other, and keep what came out: ``make chaos``.

``python -m tools.chaos [PART ...]`` runs some of model, mutations, storm, slots, denials,
upgrade, kills, crash, replica, clock, failover; all without. What a part said last is kept in
last-run.txt, with its day and commit. Exit code 0 if nothing was found, 1 if something was, or if a
part could not run: it is shown, and the other parts run all the same.

The last four start servers of their own, as processes of this machine. crash kills the server
under load and looks for every call that was acknowledged. replica compares each table with the
source's. clock moves the server's clock by a shim of our own, or by libfaketime where no C
compiler is. failover kills the primary of three nodes of Group Replication.
"""

from __future__ import annotations

import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import click
import pytest

from benchmarks.machine import commit
from tenant_quota.sandbox import Sandbox
from tests.helpers.server import connect, fresh_schema
from tests.helpers.support import apply_everything, let_tests_set_the_time, value
from tests.rules import test_model
from tools.chaos.clock import clock
from tools.chaos.crash import crash
from tools.chaos.denials import denials
from tools.chaos.failover import failover
from tools.chaos.kills import kills
from tools.chaos.replica import replica
from tools.chaos.slots import slots
from tools.chaos.storm import storm
from tools.chaos.upgrade import upgrade
from tools.mutations import is_found, mutations, some_server

MODEL = "tests/rules/test_model.py"
LAST_RUN = Path(__file__).parent / "last-run.txt"
STORM_SECONDS, DENIAL_SECONDS, SLOT_ROUNDS = 120, 20, 1000


@contextmanager
def applied(server_url: str) -> Iterator[str]:
    """Give the URL of a schema of its own, with everything applied."""
    with fresh_schema(server_url) as url:
        apply_everything(url)
        yield url


def model(server_url: str) -> list[str]:
    """Run the model test's long run."""
    with applied(server_url) as url:
        test_model.put_events_to_sleep(url)
        let_tests_set_the_time(url)
        test_model.run(url, test_model.PROFILES["chaos"])
    machine = test_model.Machine
    said = ", ".join(f"{count} {name}" for name, count in machine.seen.most_common())
    return [f"model: {machine.steps} steps, no difference", f"  {said}"]


def deliberate_breaks(server_url: str) -> list[str]:
    """Make each break that the model test is to find, and see it found."""
    listed = [each for each in mutations() if MODEL in each.tests]
    missed = [
        each.name for each in listed if not is_found(replace(each, tests=[MODEL]), server_url)
    ]
    assert not missed, missed
    return [f"mutations: {len(listed)} deliberate breaks, each found by {MODEL}"]


def storm_on(server_url: str) -> list[str]:
    with applied(server_url) as url:
        return storm(url, STORM_SECONDS)


def slots_on(server_url: str) -> list[str]:
    with applied(server_url) as url:
        return slots(url, SLOT_ROUNDS)


def denials_on(server_url: str) -> list[str]:
    """On a server of their own: the binlog is the whole server's."""
    del server_url
    with Sandbox.start() as sandbox, applied(sandbox.url) as url:
        test_model.put_events_to_sleep(url)
        return denials(url, DENIAL_SECONDS)


PARTS: dict[str, Callable[[str], list[str]]] = {
    "model": model,
    "mutations": deliberate_breaks,
    "storm": storm_on,
    "slots": slots_on,
    "denials": denials_on,
    "upgrade": upgrade,
    "kills": kills,
    "crash": crash,
    "replica": replica,
    "clock": clock,
    "failover": failover,
}


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice([*PARTS]), metavar="[PART]...")
def main(parts: tuple[str, ...]) -> None:
    failed = False
    with some_server() as url:
        server_url = url.rstrip("/") + "/"
        with connect(server_url) as connection:
            version = value(connection, "SELECT VERSION()")
        for name in parts or PARTS:
            begun = time.monotonic()
            try:
                found = PARTS[name](server_url)
            except pytest.skip.Exception as reason:  # no mysqld can be had as a process here
                print(f"{name}: could not run: {reason}", flush=True)
                failed = True
                continue  # what it said last stays
            except Exception as error:
                traceback.print_exc()
                failed, found = True, [f"{name}: FAILED", *f"{error}".splitlines()[:40]]
            today, seconds = datetime.now(timezone.utc), time.monotonic() - begun
            head = f"[{name}] {today:%Y-%m-%d}, commit {commit()}, MySQL {version}, {seconds:.0f} s"
            print("\n".join([head, *found]), flush=True)
            keep(name, [head, *found])
    sys.exit(int(failed))


def keep(name: str, lines: list[str]) -> None:
    """Put what a part said into last-run.txt, in place of what it said before."""
    text = LAST_RUN.read_text(encoding="utf-8") if LAST_RUN.exists() else ""
    said = {
        head[1 : head.index("]")]: head
        for head in re.split(r"(?m)^(?=\[)", text)
        if head.startswith("[")
    }
    said[name] = "\n".join(lines) + "\n"
    kept = "".join(said[part] for part in PARTS if part in said)
    LAST_RUN.write_text(kept, encoding="utf-8")


if __name__ == "__main__":
    main()
