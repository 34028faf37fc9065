"""tenant-quota demo: what it shows comes from the server, and a wrong answer is a failure."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from tenant_quota.cli import demo, main
from tenant_quota.cli.demo import SCRIPT, Answer, Step, differs, read_steps
from tenant_quota.sandbox import start_named, stop_named
from tests.helpers import TOP
from tests.helpers.server import connect
from tests.helpers.support import rows

SCENARIOS = TOP / "tests/scenarios.sql"


def run(url: str) -> Result:
    return CliRunner().invoke(main, ["demo", "--url", url])


def test_it_runs_the_scenarios_and_the_procedures_and_shows_the_monitor(empty_schema):
    result = run(empty_schema)
    assert result.exit_code == 0, result.output
    assert "✗" not in result.output
    for number in range(1, 6):
        assert f"SCENARIO {number}." in result.output
    for answer in ("GRANTED", "REPLAYED", "EXCEEDED", "DONE", "@first 1  @second 1  @third 0"):
        assert f"→ {answer}" in result.output
    assert "2 EXCEEDED, 1 WARNING, 1 NORMAL" in result.output
    password = urlsplit(empty_schema).password
    assert not password or password not in result.output
    with closing(connect(empty_schema)) as connection:
        used = "SELECT used_count FROM tenant_quotas ORDER BY tenant_id, quota_type, limit_type"
        assert [count for (count,) in rows(connection, used)] == [2, 0, 3, 9]
        event = (
            "SELECT DISTINCT status FROM information_schema.events WHERE event_schema = DATABASE()"
        )
        assert rows(connection, event) == [("ENABLED",)]


def test_it_says_that_it_uses_a_sandbox_that_was_running(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    try:
        start_named("demo")
        result = CliRunner().invoke(main, ["demo", "--stop"])
        assert result.exit_code == 0, result.output
        assert result.output.startswith("The sandbox 'demo' was running already, and is used: ")
        assert "The sandbox is stopped" in result.output
    finally:
        assert not stop_named("demo")


def test_it_does_not_touch_a_database_that_holds_something(schema_url):
    with closing(connect(schema_url)) as connection:
        before = rows(connection, "SHOW TABLES")
        result = run(schema_url)
        assert result.exit_code == 2
        assert "is not empty" in result.output
        assert rows(connection, "SHOW TABLES") == before


def test_without_a_name_it_makes_its_own_database_afresh_each_time(server_url, monkeypatch):
    name = "tenant_quota_test_demo"
    monkeypatch.setattr(sys.modules["tenant_quota.cli.demo"], "DATABASE", name)
    with closing(connect(server_url)) as connection:
        try:
            for _ in range(2):
                result = run(server_url)
                assert result.exit_code == 0, result.output
        finally:
            rows(connection, f"DROP DATABASE IF EXISTS {name}")


def test_a_wrong_answer_is_shown_and_is_exit_code_1(empty_schema, tmp_path, monkeypatch):
    script = SCRIPT.read_text(encoding="utf-8")
    wrong = tmp_path / "demo.sql"
    wrong.write_text(script.replace("-- REPLAYED", "-- EXCEEDED", 1), encoding="utf-8")
    monkeypatch.setattr(sys.modules["tenant_quota.cli.demo"], "SCRIPT", wrong)
    result = run(empty_schema)
    assert result.exit_code == 1
    assert "✗ this should have been: EXCEEDED" in result.output
    assert "not as they should be: 1." in result.output


def squeezed(text: str) -> str:
    return " ".join(re.sub(r"--.*", "", text).split())


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_scenarios_are_the_sources_own_statements(number):
    parts = SCENARIOS.read_text(encoding="utf-8").split("-- Scenario ")
    source = parts[number].partition("\n")[2]
    statements = [squeezed(step.statement) for step in read_steps(source)]
    shown = [squeezed(step.statement) for step in read_steps(SCRIPT.read_text(encoding="utf-8"))]
    assert statements
    assert [statement for statement in statements if statement not in shown] == []


def test_every_question_of_the_demo_says_what_its_answer_must_be():
    steps = list(read_steps(SCRIPT.read_text(encoding="utf-8")))
    silent = ("ALTER EVENT", "START", "COMMIT", "DO SLEEP")
    outs = ("CALL acquire_quota_token", "CALL release_quota_token")  # the SELECT after it shows
    unchecked = [step.statement for step in steps if not step.expected]
    assert [text for text in unchecked if not text.startswith((*silent, *outs))] == []


def test_a_script_is_read_as_statements_titles_and_expectations():
    script = "-- A header.\n\n-- A title\n-- of two lines.\nSELECT\n  1;  -- 1\n\nDO 2;\n"
    assert list(read_steps(script)) == [
        Step("SELECT\n  1", "A title\nof two lines.", "1"),
        Step("DO 2"),
    ]


@pytest.mark.parametrize(
    ("expected", "missing"),
    [
        ("", ""),
        ("GRANTED, remaining 2, 1 row", ""),
        ("EXCEEDED", "EXCEEDED"),
        ("GRANTED, remaining 3", "remaining 3"),
        ("refund NULL", ""),
        ("2 rows", "2 rows"),
        ("error key_reused", "error key_reused"),
    ],
)
def test_an_expectation_holds_only_if_every_part_of_it_does(expected, missing):
    row = {"status": "GRANTED", "remaining": 2, "refund": None}
    assert differs(expected, Answer(1, [row])) == missing


def test_an_error_is_never_what_was_expected_unless_it_is_named():
    answer = Answer(error="key_reused: take another")
    assert differs("", answer) == "no error"
    assert differs("GRANTED", answer) == "GRANTED"
    assert differs("error key_reused", answer) == ""
    assert differs("error invalid_argument", answer) == "error invalid_argument"


def test_the_command_lists_itself():
    command = [sys.executable, "-m", "tenant_quota", "demo", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "five scenarios" in done.stdout
    assert demo.demo.name == "demo"
