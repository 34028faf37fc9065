"""monitoring/: what it asks, names and draws, without a Prometheus; test_live has one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from pymysql.connections import Connection

from tenant_quota.cli import main
from tenant_quota.cli.monitor.metrics import BUSIEST
from tests.helpers import accounts
from tests.helpers.callers import installed
from tests.helpers.series import FOLDER, Series, exported, parse, queries, read
from tests.helpers.server import connect
from tests.helpers.support import EVENTS, Quota, call, rows

METRIC = re.compile(r"\b(?:tenant_quota|sql_exporter|node_textfile)_[a-z_]+(?!\w)")
#: Of others: the exporter itself, and the node exporter.
OTHERS = {"sql_exporter_last_scrape_failed", "node_textfile_mtime_seconds"}
#: What the textfile says of the server. The exporter says the same.
SERVER = ("host", "database")


@pytest.fixture(scope="module")
def shop(server_url: str) -> Iterator[tuple[str, Connection[Any], str]]:
    """Give a schema with limits of every kind, a root connection, and an account that may look."""
    with installed(server_url) as (url, prefix):
        name = f"{prefix}_exporter"
        accounts.make_account(url, name, role=f"{prefix}_monitor")
        root: Connection[Any] = connect(url, autocommit=True)
        quota = Quota(lambda: root, 'a "b" \\c\n渠道')
        quota.define_tenant()
        quota.define("MONTHLY", 8, soft_limit=4, used=6)
        quota.define("TOTAL", 0)
        quota.define("RATE", 5, refill_per_second=0.0001, used=0)
        quota.define("CONCURRENT", 3)
        quota.sibling().define("TOTAL", 3, used=3, enforcement="SHADOW")
        quota.sibling().consume(4)
        rows(
            root,
            "INSERT INTO quota_denials SELECT quota_id, 300 FROM tenant_quotas"
            " WHERE tenant_id = %s AND limit_type = 'MONTHLY'",
            quota.tenant_id,
        )
        for event in EVENTS:  # off, so that no run comes between two looks
            definer = f"{prefix}_definer@localhost"
            rows(root, f"ALTER DEFINER = {definer} EVENT {event} DISABLE")
            call(root, event, *((400, 100) if event == "purge_quota_usage" else (100,)))
        rows(root, "UPDATE quota_jobs SET last_error = 'x' WHERE job_name = 'reset_due_quotas'")
        yield url, root, name
        root.close()


def textfile(url: str, *arguments: str) -> Series:
    """Return what `monitor --format prometheus` prints, the server left out."""
    result = CliRunner().invoke(
        main, ["monitor", "--url", url, "--format", "prometheus", *arguments]
    )
    assert result.exit_code == 0, result.output
    found = parse(result.stdout)
    return {
        (name, frozenset(each for each in labels if each[0] not in SERVER)): value
        for (name, labels), value in found.items()
    }


def without_time(series: Series) -> Series:
    """Leave out what differs from one second to the next."""
    return {key: value for key, value in series.items() if not key[0].endswith("_lag_seconds")}


def test_the_role_quota_monitor_alone_answers_every_question(shop):
    url, _, name = shop
    with accounts.session(url, name) as session:
        for query in queries():
            with session.cursor() as cursor:
                cursor.execute(query["query"])
                columns = [column[0] for column in cursor.description or ()]
                answer = cursor.fetchall()
            assert columns == query["labels"] + query["values"]
            assert answer
            for *labels, value in answer:  # the exporter logs an error for each NULL
                assert all(isinstance(label, str) for label in labels)
                assert value is not None


def test_the_exporter_and_the_textfile_give_the_same_series(shop):
    url, _, name = shop
    with accounts.session(url, name) as session:
        asked = exported(session)
    printed = textfile(accounts.url_of(url, name))
    assert without_time(printed) == without_time(asked)
    assert printed.keys() == asked.keys()
    assert {metric for metric, _ in asked} == {
        f"tenant_quota_{each}"
        for each in (
            *("used_units", "limit_units", "usage_ratio", "granted_units_total"),
            "denied_calls_total",
            *("limits", "health_status", "event_lag_seconds", "event_failed"),
            *("resets_overdue", "holds_overdue", "alerts_undelivered"),
        )
    }


def test_the_figures_are_those_of_the_views(shop):
    url, root, name = shop
    with accounts.session(url, name) as session:
        asked = exported(session)

    def of(metric: str, **labels: str) -> list[float]:
        wanted = labels.items()
        return [value for (m, had), value in asked.items() if m == metric and wanted <= had]

    monthly = {"tenant_id": 'a "b" \\c\n渠道', "limit_type": "MONTHLY"}
    assert of("tenant_quota_used_units", **monthly) == [6]
    assert of("tenant_quota_limit_units", **monthly) == [8]
    assert of("tenant_quota_usage_ratio", **monthly) == [0.75]
    assert of("tenant_quota_granted_units_total", **monthly) == [6]
    assert of("tenant_quota_granted_units_total", limit_type="RATE") == []
    assert of("tenant_quota_denied_calls_total", **monthly) == [300]
    nothing = monthly | {"limit_type": "TOTAL"}
    assert of("tenant_quota_usage_ratio", **nothing) == [1], "a limit of 0 has nothing left"
    assert of("tenant_quota_limits", status_level="WARNING") == [1]
    assert of("tenant_quota_limits", enforcement="SHADOW", status_level="EXCEEDED") == [1]
    waits = "SELECT COUNT(*) FROM quota_alerts WHERE delivered_at IS NULL"
    assert of("tenant_quota_alerts_undelivered") == [rows(root, waits)[0][0]]
    assert of("tenant_quota_resets_overdue") == [0]
    assert of("tenant_quota_holds_overdue") == [0]


def test_however_many_limits_there_are_only_the_busiest_have_series(shop):
    url, root, name = shop
    for table, columns in (
        ("tenants", "tenant_id, tenant_name) SELECT CONCAT('MANY_', i), 'x'"),
        (
            "tenant_quotas",
            "tenant_id, quota_type, limit_type, hard_limit, used_count)"
            " SELECT CONCAT('MANY_', i), 'MANY', 'TOTAL', 10000, i",
        ),
    ):
        rows(
            root,
            f"INSERT INTO {table} ({columns} FROM (WITH RECURSIVE n AS (SELECT 1 AS i"
            " UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n) AS many",
        )
    try:
        with accounts.session(url, name) as session:
            asked = exported(session)
        assert without_time(textfile(accounts.url_of(url, name))) == without_time(asked)
        for metric in ("used_units", "limit_units", "usage_ratio"):
            assert sum(key[0] == f"tenant_quota_{metric}" for key in asked) == BUSIEST == 1000
        many = {dict(labels).get("tenant_id") for (m, labels) in asked if m.endswith("_ratio")}
        assert "MANY_1000" in many
        assert "MANY_1" not in many, "the least used"
        counted = [
            value
            for (metric, labels), value in asked.items()
            if metric == "tenant_quota_limits" and ("quota_type", "MANY") in labels
        ]
        assert sum(counted) == 1000, "all are counted"
        few = textfile(url, "--limit", "3", "--status", "NORMAL")
        assert sum(key[0] == "tenant_quota_used_units" for key in few) == 3
    finally:
        rows(root, "DELETE FROM tenant_quotas WHERE quota_type = 'MANY'")
        rows(root, "DELETE FROM tenants WHERE tenant_id LIKE 'MANY%%'")


def metrics_in(text: str) -> set[str]:
    """Return the metrics that expressions name."""
    return set(METRIC.findall(text))


@pytest.fixture(scope="module")
def known(shop) -> set[str]:
    url, _, name = shop
    with accounts.session(url, name) as session:
        return {metric for metric, _ in exported(session)} | OTHERS


def rules() -> list[dict[str, Any]]:
    return [rule for group in read("alerts.yml")["groups"] for rule in group["rules"]]


def test_alerts_are_of_metrics_that_are_there(known):
    for rule in rules():
        used = metrics_in(rule["expr"])
        assert used
        assert used <= known, rule["alert"]


def test_every_alert_says_how_bad_it_is_and_what_to_do_and_is_proved():
    proved = {
        case["alertname"]
        for test in read("alerts_test.yml")["tests"]
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }
    assert proved == {rule["alert"] for rule in rules()}
    for rule in rules():
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def expressions() -> list[str]:
    """Return every query of the dashboard, its variables' too."""
    dashboard = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    targets = [t["expr"] for panel in dashboard["panels"] for t in panel.get("targets", ())]
    variables = [each for each in dashboard["templating"]["list"] if each["type"] == "query"]
    return targets + [each["definition"] for each in variables]


def test_the_dashboard_draws_metrics_that_are_there(known):
    assert len(expressions()) > 15
    for expression in expressions():
        used = metrics_in(expression)
        assert used
        assert used <= known, expression


def test_the_dashboard_shows_the_top_and_never_a_line_for_each_tenant():
    with_tenants = re.compile(r"tenant_quota_(?:used_units|limit_units|usage_ratio)\{")
    for expression in expressions():
        if with_tenants.search(expression):
            assert re.search(r"\b(?:topk|bottomk)\((?:\$top|100),", expression), expression


def test_the_dashboard_has_a_variable_for_each_that_it_uses():
    dashboard = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    there = {each["name"] for each in dashboard["templating"]["list"]}
    text = (FOLDER / "dashboard.json").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{?([a-z_]+)", text)) - {"__all"} == there
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))


def test_the_connection_holds_no_password_of_anybody():
    (job,) = read("sql_exporter.yml")["jobs"]
    (connection,) = job["connections"]
    assert re.match(
        r"mysql://quota_exporter:PASSWORD@tcp\(db\.example\.com:3306\)/shop\?", connection
    )
    assert "max_execution_time=" in connection
