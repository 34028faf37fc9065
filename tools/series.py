"""Run every test on a server, and note on which MySQL and at which commit: ``make test-series``.

On TENANT_QUOTA_TEST_URL where that is set, else on the server that ``make test`` starts. Each
series has a line in series.last-run.txt, and the pages of the command quote these lines. Only a
run of all tests that passed on a clean checkout is noted. Exit code 0 if it was, 1 if a test
failed, 2 if the checkout has changes or a server did not say its version.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.machine import commit

TOP = Path(__file__).parent.parent
LAST_RUN = Path(__file__).parent / "series.last-run.txt"
PAGES = [TOP / "docs/command.md", TOP / "docs/command.zh-CN.md"]
VARIABLE = "TENANT_QUOTA_TEST_SEEN"  # a folder: the tests leave the server's version there
_ROW = re.compile(r"(?:^\| \d+\.\d+\.\d\S* \|.*\n)+", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """One run of all tests: on which MySQL, on which day, at which commit, what pytest said."""

    mysql: str
    day: str
    commit: str
    result: str

    @property
    def series(self) -> tuple[int, int]:
        """Return the two numbers that MySQL's releases of one series share."""
        major, minor = self.mysql.split(".")[:2]
        return int(major), int(minor)

    def row(self) -> str:
        """Return the run as a row of the pages' table."""
        return f"| {self.mysql} | {self.day} | `{self.commit}` | {self.result} |\n"


def read_runs(text: str) -> list[Run]:
    """Return the runs of the file, one a line, their parts separated by two blanks or more."""
    return [Run(*re.split(r" {2,}", line.rstrip())) for line in text.splitlines() if line]


def write_runs(runs: Sequence[Run]) -> str:
    """Return the text of the file."""
    return "".join("  ".join(astuple(run)) + "\n" for run in runs)


def with_run(runs: Sequence[Run], new: Run) -> list[Run]:
    """Return the runs with this one in place of its series' last."""
    others = [run for run in runs if run.series != new.series]
    return sorted([*others, new], key=lambda run: run.series)


def into_page(text: str, runs: Sequence[Run]) -> str:
    """Return a page whose one table of runs has these."""
    (rows,) = _ROW.findall(text)
    return text.replace(rows, "".join(run.row() for run in runs))


def result_of(output: str) -> str:
    """Return what pytest's last line counts, without the time."""
    (last,) = output.strip().splitlines()[-1:]
    return last.strip("= ").partition(" in ")[0]


def main() -> int:
    """Run the tests, and note the run."""
    at = commit()
    if not at or at.endswith("+"):
        print("The checkout has changes: commit first, so that the note says what ran.")
        return 2
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "loadfile"]
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen(
            command,
            cwd=TOP,
            env={**os.environ, VARIABLE: folder},
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            lines = []
            for line in process.stdout or ():
                print(line, end="", flush=True)
                lines.append(line)
        versions = [path.name for path in Path(folder).iterdir()]
    if process.returncode != 0:
        return 1
    if len(versions) != 1 or commit() != at:
        print(f"Not noted: servers {versions}, commit {at}, now {commit()}.", file=sys.stderr)
        return 2
    run = Run(versions[0], f"{datetime.now(timezone.utc):%Y-%m-%d}", at, result_of("".join(lines)))
    runs = with_run(read_runs(LAST_RUN.read_text(encoding="utf-8")), run)
    LAST_RUN.write_text(write_runs(runs), encoding="utf-8")
    for page in PAGES:
        page.write_text(into_page(page.read_text(encoding="utf-8"), runs), encoding="utf-8")
    print(f"noted: {run.row()}", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
