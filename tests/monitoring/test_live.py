"""The real prometheus-sql-exporter, Prometheus and node exporter on a real server, under load."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from tenant_quota.cli import main
from tenant_quota.sandbox.local import free_port
from tests.helpers import accounts
from tests.helpers.callers import installed
from tests.helpers.series import FOLDER, Series, exported
from tests.helpers.server import connect
from tests.helpers.support import Quota, at_once, call, rows, wait_until
from tests.monitoring.conftest import PACKAGES
from tests.monitoring.test_configuration import expressions

PATIENCE = 60  # seconds for what happens every second


def program(name: str) -> str:
    """Return one of the packages' programs; skips where it could not be had."""
    path = Path(PACKAGES, "usr/bin", name)
    if not path.exists():
        pytest.skip(f"{name} is not in {PACKAGES}: see what `make test-monitoring` says above")
    return str(path)


def promtool(*arguments: str, text: str = "") -> str:
    """Run promtool in monitoring/, and return what it says; it must find nothing wrong."""
    argv = [program("promtool"), *arguments]
    done = subprocess.run(argv, cwd=FOLDER, input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Monitored:
    """A schema, and Prometheus with both exporters that look at it every second."""

    def __init__(self, work: Path, url: str, prefix: str) -> None:
        self.work, self.url = work, url
        self.user = f"{prefix}_exporter"
        self.textfile = work / "textfile"
        self.textfile.mkdir()
        self.ports = {name: free_port() for name in ("exporter", "node", "prometheus")}
        accounts.make_account(url, self.user, role=f"{prefix}_monitor")
        parts = urlsplit(url)
        self.host, self.database = f"{parts.hostname}:{parts.port}", parts.path[1:]

    def start(self, stack: ExitStack) -> None:
        """Write the files as the page says, only quicker, and start all three."""
        account = f"mysql://{self.user}:{accounts.PASSWORD}@tcp({self.host})/{self.database}?"
        text = (FOLDER / "sql_exporter.yml").read_text("utf-8")
        text = re.sub(r"mysql://.*?/shop\?", account, text).replace("interval: 1m", "interval: 1s")
        (self.work / "exporter.yml").write_text(text, "utf-8")
        text = (FOLDER / "prometheus.yml").read_text("utf-8").replace(": 1m", ": 1s")
        text = text.replace("localhost:9237", f"127.0.0.1:{self.ports['exporter']}")
        text += f"""
  - job_name: node
    static_configs:
      - targets: ["127.0.0.1:{self.ports["node"]}"]
"""
        (self.work / "prometheus.yml").write_text(text, "utf-8")
        text = (FOLDER / "alerts.yml").read_text("utf-8")
        (self.work / "alerts.yml").write_text(re.sub(r"for: \d+m", "for: 1s", text), "utf-8")
        self.run(
            stack,
            *(program("prometheus-sql-exporter"), "-config.file", "exporter.yml"),
            *("-web.listen-address", f"127.0.0.1:{self.ports['exporter']}"),
        )
        self.run(
            stack,
            *(program("prometheus-node-exporter"), "--collector.disable-defaults"),
            *("--collector.textfile", f"--collector.textfile.directory={self.textfile}"),
            f"--web.listen-address=127.0.0.1:{self.ports['node']}",
        )
        self.run(
            stack,
            *(program("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data"),
            f"--web.listen-address=127.0.0.1:{self.ports['prometheus']}",
        )

    def run(self, stack: ExitStack, *argv: str) -> None:
        """Start a program that ends with the stack."""
        log = stack.enter_context((self.work / f"{Path(argv[0]).name}.log").open("wb"))
        process = subprocess.Popen(argv, cwd=self.work, stdout=log, stderr=log)
        stack.callback(process.wait, 30)
        stack.callback(process.terminate)

    def ask(self, path: str, **arguments: str) -> Any:
        """Ask Prometheus' API; what it answers an error with is raised."""
        place = f"http://127.0.0.1:{self.ports['prometheus']}/api/v1/{path}"
        with urlopen(f"{place}?{urlencode(arguments)}", timeout=10) as answer:
            return json.load(answer)["data"]

    def series(self, expression: str, job: str = "tenant_quota") -> Series:
        """Return what Prometheus has now, without the labels that name the exporter."""
        found: Series = {}
        for each in self.ask("query", query=expression)["result"]:
            labels = dict(each["metric"])
            if labels.pop("job", job) == job:
                labels.pop("instance", None)
                name = labels.pop("__name__", "")
                found[name, frozenset(labels.items())] = float(each["value"][1])
        return found

    def firing(self) -> set[tuple[str, str]]:
        """Return the alerts that fire, each with its tenant."""
        return {
            (each["labels"]["alertname"], each["labels"].get("tenant_id", ""))
            for each in self.ask("alerts")["alerts"]
            if each["state"] == "firing"
        }

    def logs(self) -> str:
        return "\n".join(log.read_text("utf-8")[-2000:] for log in self.work.glob("*.log"))


@pytest.fixture(scope="module")
def monitored(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitored]:
    """Give a schema that is looked at, its events at work."""
    with installed(server_url) as (url, prefix), ExitStack() as stack:
        found = Monitored(tmp_path_factory.mktemp("monitoring"), url, prefix)
        found.start(stack)

        def is_up() -> bool:
            try:
                return bool(found.series("tenant_quota_health_status"))
            except (URLError, OSError):
                return False

        assert wait_until(is_up, PATIENCE), found.logs()
        yield found


def wait(happened: Callable[[], object], monitored: Monitored) -> None:
    assert wait_until(happened, PATIENCE), f"{monitored.firing()}\n{monitored.logs()}"


def test_every_alert_fires_when_it_should_and_not_before():
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml")


def test_prometheus_takes_the_configuration():
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml")


def test_load_shows_and_an_alert_fires(monitored: Monitored) -> None:
    quota = Quota(lambda: connect(monitored.url, autocommit=True), 'CH "1" \\渠道')
    quota.define_tenant()
    quota.define("MONTHLY", 400, soft_limit=300)
    quota.sibling().define("MONTHLY", 400, used=10)
    connections = [quota.connect() for _ in range(8)]
    at_once(8, lambda n: [quota.consume(1, on=connections[n]) for _ in range(60)])
    assert quota.used() == 400

    def shown() -> Series:
        return monitored.series('{__name__=~"tenant_quota_.+"}')

    with accounts.session(monitored.url, monitored.user) as session:
        server = {"host": monitored.host, "database": monitored.database}

        def same() -> bool:
            return timeless(shown()) == timeless(exported(session, **server))

        wait(same, monitored)
    expected = ("TenantQuotaExhausted", quota.tenant_id)
    wait(lambda: expected in monitored.firing(), monitored)
    assert ("TenantQuotaExhausted", quota.sibling().tenant_id) not in monitored.firing()
    quota.define("MONTHLY", 4000)
    wait(lambda: expected not in monitored.firing(), monitored)


def timeless(series: Series) -> Series:
    """Leave out what differs from one second to the next."""
    return {key: value for key, value in series.items() if not key[0].endswith("_lag_seconds")}


def test_the_exporter_shows_old_figures_of_a_database_that_it_cannot_ask_and_an_alert_says_so(
    monitored: Monitored,
) -> None:
    with connect(monitored.url, autocommit=True) as root:
        role = rows(
            root, "SELECT from_user FROM mysql.role_edges WHERE to_user = %s", monitored.user
        )
        grant = f"'{role[0][0]}'@'%%' {{}} '{monitored.user}'@'%%'"
        rows(root, f"REVOKE {grant.format('FROM')}")
        try:
            stale = ("TenantQuotaMetricsStale", "")
            wait(lambda: stale in monitored.firing(), monitored)
            assert monitored.series("tenant_quota_health_status"), "the last that it got"
        finally:
            rows(root, f"GRANT {grant.format('TO')}")
            rows(root, f"SET DEFAULT ROLE ALL TO '{monitored.user}'@'%%'")
        wait(lambda: stale not in monitored.firing(), monitored)


def test_every_query_of_the_dashboard_is_answered(monitored: Monitored) -> None:
    quota = Quota(lambda: connect(monitored.url, autocommit=True), "DRAWN")
    quota.define("TOTAL", 3, used=3)
    call(quota.connection, "reset_due_quotas", 100)
    wait(lambda: monitored.series("tenant_quota_event_lag_seconds"), monitored)
    wait(lambda: monitored.series('tenant_quota_limits{status_level="EXCEEDED"}'), monitored)
    values = {"host": ".*", "database": ".*", "quota_type": ".*", "tenant": ".*", "top": "10"}
    empty = []
    for expression in expressions():
        query = re.sub(r"^label_values\((.*), \w+\)$|^query_result\((.*)\)$", r"\1\2", expression)
        query = re.sub(r"\$(\w+)", lambda match: values[match[1]], query)
        if not monitored.ask("query", query=query)["result"]:
            empty.append(expression)
    assert empty == []


def test_a_node_exporter_takes_the_textfile_and_promtool_finds_nothing_wrong(
    monitored: Monitored,
) -> None:
    strange = 'quote " slash \\ line \n 渠道'
    quota = Quota(lambda: connect(monitored.url, autocommit=True), strange, "TEXTFILE")
    quota.define("TOTAL", 8, used=2)
    url = accounts.url_of(monitored.url, monitored.user)
    done = CliRunner().invoke(main, ["monitor", "--url", url, "--format", "prometheus"])
    assert done.exit_code == 0, done.output
    assert promtool("check", "metrics", text=done.stdout) == ""
    half = monitored.textfile / "half"
    half.write_text(done.stdout, "utf-8")
    half.rename(monitored.textfile / "tenant_quota.prom")

    def ratio(job: str) -> Series:
        return monitored.series('tenant_quota_usage_ratio{quota_type="TEXTFILE"}', job)

    wait(lambda: ratio("node"), monitored)
    wait(lambda: ratio("node") == ratio("tenant_quota"), monitored)
    ((labels, value),) = [(dict(labels), v) for (_, labels), v in ratio("node").items()]
    assert (labels["tenant_id"], value) == (quota.tenant_id, 0.25)
    assert monitored.series("node_textfile_mtime_seconds", "node")
