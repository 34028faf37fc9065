"""tenant-quota monitor: the view as a table for people, as JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
import signal
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from tenant_quota.cli import main
from tests.helpers.support import Quota, rows, start_command

COLUMNS = [
    "tenant_id",
    "tenant_name",
    "quota_type",
    "limit_type",
    "hard_limit",
    "used_count",
    "usage_rate",
    "status_level",
    "soft_limit",
    "remaining",
    "enforcement",
    "effective_time",
    "expire_time",
    "next_reset_time",
    "slot_count",
    "quota_id",
    "granted_count",
    "denied_count",
]


def monitor(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["monitor", "--url", url, *arguments])


def as_json(url: str, *arguments: str) -> list[dict[str, object]]:
    result = monitor(url, "--format", "json", *arguments)
    assert result.exit_code == 0, result.output
    found: list[dict[str, object]] = json.loads(result.output)
    return found


@pytest.fixture
def three(quota: Quota) -> Quota:
    """Give a tenant with a limit of each level: 20 units used of each."""
    quota.define_tenant()
    quota.define("YEARLY", 30_000, soft_limit=20_000)
    quota.define("TOTAL", 30, soft_limit=15)
    quota.define("DAILY", 20, used=20)
    quota.set("YEARLY", next_reset_time="2999-01-01 00:00:00")
    quota.set("DAILY", next_reset_time="2999-01-02 03:04:05")
    return quota


def test_the_table_shows_the_most_pressing_limit_first(schema_url, three):
    result = monitor(schema_url, "--tenant", three.tenant_id)
    assert result.exit_code == 0
    header, _, *lines, caption = (line.strip() for line in result.output.splitlines())
    assert "Tenant" in header
    assert "Used / hard" in header
    who = f"{three.tenant_id} Tenant {three.tenant_id} REDEEM_CODE"
    assert [" ".join(line.split()) for line in lines] == [
        f"{who} DAILY 20 / 20 100.0 % ██████████ EXCEEDED 2999-01-02 03:04:05 ENFORCE",
        f"{who} TOTAL 20 / 30 66.7 % ██████░░░░ WARNING – ENFORCE",
        f"{who} YEARLY 20 / 30,000 0.1 % ░░░░░░░░░░ NORMAL 2999-01-01 ENFORCE",
    ]
    assert caption == "3 limits: 1 EXCEEDED, 1 WARNING, 1 NORMAL"


def test_json_has_every_column_of_the_view_with_numbers_and_iso_dates(schema_url, three):
    three.set("DAILY", effective_time="2020-02-29 00:00:00")
    first, *_ = as_json(schema_url, "--tenant", three.tenant_id)
    assert list(first) == COLUMNS
    assert first == {
        "tenant_id": three.tenant_id,
        "tenant_name": f"Tenant {three.tenant_id}",
        "quota_type": "REDEEM_CODE",
        "limit_type": "DAILY",
        "hard_limit": 20,
        "used_count": 20,
        "usage_rate": 100.0,
        "status_level": "EXCEEDED",
        "soft_limit": None,
        "remaining": 0,
        "enforcement": "ENFORCE",
        "effective_time": "2020-02-29T00:00:00",
        "expire_time": None,
        "next_reset_time": "2999-01-02T03:04:05",
        "slot_count": 0,
        "quota_id": three.column("quota_id", "DAILY"),
        "granted_count": 20,
        "denied_count": 0,
    }


def test_a_count_stays_exact_in_json_up_to_the_largest(schema_url, quota):
    quota.define("TOTAL", 2**63 - 1, used=2**53 + 1)
    (row,) = as_json(schema_url, "--tenant", quota.tenant_id)
    assert row["used_count"] == 2**53 + 1
    assert isinstance(row["used_count"], int)


def test_csv_has_a_header_and_leaves_null_empty(schema_url, three):
    result = monitor(schema_url, "--format", "csv", "--tenant", three.tenant_id)
    header, *lines = csv.reader(io.StringIO(result.output))
    assert header == COLUMNS
    assert [dict(zip(header, line, strict=True))["usage_rate"] for line in lines] == [
        "100.00",
        "66.67",
        "0.07",
    ]
    total = dict(zip(header, lines[1], strict=True))
    assert (total["next_reset_time"], total["soft_limit"]) == ("", "15")


def test_metrics_are_families_with_help_type_and_escaped_labels(schema_url, quota):
    strange = quota.sibling('"\\\n')
    strange.define("TOTAL", 3, used=2)
    lines = monitor(
        schema_url, "--format", "prometheus", "--tenant", strange.tenant_id
    ).output.splitlines()
    parts = urlsplit(schema_url)
    server = f'host="{parts.hostname}:{parts.port}",database="{parts.path[1:]}"'
    limit = (
        f'{server},tenant_id="{quota.tenant_id}_\\"\\\\\\n",quota_type="REDEEM_CODE",'
        'limit_type="TOTAL",enforcement="ENFORCE"'
    )
    assert lines[:9] == [
        "# HELP tenant_quota_used_units Units that are used of a limit.",
        "# TYPE tenant_quota_used_units gauge",
        f"tenant_quota_used_units{{{limit}}} 2",
        "# HELP tenant_quota_limit_units Units that a limit allows.",
        "# TYPE tenant_quota_limit_units gauge",
        f"tenant_quota_limit_units{{{limit}}} 3",
        "# HELP tenant_quota_usage_ratio Used share of a limit; 1: nothing is left.",
        "# TYPE tenant_quota_usage_ratio gauge",
        f"tenant_quota_usage_ratio{{{limit}}} 0.6667",
    ]
    kinds = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(kinds) == len(set(kinds)), "the samples of a metric stand together"


def test_nothing_found_is_an_empty_array_a_header_alone_and_a_line_that_says_so(schema_url):
    assert as_json(schema_url, "--tenant", "nobody") == []
    csv_text = monitor(schema_url, "--format", "csv", "--tenant", "nobody").output
    assert csv_text == ",".join(COLUMNS) + "\n"
    table = monitor(schema_url, "--tenant", "nobody")
    assert table.exit_code == 0
    assert "No limit here" in table.output


def test_filters_are_by_tenant_and_level_and_may_be_repeated(schema_url, three):
    child = three.child()
    child.define("TOTAL", 5)

    def found(*arguments: str) -> set[tuple[object, object]]:
        both = ("--tenant", three.tenant_id, "--tenant", child.tenant_id)
        listed = as_json(schema_url, *both, *arguments)
        return {(row["tenant_id"], row["status_level"]) for row in listed}

    mine, childs = three.tenant_id, child.tenant_id
    assert found("--status", "WARNING") == {(mine, "WARNING")}
    assert found("--status", "exceeded", "--status", "NORMAL") == {
        (mine, "EXCEEDED"),
        (mine, "NORMAL"),
        (childs, "NORMAL"),
    }
    assert len(found()) == 4


def test_a_filter_is_a_value_and_never_sql(schema_url, three):
    assert as_json(schema_url, "--tenant", "' OR 1=1 -- ") == []
    assert as_json(schema_url, "--tenant", "%s") == []


def test_limit_cuts_every_format_and_the_table_says_so(schema_url, three):
    mine = ("--tenant", three.tenant_id, "--limit", "2")
    assert [row["limit_type"] for row in as_json(schema_url, *mine)] == ["DAILY", "TOTAL"]
    assert "2 limits: 1 EXCEEDED, 1 WARNING; there are more" in monitor(schema_url, *mine).output


def test_a_name_cannot_give_orders_to_the_terminal_or_break_a_format(schema_url, quota):
    name = 'a "quoted", [bold]渠道[/bold]\x1b[31m\n=1+1'
    rows(
        quota.connection,
        "INSERT INTO tenants (tenant_id, tenant_name) VALUES (%s, %s)",
        quota.tenant_id,
        name,
    )
    quota.define("TOTAL", 1)
    mine = ("--tenant", quota.tenant_id)
    assert as_json(schema_url, *mine)[0]["tenant_name"] == name
    line = monitor(schema_url, "--format", "csv", *mine).output
    assert next(csv.DictReader(io.StringIO(line)))["tenant_name"] == name
    assert 'a "quoted", [bold]渠道[/bold]�[31m�=1+1' in monitor(schema_url, *mine).output


def test_a_database_without_the_view_says_what_to_run(empty_schema):
    for form in ("table", "json", "csv", "prometheus"):
        result = monitor(empty_schema, "--format", form)
        assert result.exit_code == 2
        assert "run `tenant-quota apply`" in result.output


def test_no_database_and_watching_a_machine_format_are_refused(server_url, schema_url):
    assert "No database named" in monitor(server_url).output
    result = monitor(schema_url, "--format", "json", "--watch", "1")
    assert result.exit_code == 2
    assert "--watch is for the table" in result.output


def test_no_password_in_any_output(schema_url, three):
    parts = urlsplit(schema_url)
    wrong = parts._replace(netloc=f"root:S3cret-xyz@{parts.hostname}:{parts.port}").geturl()
    result = monitor(wrong)
    assert result.exit_code == 2
    assert "Access denied" in result.output
    assert "S3cret" not in result.output
    for form in ("table", "json", "csv", "prometheus"):
        output = monitor(schema_url, "--tenant", three.tenant_id, "--format", form).output
        assert not parts.password or parts.password not in output


def test_a_reader_that_leaves_early_is_no_error(schema_url, three):
    with start_command(schema_url, "monitor", "--format", "csv") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_watch_shows_what_changes_and_ends_cleanly_with_ctrl_c(schema_url, quota):
    quota.define("TOTAL", 9, used=1)
    with start_command(
        schema_url, "monitor", "--watch", "0.1", "--tenant", quota.tenant_id
    ) as process:
        assert process.stdout is not None
        assert any("1 / 9" in line for line in process.stdout)
        quota.consume(4)
        assert any("5 / 9" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
        assert process.returncode == 0
        assert errors == ""
        assert "Traceback" not in output
