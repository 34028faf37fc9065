"""Break the SQL on purpose, one rule at a time, and see the tests fail: ``make mutants``.

``python -m tools.mutations [WORD]`` runs the mutations whose name holds WORD, all without.
Exit code 0 if every one was found, else 1. The result is kept in mutations.last-run.txt.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tenant_quota.sandbox import Sandbox
from tests.helpers.server import connect

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it along

HERE = Path(__file__).parent
VARIABLE = "TENANT_QUOTA_TEST_MUTATION"
HANGS = 600  # seconds after which tests count as failed


@dataclass(frozen=True)
class Mutation:
    """One deliberate break: in ``file``, ``old`` becomes ``new``, and ``tests`` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: list[str]

    def text(self) -> str:
        """Return the broken text of the file."""
        whole = (HERE.parent / self.file).read_text(encoding="utf-8")
        if whole.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.file} does not hold this once:\n{self.old}")
        return whole.replace(self.old, self.new)


def mutations() -> list[Mutation]:
    """Read the list; a mutation's text must still be there to be broken."""
    found = tomllib.loads((HERE / "mutations.toml").read_text(encoding="utf-8"))["mutation"]
    return [Mutation(**each) for each in found]


def chosen() -> Mutation | None:
    """Return the mutation that this test run is to suffer, if any."""
    name = os.environ.get(VARIABLE)
    return next(each for each in mutations() if each.name == name) if name else None


@contextmanager
def some_server() -> Iterator[str]:
    """Give one server to all runs: they start in a second each instead of ten."""
    named = os.environ.get("TENANT_QUOTA_TEST_URL")
    if named:
        yield named
    else:
        with Sandbox.start() as sandbox:
            yield sandbox.url


def end_calls(server_url: str) -> None:
    """Kill what still runs on the server, a call that never ends above all."""
    with connect(server_url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM performance_schema.processlist"
            " WHERE command = 'Query' AND id <> CONNECTION_ID() AND db LIKE 'tenant_quota_test%'"
        )
        for (number,) in cursor.fetchall():
            cursor.execute(f"KILL {number}")


def is_found(mutation: Mutation, server_url: str) -> bool:
    """Run the tests with the break in place; True if they failed as they should."""
    mutation.text()
    environment = {**os.environ, VARIABLE: mutation.name, "TENANT_QUOTA_TEST_URL": server_url}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    try:
        run = subprocess.run(
            [*command, *mutation.tests],
            cwd=HERE.parent,
            env=environment,
            capture_output=True,
            text=True,
            timeout=HANGS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        end_calls(server_url)
        say(f"found     {mutation.name}\n          its tests never end")
        return True
    if run.returncode not in (0, 1):
        raise SystemExit(f"{mutation.name}: the tests did not run\n{run.stdout}\n{run.stderr}")
    failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if any(line.startswith("ERROR") for line in failed):
        raise SystemExit(f"{mutation.name}: an error, not a failure\n{run.stdout}")
    say(f"{'found' if failed else 'SURVIVED':9} {mutation.name}")
    for line in failed:
        say(f"          {line.partition(' - ')[0].removeprefix('FAILED ')}")
    return bool(failed)


LINES: list[str] = []


def say(line: str) -> None:
    """Show a line, and keep it for the file."""
    LINES.append(line)
    print(line, flush=True)


def main(word: str = "") -> int:
    """Run the mutations; 0 if all were found."""
    with some_server() as url:
        results = [is_found(each, url) for each in mutations() if word in each.name]
    say(f"{sum(results)} of {len(results)} deliberate breaks found")
    if not word:
        (HERE / "mutations.last-run.txt").write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
