"""tenant-quota alerts: every alert at least once, shared by several readers."""

from __future__ import annotations

import json
import signal
import time
from contextlib import suppress

import pytest
from click.testing import CliRunner, Result

from tenant_quota.cli import main
from tests.helpers import accounts
from tests.helpers.accounts import make_account, url_of
from tests.helpers.outbox import outbox as outbox  # a fixture
from tests.helpers.outbox import waiting, write
from tests.helpers.server import connect
from tests.helpers.support import rows, start_command


def alerts(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["alerts", "--url", url, *arguments])


def test_an_alert_is_delivered_once_and_marked(own_schema, outbox):
    write(outbox, 2)
    result = alerts(own_schema, "--format", "json")
    assert result.exit_code == 0, result.output
    first, second = json.loads(result.output)
    ids = rows(outbox, "SELECT CAST(alert_id AS CHAR) FROM quota_alerts ORDER BY quota_id")
    # A string: JavaScript rounds what is above 2^53.
    assert [first.pop("alert_id"), second.pop("alert_id")] == [id_ for (id_,) in ids]
    assert first == {
        "tenant_id": "T_0",
        "quota_type": "REDEEM_CODE",
        "limit_type": "MONTHLY",
        "alert_level": "WARNING",
        "enforcement": "ENFORCE",
        "period_start": "2024-02-01T00:00:00",
        "used_count": 800,
        "hard_limit": 1000,
        "soft_limit": 750,
        "created_at": "2024-02-29T12:00:00",
        "quota_id": 0,
    }
    assert waiting(outbox) == 0
    again = alerts(own_schema, "--format", "json")
    assert (again.exit_code, json.loads(again.output)) == (0, [])


def test_the_table_is_a_line_an_alert_under_a_header(own_schema, outbox):
    assert alerts(own_schema).output == "No alert waits.\n"
    write(outbox, 1)
    rows(outbox, "UPDATE quota_alerts SET tenant_id = 'a\x1b[31m渠道', used_count = NULL")
    header, line = alerts(own_schema).output.splitlines()
    assert header.split()[:3] == ["Written", "(UTC)", "Level"]
    assert line.split() == [
        *("2024-02-29", "12:00:00", "WARNING", "a�[31m渠道", "REDEEM_CODE", "MONTHLY"),
        *("–", "/", "1,000", "ENFORCE"),
    ]


def test_all_that_waits_comes_oldest_first_however_many_there_are(own_schema, outbox):
    write(outbox, 230)
    found = json.loads(alerts(own_schema, "--format", "json").output)
    assert [row["quota_id"] for row in found] == list(range(230))


def test_limit_leaves_the_rest_for_the_next(own_schema, outbox):
    write(outbox, 5)
    assert len(json.loads(alerts(own_schema, "--format", "json", "--limit", "3").output)) == 3
    assert waiting(outbox) == 2


def test_peeking_shows_what_waits_and_neither_marks_nor_locks_it(own_schema, outbox):
    write(outbox, 3)
    with connect(own_schema) as other:
        rows(other, "SELECT * FROM quota_alerts WHERE quota_id = 1 FOR UPDATE")
        found = json.loads(alerts(own_schema, "--peek", "--format", "json").output)
        assert [row["quota_id"] for row in found] == [0, 1, 2], "not passed over: nothing is taken"
        other.rollback()
    assert len(alerts(own_schema, "--peek", "--limit", "2").output.splitlines()) == 3
    assert waiting(outbox) == 3
    for more in ("--follow", "--webhook=https://h/x"):
        assert "--peek only shows what waits" in alerts(own_schema, "--peek", more).output


def test_what_another_reader_holds_is_passed_over(own_schema, outbox):
    write(outbox, 3)
    with connect(own_schema) as other:
        rows(other, "SELECT * FROM quota_alerts WHERE quota_id = 1 FOR UPDATE")
        found = json.loads(alerts(own_schema, "--format", "json").output)
        assert [row["quota_id"] for row in found] == [0, 2]
        other.rollback()
    found = json.loads(alerts(own_schema, "--format", "json").output)
    assert [row["quota_id"] for row in found] == [1]


def test_following_prints_an_object_a_line_as_they_come_and_ends_with_ctrl_c(own_schema, outbox):
    write(outbox, 1)
    with start_command(own_schema, "alerts", "--follow", "--format", "json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["quota_id"] == 0
        write(outbox, 1, first=1)
        assert json.loads(process.stdout.readline())["quota_id"] == 1
        deadline = time.monotonic() + 20
        while waiting(outbox) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
        assert (process.returncode, output, errors) == (0, "", "")
    assert waiting(outbox) == 0


def test_two_readers_at_once_share_the_work_and_each_alert_comes_once(own_schema, outbox):
    readers = [
        start_command(own_schema, "alerts", "--follow", "--format", "json", "--limit", "150")
        for _ in "ab"
    ]
    write(outbox, 300)
    outputs = [reader.communicate(timeout=60)[0] for reader in readers]
    found = [[json.loads(line)["quota_id"] for line in each.splitlines()] for each in outputs]
    assert [len(each) for each in found] == [150, 150]
    assert sorted(found[0] + found[1]) == list(range(300))


def test_what_a_killed_reader_had_not_finished_comes_again(own_schema, outbox):
    write(outbox, 40)
    # A slow mark: time enough to kill the reader between print and commit.
    rows(
        outbox,
        "CREATE TRIGGER hold BEFORE UPDATE ON quota_alerts FOR EACH ROW"
        " SET NEW.delivered_at = IF(SLEEP(20) = 0, NEW.delivered_at, NULL)",
    )
    with start_command(own_schema, "alerts", "--follow", "--format", "json") as process:
        assert process.stdout is not None
        printed = [json.loads(process.stdout.readline())["quota_id"] for _ in range(40)]
        rows(outbox, "SET innodb_lock_wait_timeout = 1")
        write(outbox, 1, first=40)  # whoever writes an alert meanwhile does not wait
        process.kill()
    for (thread,) in rows(
        outbox,
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE()"
        " AND id <> CONNECTION_ID() AND info LIKE 'UPDATE quota_alerts%%'",
    ):
        with suppress(Exception):
            rows(outbox, f"KILL {thread}")
    rows(outbox, "DROP TRIGGER hold")
    again = json.loads(alerts(own_schema, "--format", "json").output)
    assert [*printed, 40] == [row["quota_id"] for row in again] == list(range(41))


def test_a_reader_of_the_pipe_that_leaves_takes_nothing_along(own_schema, outbox):
    write(outbox, 5)
    with start_command(own_schema, "alerts", "--format", "json") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=30) == 0
    assert waiting(outbox) == 5


def test_a_database_without_the_outbox_says_what_to_run(empty_schema):
    result = alerts(empty_schema)
    assert result.exit_code == 2
    assert "Run `tenant-quota apply`" in result.output


@pytest.mark.parametrize("form", ["table", "json"])
def test_who_may_not_take_alerts_is_not_told_that_none_waits(server_url, own_schema, outbox, form):
    with accounts.prefix(server_url) as name:
        make_account(server_url, name, f"GRANT SELECT ON {own_schema.rpartition('/')[2]}.* TO {{}}")
        result = alerts(url_of(own_schema, name), "--format", form)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "quota_admin" in result.stderr
    rows(outbox, "SET GLOBAL super_read_only = ON")
    try:
        result = alerts(own_schema, "--format", form)
    finally:
        rows(outbox, "SET GLOBAL super_read_only = OFF")
        rows(outbox, "SET GLOBAL read_only = OFF")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "connect to the primary" in result.stderr
