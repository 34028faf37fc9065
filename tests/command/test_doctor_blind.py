"""`doctor` where it cannot look: no check that was not made counts as one that is fine."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from tenant_quota.doctor import load as doctor_load
from tenant_quota.doctor.findings import OK, PROBLEM, WARNING
from tests.helpers.doctored import SCHEMA, changed, command, look, run
from tests.helpers.doctored import sandbox as sandbox  # a fixture
from tests.helpers.doctored import url as url  # a fixture
from tests.helpers.server import connect
from tests.helpers.support import rows, wait_until


@pytest.mark.parametrize(
    ("lock", "told"),
    [
        ("LOCK TABLES tenant_quotas WRITE", "has locked tenant_quotas"),
        ("LOCK TABLES quota_jobs READ", "has locked quota_jobs"),
        ("FLUSH TABLES WITH READ LOCK", "has locked all tables"),
    ],
)
def test_a_locked_table_is_shown_and_what_waits_for_it_is_not_fine(url, lock, told):
    with closing(connect(url)) as holder:
        rows(holder, lock)
        found = look(url)
        assert found["table_locks"].severity == WARNING
        assert f"connection {holder.thread_id()} (root@" in found["table_locks"].what
        assert told in found["table_locks"].what
        blocked = "WRITE" in lock
        assert found["slots"].severity == (WARNING if blocked else OK)
        if blocked:
            assert "not looked at: MySQL error 1205" in found["slots"].what
            assert "table_locks" in found["slots"].do
    assert look(url, "table_locks")["table_locks"].severity == OK


def test_an_account_that_sees_nothing_of_what_is_installed_is_an_error(url):
    root = url.split("//")[1].partition("@")[0]
    nobody = url.replace(root, "nobody:pw")
    create = f"CREATE USER nobody IDENTIFIED BY 'pw'; GRANT INSERT ON {SCHEMA}.* TO nobody"
    with changed(url, create, "DROP USER nobody"):
        result = command("--url", nobody)
        assert result.exit_code == 2
        assert "Not known: this account sees nothing of what is installed" in result.output
        assert json.loads(command("--url", nobody, "--format", "json").output)["healthy"] is False
        run(url, f"GRANT EVENT ON {SCHEMA}.* TO nobody")
        assert command("--url", nobody).exit_code == 1


@pytest.mark.parametrize(
    "view",
    [
        "SELECT 1 AS check_name, 1 AS status, 1 AS amount, 1 AS detail",
        "SELECT 'overdue_resets' AS check_name, 'OK' AS status, 0 AS amount, 'x' AS detail",
        "SELECT 1 AS other",
        "SELECT 'orphan_quotas' AS check_name, 'FINE' AS status, 'x' AS amount, NULL AS detail",
    ],
)
def test_a_view_that_is_not_ours_is_a_warning_and_no_traceback(url, view):
    other = f"RENAME TABLE quota_health TO away; CREATE VIEW quota_health AS {view}"
    with changed(url, other, "DROP VIEW quota_health; RENAME TABLE away TO quota_health"):
        found = look(url)["health"]
        assert found.severity == WARNING
        assert "verify" in found.do
        result = command("--url", url)
        assert (result.exit_code, "Traceback" in result.output) == (1, False)


def test_before_the_first_install_nothing_is_to_be_forced(url):
    with changed(url, "CREATE DATABASE nothing_yet", "DROP DATABASE nothing_yet"):
        found = look(url.replace(SCHEMA, "nothing_yet"))
        assert {f.check for f in found.values() if f.severity == PROBLEM} == {
            "installed",
            *(name for name in found if name.startswith("events.")),
        }
        assert [f for f in found.values() if "--force" in f.do] == []


def test_a_view_that_is_gone_is_no_note(url):
    there, away = "RENAME TABLE away TO quota_health", "RENAME TABLE quota_health TO away"
    with changed(url, away, there):
        found = look(url, "health")["health"]
        assert (found.severity, "tenant-quota verify" in found.do) == (WARNING, True)


def test_a_transaction_that_was_prepared_and_left_is_ended_by_its_xid(url, monkeypatch):
    monkeypatch.setattr(doctor_load, "LONG_SECONDS", 0)
    run(url, "INSERT INTO tenants (tenant_id, tenant_name) VALUES ('XA', 'x')")
    update = "UPDATE tenants SET tenant_name = 'y' WHERE tenant_id = 'XA'"
    with closing(connect(url)) as connection:
        for statement in ("XA START 'shop'", update, "XA END 'shop'", "XA PREPARE 'shop'"):
            rows(connection, statement)
    try:
        assert wait_until(
            lambda: look(url, "long_transactions")["long_transactions"].severity != OK
        )
        found = look(url, "long_transactions")["long_transactions"]
        assert "a prepared XA transaction without a connection has held locks" in found.what
        assert ("XA RECOVER" in found.do, "KILL" in found.do) == (True, False)
    finally:
        run(url, "XA ROLLBACK 'shop'", "DELETE FROM tenants WHERE tenant_id = 'XA'")


def test_a_server_that_refuses_writes_is_told_no_alter(url):
    on = "SET GLOBAL super_read_only = ON"
    with changed(url, on, "SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF"):
        found = [f for f in look(url, "events").values() if f.severity == WARNING]
    assert len(found) == 3
    assert {f.do.partition(": ALTER DEFINER")[0] for f in found} == {"on the primary"}
