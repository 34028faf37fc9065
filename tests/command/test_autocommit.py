"""A server with autocommit = OFF: the command and the events commit all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from click.testing import CliRunner

from tenant_quota.apply import migrate
from tenant_quota.cli import main
from tenant_quota.connection_options import resolve
from tests.helpers.server import connect, own_server
from tests.helpers.support import apply_everything, rows, value, wait_until


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with own_server("--autocommit=OFF") as sandbox:
        with closing(connect(sandbox.url, autocommit=True)) as connection:
            rows(connection, "CREATE DATABASE off")
        apply_everything(f"{sandbox.url}off")
        yield f"{sandbox.url}off"


def test_all_that_apply_reports_is_there(url):
    assert {state.state for state in migrate.status(resolve(url=url))} == {"applied"}
    result = CliRunner().invoke(main, ["verify", "--url", url])
    assert result.exit_code == 0, result.output


def test_a_repair_and_a_reset_are_kept(url):
    with closing(connect(url)) as connection:
        rows(connection, "SET autocommit = 1")
        rows(connection, "CALL define_quota('A', 'X', 'TOTAL', 10, NULL, NULL)")
        rows(connection, "UPDATE tenant_quotas SET used_count = 3 WHERE tenant_id = 'A'")
        CliRunner().invoke(main, ["reconcile", "--repair", "--url", url])
        drift = rows(connection, "CALL reconcile_quotas(NULL, FALSE)")
        assert drift == []
        assert value(connection, "SELECT used_count FROM tenant_quotas WHERE tenant_id = 'A'") == 3


def test_an_event_commits(url):
    with closing(connect(url)) as connection:
        rows(connection, "SET autocommit = 1")
        rows(connection, "CREATE TABLE seen (id INT)")
        rows(
            connection,
            "ALTER EVENT reset_due_quotas ON SCHEDULE EVERY 1 SECOND STARTS CURRENT_TIMESTAMP",
        )
        beat = "SELECT finished_at FROM quota_jobs WHERE job_name = 'reset_due_quotas'"
        assert wait_until(lambda: rows(connection, beat))
