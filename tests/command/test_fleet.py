"""Several --url: each server has its turn and its result, and one exit code is for all."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from tenant_quota.cli import main
from tenant_quota.connection_options import resolve_all
from tests.helpers.server import connect, fresh_schema
from tests.helpers.support import Quota, apply_everything, rows

DOWN = "mysql://root:hunter2@127.0.0.1:1/shop"  # nobody listens there


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("MYSQL_PWD", "TENANT_QUOTA_URL", "MYSQL_GROUP_SUFFIX"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def empty(server_url) -> Iterator[list[str]]:
    """Give the URLs of three empty schemas."""
    with ExitStack() as stack:
        yield [stack.enter_context(fresh_schema(server_url)) for _ in range(3)]


def run(urls: list[str], *arguments: str, typed: str | None = None) -> Result:
    result = CliRunner().invoke(
        main, [*arguments, *(part for url in urls for part in ("--url", url))], input=typed
    )
    assert "hunter2" not in result.output
    assert "Traceback" not in result.output
    return result


def address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}{parts.path}"


def tables(url: str) -> int:
    with connect(url) as connection:
        return len(rows(connection, "SHOW TABLES"))


# ---- which servers


def test_urls_of_the_environment_stand_apart_by_white_space(monkeypatch):
    monkeypatch.setenv(
        "TENANT_QUOTA_URL", " mysql://a:p w@h1/x\n mysql+pymysql://b@h2/y\tMYSQL://h3 "
    )
    found = resolve_all(database="z")
    assert [(each.user, each.host, each.database) for each in found] == [
        ("a", "h1", "z"),
        ("b", "h2", "z"),
        ("", "h3", "z"),
    ]
    assert found[0].password == b"p w"
    assert [each.host for each in resolve_all(urls=["mysql://other"])] == ["other"]
    monkeypatch.setenv("TENANT_QUOTA_URL", "")
    assert [each.host for each in resolve_all()] == ["localhost"]


def test_what_stands_at_the_command_takes_the_place_of_what_stands_before_it():
    before = ["--url", "mysql://h1:1/x", "--url", "mysql://h2:1/x"]
    result = CliRunner().invoke(main, [*before, "rollback", "--url", DOWN])
    assert "Cannot connect (root at 127.0.0.1:1)" in result.output
    result = CliRunner().invoke(main, [*before, "rollback"])
    assert "`rollback` is for one server, and 2 are named" in result.output


def test_a_url_that_cannot_be_understood_is_found_before_anything_is_done(empty):
    result = run([*empty[:2], "mysql://u:hunter2/x@h/x"], "apply")
    assert result.exit_code == 2
    assert "URL 3 of 3: The URL is not of the form" in result.output
    assert [tables(url) for url in empty] == [0, 0, 0]


def test_the_password_is_asked_for_once_and_notes_are_made_once(tmp_path):
    file = tmp_path / "my.cnf"
    file.write_text("!include none.cnf\n[client]\n")
    urls = ["mysql://u@127.0.0.1:1/a", "mysql://u@127.0.0.1:1/b"]
    result = run(urls, "status", "--password", "--defaults-file", str(file), typed="hunter2\n")
    assert result.output.count("Password:") == 1
    assert result.output.count("passed over") == 1
    assert result.output.count("Connection refused") == 2


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["rollback", "--yes"], "`rollback`"),
        (["plan"], "`plan`"),
        (["alerts"], "`alerts`"),
        (["grants"], "SQL that is printed"),
        (["grants", "--revoke"], "SQL that is printed"),
        (["monitor", "--watch", "1"], "--watch"),
        (["monitor", "--format", "prometheus"], "--format prometheus"),
        (["reset", "--tenant", "T", "--quota-type", "Q", "--limit-type", "DAILY"], "One quota"),
    ],
)
def test_what_is_for_one_server_refuses_several(arguments, what):
    result = run([DOWN, DOWN], *arguments)
    assert result.exit_code == 2
    assert result.output.startswith("Usage: ")
    assert f"Error: {what} is for one server, and 2 are named" in result.output


def test_a_usage_error_is_said_once():
    result = run([DOWN, DOWN], "reset", "--batch-size", "5", "--limit-type", "DAILY")
    assert (result.exit_code, result.output.count("One quota is named by")) == (2, 1)


# ---- results


def test_apply_passes_over_a_server_that_is_down(empty):
    result = run([empty[0], DOWN, empty[1]], "apply")
    assert result.exit_code == 2
    assert f"Error: {address(DOWN)}: Cannot connect" in result.stderr
    assert tables(empty[0]) == tables(empty[1]) > 10
    lines = result.stdout.splitlines()
    titles = [address(url) for url in (empty[0], DOWN, empty[1])]
    assert [line for line in lines if line in titles] == titles
    assert lines[-1] == f"3 servers; exit code 0: 2; exit code 2: {address(DOWN)}."
    again = run(empty[:2], "apply")
    assert (again.exit_code, again.stdout.count("Nothing to do")) == (0, 2)


def test_apply_stops_where_it_fails_and_names_who_had_no_turn(empty):
    with connect(empty[1]) as connection:
        rows(connection, "CREATE TABLE tenants (theirs INT)")
    result = run(empty, "apply")
    assert result.exit_code == 2
    assert f"Error: {address(empty[1])}: " in result.stderr
    assert f"Error: {address(empty[2])}: not tried, as {address(empty[1])} failed" in result.stderr
    assert tables(empty[0]) > 10
    assert tables(empty[2]) == 0


def test_the_exit_code_is_the_worst(empty):
    apply_everything(empty[0])
    assert run([empty[0], empty[0]], "status").exit_code == 0
    assert run([empty[0], empty[1]], "status").exit_code == 1
    result = run([empty[1], DOWN, empty[0]], "status")
    assert result.exit_code == 2
    assert result.stdout.splitlines()[-1] == (
        f"3 servers; exit code 0: 1; exit code 1: {address(empty[1])}; "
        f"exit code 2: {address(DOWN)}."
    )


JSON = [
    ["status"],
    ["verify"],
    ["doctor"],
    ["reconcile"],
    ["monitor"],
    ["grants", "--check"],
]


@pytest.mark.parametrize("arguments", JSON, ids=lambda arguments: arguments[0])
def test_json_is_one_document_that_holds_what_each_would_say_alone(schema_url, arguments):
    alone = run([schema_url], *arguments, "--format", "json")
    result = run([schema_url, DOWN, schema_url], *arguments, "--format", "json")
    assert result.exit_code == 2
    data = json.loads(result.stdout)
    assert list(data) == ["exit_code", "servers"]
    assert data["exit_code"] == 2
    first, down, last = data["servers"]
    assert first == {
        "address": address(schema_url),
        "exit_code": alone.exit_code,
        "error": None,
        "result": first["result"],
    }
    if arguments != ["doctor"]:  # which sees what other tests are doing
        assert first["result"] == last["result"] == json.loads(alone.stdout)
    assert (down["address"], down["exit_code"], down["result"]) == (address(DOWN), 2, None)
    assert "Cannot connect" in down["error"]
    assert f"Error: {address(DOWN)}: Cannot connect" in result.stderr


def test_junit_has_a_suite_for_each_server(schema_url):
    alone = ET.fromstring(run([schema_url], "verify", "--format", "junit").stdout)
    result = run([schema_url, DOWN], "verify", "--format", "junit")
    suites = ET.fromstring(result.stdout.partition("\n")[2])
    assert suites.tag == "testsuites"
    assert suites.get("tests") == str(int(alone.get("tests", "")) + 1)
    assert (suites.get("errors"), suites.get("failures")) == ("1", alone.get("failures"))
    good, bad = suites
    assert good.get("name") == f"tenant-quota verify {address(schema_url)}"
    cases = [case.get("name") for case in good.iter("testcase")]
    assert cases == [case.get("name") for case in alone.iter("testcase")]
    assert {case.get("classname") for case in good.iter("testcase")} == {address(schema_url)}
    (error,) = bad.iter("error")
    assert "Cannot connect" in error.get("message", "")


def test_githubs_annotations_name_the_server(empty):
    apply_everything(empty[0])
    with connect(empty[0]) as connection:
        rows(connection, "ALTER TABLE tenants ADD COLUMN extra INT")
    result = run([empty[0], DOWN], "verify", "--format", "github")
    titles = re.findall(r"^::error title=([^,:]*)[,:]", result.stdout, re.MULTILINE)
    escaped = [address(url).replace(":", "%3A") for url in (empty[0], DOWN)]
    assert titles[0] == f"tenant-quota verify {escaped[0]}"
    assert titles[-1] == f"tenant-quota verify {escaped[1]}"
    assert f"{address(empty[0])}: 1 differences" in result.stdout


def test_csv_has_one_header_and_the_address_in_front(schema_url, quota: Quota):
    quota.define("TOTAL", 10, used=4)
    mine = ("--tenant", quota.tenant_id, "--format", "csv")
    (alone,) = csv.DictReader(io.StringIO(run([schema_url], "monitor", *mine).stdout))
    result = run([DOWN, schema_url, schema_url], "monitor", *mine)
    found = list(csv.DictReader(io.StringIO(result.stdout)))
    assert found == [{"address": address(schema_url), **alone}] * 2
    assert list(found[0]) == ["address", *alone]


def test_tables_stand_under_their_servers(schema_url, quota: Quota):
    quota.define("TOTAL", 10, used=4)
    result = run([schema_url, DOWN], "monitor", "--tenant", quota.tenant_id)
    assert result.exit_code == 2
    lines = result.stdout.splitlines()
    assert lines[0] == address(schema_url)
    assert any(quota.tenant_id in line for line in lines)
    assert run([schema_url, schema_url], "reset").exit_code == 0


def test_what_nobody_expected_on_one_server_keeps_no_other_from_its_turn(schema_url, monkeypatch):
    turns = []

    def examine(options, **_):
        turns.append(options.port)
        raise RuntimeError("broken")

    monkeypatch.setattr("tenant_quota.doctor.run.examine", examine)
    result = run([schema_url, DOWN], "doctor")
    assert result.exit_code == 2
    assert len(turns) == 2
    assert result.stderr.count("Unexpected RuntimeError: broken") == 2
