"""What every command prints: to readers that leave, in any encoding; and names close to a command's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tenant_quota.cli import main
from tests.helpers.support import call, start_command

#: A disk that is always full.
FULL = Path("/dev/full")
READS = (
    "--help",
    "--version",
    "apply --help",
    "sandbox --help",
    "status",
    "verify --ignore *",
    "doctor --ignore *",
    "doctor --ignore * --all --format json",
    "monitor",
    "monitor --watch 0.1",
    "monitor --format json",
    "plan --from nothing",
    "grants",
    "reconcile --tenant {tenant}",
    "alerts",
    "reset",
)


@pytest.mark.parametrize("arguments", READS)
def test_a_reader_that_leaves_early_is_no_error(schema_url, quota, arguments):
    quota.define("TOTAL", 9)
    words = arguments.format(tenant=quota.tenant_id).split(" ")
    with start_command(schema_url, *words) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 0, process.stderr.read()
        assert "Error" not in process.stderr.read()


def test_what_was_found_stays_the_exit_code_when_nobody_reads_it(empty_schema):
    with start_command(empty_schema, "verify") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 1


def test_a_reader_that_leaves_keeps_no_server_from_its_turn(schema_url, empty_schema):
    with start_command(f"{schema_url} {empty_schema}", "status") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 1  # of the second


def test_an_apply_whose_reader_leaves_goes_on_to_its_end(empty_schema):
    with start_command(empty_schema, "apply") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=120) == 0
    status = CliRunner().invoke(main, ["status", "--url", empty_schema])
    assert status.exit_code == 0, status.output
    assert "0 pending" in status.output


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gb18030"])
def test_a_character_that_an_encoding_lacks_is_a_question_mark(schema_url, quota, encoding):
    call(quota.connection, "define_tenant", quota.tenant_id, "渠道 ✓ 🙂", None, None)
    quota.define("TOTAL", 9)
    mine = ("monitor", "--tenant", quota.tenant_id)
    with start_command(schema_url, *mine, PYTHONIOENCODING=encoding) as process:
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        assert ("?" in output) is (encoding != "gb18030")
        assert "0 / 9" in output


def test_machine_formats_are_utf_8_in_any_encoding(schema_url, quota):
    call(quota.connection, "define_tenant", quota.tenant_id, "渠道 ✓ 🙂", None, None)
    quota.define("TOTAL", 9)
    mine = ("monitor", "--format", "json", "--tenant", quota.tenant_id)
    with start_command(schema_url, *mine, PYTHONIOENCODING="latin-1") as process:
        output, _ = process.communicate(timeout=60)
        assert json.loads(output)[0]["tenant_name"] == "渠道 ✓ 🙂"


def test_a_name_close_to_a_commands_is_told():
    result = CliRunner().invoke(main, ["monitro"])
    assert result.exit_code == 2
    assert "No such command 'monitro'. Did you mean 'monitor'?" in result.output
    assert "Did you mean" not in CliRunner().invoke(main, ["xyzzy"]).output


@pytest.mark.parametrize("arguments", ["--help", "status", "monitor", "reset"])
def test_a_closed_output_is_no_error(schema_url, arguments):
    shell = f"exec {sys.executable} -m tenant_quota {arguments} >&-"
    done = subprocess.run(
        ["sh", "-c", shell],
        env=os.environ | {"TENANT_QUOTA_URL": schema_url},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has one")
def test_a_full_disk_is_said_as_the_system_says_it(schema_url):
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tenant_quota", "status", "--url", schema_url],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "report" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_a_question_that_is_not_answered_by_yes_is_an_error_and_no_difference(schema_url, answer):
    done = CliRunner().invoke(main, ["rollback", "--url", schema_url], input=answer)
    assert done.exit_code == 2
    assert "Aborted" in done.output
