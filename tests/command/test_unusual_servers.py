"""Servers whose data were made with other settings, and clusters that are not to be had here."""

from __future__ import annotations

from contextlib import closing

import pytest
from click.testing import CliRunner

from tenant_quota.cli import main
from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import resolve
from tenant_quota.doctor import run as doctor
from tenant_quota.doctor import server as doctor_server
from tenant_quota.doctor.findings import OK, PROBLEM, Patient
from tenant_quota.grants.held import Held
from tenant_quota.schema import verify
from tenant_quota.schema.diff import NOTE
from tests.helpers.server import connect, initialised_server
from tests.helpers.support import apply_everything, rows


def command(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output


def test_pages_too_small_for_our_keys_are_refused_before_anything_is_done(tmp_path):
    with initialised_server(tmp_path, "--innodb-page-size=4k") as server:
        with closing(connect(server)) as connection:
            rows(connection, "CREATE DATABASE shop")
        code, told = command("apply", "--url", f"{server}shop")
        with closing(connect(server)) as connection:
            assert rows(connection, "SHOW TABLES FROM shop") == []
        checks = {"fitness": doctor.CHECKS["fitness"]}
        (found,) = doctor.examine(resolve(url=f"{server}shop"), checks=checks).findings
    assert (code, "innodb_page_size is 4096" in told, "initialise a server" in told) == (
        2,
        True,
        True,
    )
    assert (found.check, found.severity) == ("fitness.innodb_page_size", PROBLEM)


def test_with_names_in_small_letters_a_fresh_installation_is_the_same(tmp_path):
    with initialised_server(tmp_path, "--lower-case-table-names=1") as server:
        with closing(connect(server)) as connection:
            rows(connection, "CREATE DATABASE Shop")
        apply_everything(f"{server}Shop")
        code, told = command("verify", "--url", f"{server}Shop")
    assert code == 0, told


@pytest.mark.parametrize(
    ("variables", "check"),
    [
        ({"wsrep_on": "ON", "pxc_strict_mode": "PERMISSIVE"}, "wsrep_on"),
        ({"pxc_strict_mode": "ENFORCING"}, "pxc_strict_mode"),
        ({"pxc_strict_mode": "MASTER"}, "pxc_strict_mode"),
        (
            {
                "group_replication_group_name": "9b1f",
                "group_replication_single_primary_mode": "OFF",
            },
            "group_replication",
        ),
        ({"group_replication_single_primary_mode": "OFF"}, ""),
        ({"wsrep_on": "OFF", "innodb_page_size": "8192"}, ""),
    ],
)
def test_several_writers_and_a_server_that_refuses_get_lock_are_a_problem(variables, check):
    patient = Patient(None, "", variables, Held(), False)  # type: ignore[arg-type]
    (found,) = doctor_server.fitness(patient)
    assert (found.check, found.severity) == (check, PROBLEM if check else OK)
    assert bool(found.do) is bool(check)


def test_a_binary_log_of_statements_is_refused(server_url, empty_schema):
    with closing(connect(server_url)) as connection:
        rows(connection, "SET GLOBAL binlog_format = STATEMENT")
        try:
            code, told = command("apply", "--url", empty_schema)
        finally:
            rows(connection, "SET GLOBAL binlog_format = ROW")
    assert (code, "SET PERSIST binlog_format = ROW" in told) == (2, True)
    with closing(connect(empty_schema)) as connection:
        assert rows(connection, "SHOW TABLES") == []


def test_checks_under_other_names_are_a_note_with_the_alter_that_names_them_again(empty_schema):
    """As pt-online-schema-change leaves them."""
    apply_everything(empty_schema)
    with closing(connect_to_database(resolve(url=empty_schema))) as connection:
        clause = "CHECK (kind IN ('RESERVATION', 'LEASE'))"
        drop = "ALTER TABLE quota_reservations DROP CHECK quota_reservations_kind, DROP CHECK"
        rows(
            connection,
            f"{drop} quota_reservations_amount, ADD CONSTRAINT _a_kind {clause},"
            " ADD CONSTRAINT _quota_amount CHECK (amount >= 1)",
        )
        (found,) = verify.verify(resolve(url=empty_schema)).findings
        assert (found.level, found.object) == (NOTE, "table quota_reservations")
        assert "_a_kind is quota_reservations_kind" in found.what
        alter = found.what[found.what.index("ALTER TABLE") :]
        rows(connection, alter)
        assert verify.verify(resolve(url=empty_schema)).findings == []
        rows(connection, f"{drop} quota_reservations_amount, ADD CONSTRAINT _a_kind {clause}")
        assert {f.name for f in verify.verify(resolve(url=empty_schema)).differences} == {
            "table quota_reservations, check quota_reservations_amount"
        }
        rows(
            connection,
            "ALTER TABLE quota_reservations DROP CHECK _a_kind, ADD CONSTRAINT"
            f" quota_reservations_kind {clause}, ADD CONSTRAINT quota_reservations_amount"
            " CHECK (amount >= 1)",
        )
