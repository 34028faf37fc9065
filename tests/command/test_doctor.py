"""`doctor`: each finding on a real server of the tests' own, whose settings are made worse."""

from __future__ import annotations

import json
import re
import threading
from contextlib import closing
from typing import Any

import pytest

from tenant_quota.connection_options import resolve
from tenant_quota.doctor import load as doctor_load
from tenant_quota.doctor import run as doctor
from tenant_quota.doctor import server as doctor_server
from tenant_quota.doctor.findings import NOTE, OK, PROBLEM, WARNING, Finding, Patient
from tenant_quota.doctor.load import HOT, SLOTS, WINDOW_SECONDS, slot_advice
from tenant_quota.grants.held import Held
from tests.helpers import TOP
from tests.helpers.doctored import SCHEMA, changed, command, look, run
from tests.helpers.doctored import installer as installer  # a fixture
from tests.helpers.doctored import sandbox as sandbox  # a fixture
from tests.helpers.doctored import url as url  # a fixture
from tests.helpers.server import connect, own_server
from tests.helpers.support import EVENTS, apply_everything, rows, wait_until


def test_a_new_sandbox_is_healthy(url):
    # But for root, as which it runs: that may write on a replica.
    result = command("--url", url, "--all", "--ignore", "definers.root@*")
    assert result.exit_code == 0, result.output
    assert "Healthy: doctored (MySQL" in result.output
    assert {f.check.partition(".")[0] for f in look(url).values()} == set(doctor.CHECKS)


def test_json_and_exit_codes(url):
    with changed(url, "SET GLOBAL sync_binlog = 0", "SET GLOBAL sync_binlog = 1"):
        accepted = ("--ignore", "definers.*")
        result = command("--url", url, "--format", "json", *accepted)
        assert result.exit_code == 1
        data = json.loads(result.output)
        assert data["healthy"] is False
        assert data["findings"][0] == {
            "check": "durability.sync_binlog",
            "severity": "warning",
            "what": "sync_binlog is 0: a crash can take back charges that were answered",
            "do": "SET PERSIST sync_binlog = 1",
        }
        ignored = command("--url", url, "--ignore", "durability.*", *accepted)
        assert ignored.exit_code == 0
        assert "(ignored)" in ignored.output
    assert command("--url", url.replace(SCHEMA, "nowhere")).exit_code == 2


SETTINGS = [
    ("fitness.binlog_format", PROBLEM, "binlog_format", "STATEMENT", "ROW", "calls fail"),
    ("binlog", PROBLEM, "binlog_format", "MIXED", "ROW", "run the procedures again"),
    ("durability.sync_binlog", WARNING, "sync_binlog", "100", "1", "a crash"),
    (
        "durability.innodb_flush_log_at_trx_commit",
        *(WARNING, "innodb_flush_log_at_trx_commit", "2", "1", "a crash"),
    ),
    ("sql_mode", WARNING, "sql_mode", "''", "DEFAULT", "not strict"),
    (
        "isolation",
        WARNING,
        "transaction_isolation",
        "'SERIALIZABLE'",
        "DEFAULT",
        "every read locks",
    ),
    ("isolation", WARNING, "transaction_isolation", "'READ-UNCOMMITTED'", "DEFAULT", "by hand"),
    ("isolation", OK, "transaction_isolation", "'READ-COMMITTED'", "DEFAULT", "READ-COMMITTED"),
    ("autocommit", WARNING, "autocommit", "OFF", "ON", "JOINED"),
    ("event_scheduler", WARNING, "event_scheduler", "OFF", "ON", "nothing sweeps"),
    ("replication", PROBLEM, "read_only", "ON", "OFF", "replicates nobody"),
]


@pytest.mark.parametrize(
    ("name", "severity", "variable", "bad", "good", "told"),
    SETTINGS,
    ids=[f"{variable}-{bad}" for _, _, variable, bad, _, _ in SETTINGS],
)
def test_a_setting(url, name, severity, variable, bad, good, told):
    check = name.partition(".")[0]
    set_bad, set_good = (f"SET GLOBAL {variable} = {each}" for each in (bad, good))
    with changed(url, set_bad, set_good):
        found = look(url, check)[name]
    assert found.severity == severity
    assert told in found.what
    assert bool(found.do) is (severity != OK)
    assert {f.severity for f in look(url, check).values()} == {OK}


def test_a_series_that_was_not_tested_is_a_note():
    patient = Patient(None, "", {"version": "9.99.0"}, Held(), False)  # type: ignore[arg-type]
    (found,) = doctor_server.version(patient)
    assert found.severity == NOTE
    assert "not on 9.99" in found.what


def test_an_event_that_is_gone_off_or_asleep(url, installer):
    root = "`{}`@`{}`".format(*installer)
    event = EVENTS[0]
    name = f"events.{event}"
    with changed(url, f"ALTER EVENT {event} DISABLE", f"ALTER EVENT {event} ENABLE"):
        found = look(url, "events")[name]
        assert found.severity == WARNING
        assert found.do == f"ALTER DEFINER = {root} EVENT `{SCHEMA}`.`{event}` ENABLE"
        run(url, found.do)
        assert look(url, "events")[name].severity == OK
    with changed(url, f"ALTER EVENT {event} RENAME TO gone", f"ALTER EVENT gone RENAME TO {event}"):
        assert look(url, "events")[name].severity == PROBLEM


def test_after_a_failover_the_events_are_still_asleep_and_on_a_replica_they_should_be(url):
    event = EVENTS[0]
    name = f"events.{event}"
    awake = look(url, "events")[name]
    assert awake.severity == OK
    with changed(url, "SET GLOBAL read_only = ON", "SET GLOBAL read_only = OFF"):
        on_replica = look(url, "events")[name]
        assert on_replica.severity == WARNING
        run(url, on_replica.do)
        assert look(url, "events")[name].severity == OK
    promoted = look(url, "events")[name]
    assert promoted.severity == WARNING
    assert "still asleep" in promoted.what
    run(url, promoted.do)
    assert look(url, "events")[name].severity == OK


def test_a_replica_that_does_not_run(url):
    source = (
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1, "
        "SOURCE_USER = 'nobody'; SET GLOBAL read_only = ON"
    )
    with changed(url, source, "RESET REPLICA ALL; SET GLOBAL read_only = OFF"):
        report = doctor.examine(
            resolve(url=url), checks={"replication": doctor.CHECKS["replication"]}
        )
        told = {f.severity: f.what for f in report.findings}
        assert "replica of 127.0.0.1 does not run (receiver No, applier No)" in told[PROBLEM]
        assert told[NOTE] == "read-only: call the primary"
        run(url, "SET GLOBAL read_only = OFF")
        assert "not read_only" in look(url, "replication")["replication"].what


class Told(Patient):
    """A server that answers as it is told to: what takes several servers to be seen."""

    answers: dict[str, list[dict[str, Any]]]

    def ask(self, statement: str, *arguments: Any) -> list[dict[str, Any]]:
        return next(rows for words, rows in self.answers.items() if words in statement)


@pytest.mark.parametrize(
    ("state", "late", "severity", "told"),
    [
        ("", 5, OK, "replica of db1"),
        ("", 500, WARNING, "500 s behind"),
        ("ONLINE", None, OK, "primary of its group"),
        ("ERROR", None, PROBLEM, "this member of its group is ERROR"),
    ],
)
def test_a_replica_that_is_late_and_a_group(state, late, severity, told):
    read_only = "OFF" if state else "ON"
    patient = Told(None, "", {"read_only": read_only}, Held(), False)  # type: ignore[arg-type]
    status = {
        "Channel_Name": "",
        "Source_Host": "db1",
        "Replica_IO_Running": "Yes",
        "Replica_SQL_Running": "Yes",
        "Seconds_Behind_Source": late,
    }
    answers = {
        "replication_group_members": [{"state": state}],
        "SHOW REPLICA STATUS": [] if late is None else [status],
    }
    object.__setattr__(patient, "answers", answers)
    found = list(doctor_server.replication(patient))
    assert (found[0].severity, told in found[0].what) == (severity, True)


def test_what_is_pending_and_what_is_not_installed(url):
    with changed(
        url,
        "CREATE TABLE kept SELECT * FROM _yoyo_migration; DELETE FROM _yoyo_migration LIMIT 2",
        "DELETE FROM _yoyo_migration; INSERT INTO _yoyo_migration SELECT * FROM kept; DROP TABLE kept",
    ):
        pending = look(url, "installed")["installed"]
        assert (pending.severity, pending.what) == (WARNING, "2 migrations are pending")
    with changed(url, "CREATE DATABASE nothing_yet", "DROP DATABASE nothing_yet"):
        found = look(url.replace(SCHEMA, "nothing_yet"))
        assert found["installed"].severity == PROBLEM
        assert found["health"].severity == WARNING
        assert found["slots"].do.startswith("tenant-quota apply")


def test_overdue_resets_and_lapsed_reservations(url):
    off = "; ".join(f"ALTER EVENT {event} DISABLE" for event in EVENTS)
    with changed(url, off, off.replace("DISABLE", "ENABLE")):
        run(
            url,
            "INSERT INTO tenants (tenant_id, tenant_name) VALUES ('LATE', 'Late')",
            "INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type, hard_limit, used_count,"
            " period_anchor, next_reset_time) VALUES"
            " ('LATE', 'X', 'DAILY', 5, 1, '2020-01-01', '2020-01-02')",
            "INSERT INTO quota_reservations (reservation_id, quota_id, tenant_id, quota_type,"
            " kind, amount, expires_at) SELECT UUID(), quota_id, tenant_id, quota_type,"
            " 'RESERVATION', 1, '2020-01-01' FROM tenant_quotas WHERE tenant_id = 'LATE'",
        )
        found = look(url, "health")
        for check in ("overdue_resets", "lapsed_reservations"):
            assert found[f"health.{check}"].severity == WARNING
            assert found[f"health.{check}"].what.startswith("1: ")
            assert found[f"health.{check}"].do.startswith("CALL ")
        for table in ("quota_reservations", "tenant_quotas", "tenants"):
            run(url, f"DELETE FROM {table} WHERE tenant_id = 'LATE'")
    assert look(url, "health")["health.overdue_resets"].severity == OK


def test_an_account_with_few_rights_is_told_what_it_cannot_see(url):
    few = url.replace("//root:", "//few:").replace(url.split(":")[2].split("@")[0], "pw")
    with changed(
        url,
        f"CREATE USER few IDENTIFIED BY 'pw'; GRANT EXECUTE ON {SCHEMA}.* TO few",
        "DROP USER few",
    ):
        found = look(few)
        assert "could not run apply" in found["privileges"].what
        advised = found["privileges"].do
        assert "; GRANT SELECT, INSERT, UPDATE, DELETE, CREATE" in advised
        for check in (
            *("events", "health", "roles", "temporary_tables", "replication"),
            *("long_transactions", "slots"),
        ):
            assert found[check].severity == WARNING, check
            assert found[check].what.startswith("cannot be seen"), check
        assert command("--url", few).exit_code == 2
        # What makes the settings seen needs no right at all.
        assert found["durability"].severity == found["sysdate_is_now"].severity == OK
        run(url, *advised.split("; "))
        assert look(few, "privileges")["privileges"].severity == OK
        for right, told in (
            ("SELECT ON mysql.procs_priv", "mysql.procs_priv"),
            (f"TRIGGER ON {SCHEMA}.*", "triggers"),
            (f"GRANT OPTION ON {SCHEMA}.*", "could not run apply"),
            ("SHOW_ROUTINE ON *.*", "could not run apply"),
        ):
            run(url, f"REVOKE {right} FROM few")
            found = look(few, "privileges")
            assert told in found["privileges"].what
            run(url, found["privileges"].do)
            assert look(few, "privileges")["privileges"].severity == OK


def test_with_the_rights_that_the_page_names_all_is_seen(url):
    page = (TOP / "docs/command.md").read_text(encoding="utf-8")
    section = page.partition("\n## doctor\n")[2].partition("\n## ")[0]
    grants = re.findall(r"^ +(GRANT .*);$", section, re.MULTILINE)
    assert len(grants) == 4
    granted = [g.replace("shop", SCHEMA) for g in grants]
    auditor = url.replace(f"root:{url.split(':')[2].split('@')[0]}", "auditor:pw")
    create = "CREATE USER auditor IDENTIFIED BY 'pw'; "
    with changed(url, create + "; ".join(granted), "DROP USER auditor"):
        found = look(auditor)
        assert [f for f in found.values() if "seen" in f.what or "not looked at" in f.what] == []


def test_who_holds_our_rows_and_who_waits_for_them(url, monkeypatch):
    run(url, "INSERT INTO tenants (tenant_id, tenant_name) VALUES ('HELD', 'Held')")
    monkeypatch.setattr(doctor_load, "LONG_SECONDS", 1)
    monkeypatch.setattr(doctor_load, "WAIT_SECONDS", 1)
    update = "UPDATE tenants SET tenant_name = 'x' WHERE tenant_id = 'HELD'"
    with closing(connect(url)) as holder:
        rows(holder, update)
        waiter = threading.Thread(target=run, args=(url, update))
        waiter.start()
        assert wait_until(lambda: look(url, "lock_waits")["lock_waits"].severity == WARNING)
        waits = look(url, "lock_waits")["lock_waits"]
        assert f"1 session waits for connection {holder.thread_id()} (root@" in waits.what
        assert "on tenants" in waits.what
        assert "its reads lock" not in waits.what
        assert wait_until(
            lambda: "held locks" in look(url, "long_transactions")["long_transactions"].what
        )
        held = look(url, "long_transactions")["long_transactions"]
        assert held.severity == WARNING
        assert f"connection {holder.thread_id()}" in held.what
        assert "locks on tenants" in held.what
        holder.rollback()
        waiter.join(10)
    run(url, "DELETE FROM tenants WHERE tenant_id = 'HELD'")
    assert {f.severity for f in look(url, "lock_waits", "long_transactions").values()} == {OK}


def test_a_slot_that_an_order_holds_for_long_is_shown(url, monkeypatch):
    monkeypatch.setattr(doctor_load, "LONG_SECONDS", 1)
    define = "CALL define_quota('HELD', 'UNITS', 'TOTAL', 1000000, NULL, '{\"slot_count\": 4}')"
    consume = "CALL consume_quota('HELD', 'UNITS', 1, NULL, NULL, NULL)"
    run(url, define)
    with closing(connect(url)) as holder:
        rows(holder, consume)
        holder.commit()
        rows(holder, consume)
        assert wait_until(
            lambda: "quota_slots" in look(url, "long_transactions")["long_transactions"].what
        )
        held = look(url, "long_transactions")["long_transactions"]
        assert f"connection {holder.thread_id()}" in held.what
        assert "locks on quota_slots, quota_usage_records," in held.what
        holder.rollback()
    run(url, "DELETE FROM quota_slots")
    run(url, "DELETE FROM tenant_quotas WHERE tenant_id = 'HELD'")


@pytest.mark.parametrize(
    ("isolation", "more"), [("READ COMMITTED", " FOR SHARE"), ("SERIALIZABLE", "")]
)
def test_a_read_of_a_view_that_keeps_a_call_waiting_is_named_as_one(
    url, monkeypatch, isolation, more
):
    monkeypatch.setattr(doctor_load, "WAIT_SECONDS", 1)
    run(url, "CALL define_quota('LOOKED', 'X', 'TOTAL', 10, NULL, NULL)")
    consume = "CALL consume_quota('LOOKED', 'X', 1, NULL, NULL, NULL)"
    with closing(connect(url)) as reader:
        rows(reader, f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
        rows(reader, f"SELECT * FROM quota_usage_monitor WHERE tenant_id = 'LOOKED'{more}")
        waiter = threading.Thread(target=run, args=(url, consume))
        waiter.start()
        assert wait_until(lambda: look(url, "lock_waits")["lock_waits"].severity == WARNING)
        waits = look(url, "lock_waits")["lock_waits"]
        # At a full minute an event waits too: the view reads its heartbeat.
        assert re.match(
            rf"(1 session waits|\d sessions wait) for connection {reader.thread_id()} \(root@",
            waits.what,
        )
        assert waits.what.endswith(": it only reads, and its reads lock")
        assert waits.do.endswith("read without FOR SHARE, and not in a SERIALIZABLE transaction")
        reader.rollback()
        waiter.join(10)
    run(url, "DELETE FROM tenant_quotas WHERE tenant_id = 'LOOKED'")


def test_a_hot_quota_and_slots_that_nothing_needs(url):
    run(
        url,
        "INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type, hard_limit, slot_count)"
        " VALUES ('HOT''S', 'X', 'TOTAL', 1000000, 0), ('CALM', 'X', 'TOTAL', 1000000, 16)",
        "SET SESSION cte_max_recursion_depth = 100000",
    )
    with closing(connect(url, autocommit=True)) as connection:
        rows(connection, "SET SESSION cte_max_recursion_depth = 100000")
        rows(
            connection,
            "INSERT INTO quota_usage_records (quota_id, tenant_id, operation_type, delta_value)"
            " WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
            " SELECT quota_id, tenant_id, 'CONSUME', 1 FROM n JOIN tenant_quotas"
            " WHERE tenant_id = 'HOT''S'",
            HOT * WINDOW_SECONDS + 1000,
        )
    report = doctor.examine(resolve(url=url), checks={"slots": doctor.CHECKS["slots"]})
    hot, calm = report.findings
    assert (hot.severity, calm.severity) == (NOTE, NOTE)
    assert hot.what.startswith("HOT'S X TOTAL: ")
    assert "would gain from slots" in hot.what
    assert calm.what.startswith("CALM X TOTAL: 0.0 ledger rows a second do not need 16 slots")
    assert report.healthy
    # What it says to do does that, and leaves all else as it is.
    counts = "SELECT slot_count, hard_limit, soft_limit FROM tenant_quotas ORDER BY slot_count"
    run(url, hot.do, calm.do)
    with closing(connect(url)) as connection:
        assert list(rows(connection, counts)) == [(0, 10**6, None), (SLOTS, 10**6, None)]
    for table in ("quota_usage_records", "tenant_quotas", "quota_slots"):
        run(url, f"DELETE FROM {table} WHERE tenant_id IN ('HOT''S', 'CALM')")
    assert look(url, "slots")["slots"].severity == OK


def test_slots_are_advised_between_bounds():
    assert slot_advice(HOT - 1, 0) is None
    assert slot_advice(HOT, 0) is not None
    assert slot_advice(HOT, 16) is None
    assert slot_advice(1, 16) is not None


def test_it_writes_nothing(url):
    def written(patient: Patient) -> list[Finding]:
        patient.ask("DELETE FROM tenants")
        return []

    report = doctor.examine(resolve(url=url), checks={"x": written})
    assert "READ ONLY" in report.findings[0].what


def test_what_only_a_start_can_change():
    """A server with other options, and without time zones."""
    options = (
        "--sysdate-is-now",
        "--skip-log-bin",
        "--event-scheduler=DISABLED",
        "--innodb-doublewrite=OFF",
        "--performance-schema=OFF",
    )
    with own_server(*options) as sandbox:
        url = sandbox.url + SCHEMA
        run(sandbox.url, f"CREATE DATABASE {SCHEMA}", "TRUNCATE TABLE mysql.time_zone_name")
        apply_everything(url)
        found = look(url)
        assert command("--url", url).exit_code == 1
    assert found["sysdate_is_now"].severity == PROBLEM
    assert found["time_zones"].severity == WARNING
    assert (found["binlog"].severity, found["binlog"].what[:13]) == (NOTE, "no binary log")
    assert (found["event_scheduler"].severity, found["event_scheduler"].do) == (
        WARNING,
        "start mysqld with event_scheduler=ON",
    )
    assert found["durability.innodb_doublewrite"].severity == WARNING
    for check in ("lock_waits", "long_transactions"):
        assert found[check].what == "cannot be seen: performance_schema is off"
