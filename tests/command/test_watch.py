"""tenant-quota monitor --watch: in any terminal, and while the server is away."""

from __future__ import annotations

import signal
from contextlib import closing

import pytest

from tests.helpers.server import connect, fresh_schema, own_server
from tests.helpers.support import Quota, apply_everything, call, rows, start_command
from tests.helpers.terminal import in_terminal


@pytest.fixture
def many(quota: Quota) -> Quota:
    """Give a tenant with more limits than a small terminal has lines; each name is a long one."""
    quota.define_tenant()
    for number in range(30):
        quota.quota_type = f"A_RATHER_LONG_NAME_{number:02}"
        quota.define("MONTHLY", 1_000_000, used=1 + number)
    return quota


@pytest.mark.parametrize("columns", [60, 90, 140])
def test_the_summary_stays_in_sight_however_narrow_the_terminal(schema_url, many, columns):
    watch = ("monitor", "--watch", "0.2", "--tenant", many.tenant_id)
    with in_terminal(schema_url, *watch, columns=columns, lines=20) as terminal:
        terminal.until("Ctrl-C")
        assert "NORMAL" in terminal.until("there are")
        assert terminal.ctrl_c() == 0
        assert "Traceback" not in terminal.text


def test_a_terminal_that_cannot_move_its_cursor_gets_one_table_after_the_other(schema_url, quota):
    quota.define("TOTAL", 9, used=1)
    watch = ("monitor", "--watch", "0.2", "--tenant", quota.tenant_id)
    with in_terminal(schema_url, *watch, term="dumb") as terminal:
        terminal.until("1 / 9")
        quota.consume(4)
        terminal.until("5 / 9")
        assert "\x1b" not in terminal.text
        assert terminal.ctrl_c() == 0


def test_it_waits_for_a_server_that_starts_again_and_goes_on():
    with own_server() as sandbox, fresh_schema(sandbox.url) as url:
        apply_everything(url)
        with closing(connect(url, autocommit=True)) as connection:
            call(connection, "define_quota", "T", "UNITS", "TOTAL", 9, None, None)
        with (
            start_command(url, "monitor", "--watch", "0.2") as piped,
            in_terminal(url, "monitor", "--watch", "0.2") as terminal,
        ):
            assert piped.stdout is not None
            assert any("0 / 9" in line for line in piped.stdout)
            terminal.until("0 / 9")
            sandbox.kill()
            waiting = next(line for line in piped.stdout if "Waiting" in line)
            assert "Waiting for the server: " in waiting
            assert "0 / 9" in terminal.until("Waiting").rpartition("Waiting")[0]
            sandbox.restart()
            with closing(connect(url, autocommit=True)) as connection:
                rows(connection, "CALL consume_quota('T', 'UNITS', 4, NULL, NULL, NULL)")
            terminal.until("4 / 9")
            after = []
            for line in piped.stdout:
                after.append(line)
                if "4 / 9" in line:
                    break
            assert not any("Waiting" in line for line in after)  # once, however long it takes
            piped.send_signal(signal.SIGINT)
            _, errors = piped.communicate(timeout=30)
            assert (piped.returncode, errors) == (0, "")
            assert terminal.ctrl_c() == 0


def test_a_server_that_is_down_from_the_beginning_is_an_error():
    with start_command("mysql://root@127.0.0.1:1/x", "monitor", "--watch", "1") as process:
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, output) == (2, "")
        assert "Cannot connect" in errors
