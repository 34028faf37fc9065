"""The pages say on which MySQL all tests passed, as it was noted; and the workflow asks for more."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from tests.helpers import TOP
from tools.series import LAST_RUN, PAGES, Run, into_page, read_runs, result_of, with_run, write_runs

RUNS = read_runs(LAST_RUN.read_text(encoding="utf-8"))
WORKFLOW = TOP / ".github/workflows/test.yml"


def matrix(name: str) -> list[str]:
    """Return the values of one axis of the workflow's matrix."""
    (values,) = re.findall(rf"^ +{name}: \[(.*)\]$", WORKFLOW.read_text("utf-8"), re.MULTILINE)
    return re.findall(r'"([\d.]+)"', values)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_shows_every_run_that_was_noted_and_no_other(page):
    text = page.read_text(encoding="utf-8")
    assert into_page(text, RUNS) == text


def test_each_series_whose_forms_the_lock_knows_was_run():
    lock = json.loads((TOP / "schema.lock.json").read_text(encoding="utf-8"))
    series = ["{}.{}".format(*run.series) for run in RUNS]
    assert set(lock["other_servers"]) <= set(series)
    assert len(series) == len(set(series))


def test_a_run_takes_the_place_of_its_series_last():
    runs = [Run("8.0.46", "2026-01-01", "aaaaaaa", "passed"), Run("9.7.4", "2026-01-01", "b", "1")]
    new = Run("9.7.5-1", "2026-02-01", "ccccccc", "3 passed, 1 skipped")
    assert with_run(runs, new) == [runs[0], new]
    assert with_run([new], runs[0]) == [runs[0], new]
    assert read_runs(write_runs([*runs, new])) == [*runs, new]
    page = "before\n\n| 8.0.1 | x | `y` | z |\n| 9.0.0 | x | `y` | z |\nafter\n"
    assert into_page(page, [new]) == f"before\n\n{new.row()}after\n"


def test_what_pytest_counted_is_noted_without_the_time():
    assert result_of("...\n== 4 passed, 1 skipped in 3.02s ==\n") == "4 passed, 1 skipped"
    assert result_of("4149 passed in 339.00s (0:05:39)\n") == "4149 passed"


def test_the_workflow_is_one_by_githubs_own_schema(tmp_path):
    def check(text: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "test.yml"
        file.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
        return subprocess.run(
            [*command, "vendor.github-workflows", str(file)], capture_output=True, text=True
        )

    text = WORKFLOW.read_text(encoding="utf-8")
    assert check(text).returncode == 0, check(text).stdout
    assert "runs-on" in check(text.replace("runs-on:", "runs_on:", 1)).stdout


def test_the_workflow_runs_each_series_and_each_python_that_we_name():
    images = matrix("mysql")
    for run in RUNS:
        assert any(f"{run.mysql}.".startswith(f"{image}.") for image in images), run.mysql
    project = (TOP / "pyproject.toml").read_text(encoding="utf-8")
    assert matrix("python") == re.findall(r"Python :: (3\.\d+)", project)
