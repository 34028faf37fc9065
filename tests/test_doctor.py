"""`doctor`: each finding on a real server of the tests' own, whose settings are made worse."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tenant_quota.cli import main
from tenant_quota.connection_options import resolve
from tenant_quota.doctor import load as doctor_load
from tenant_quota.doctor import run as doctor
from tenant_quota.doctor import server as doctor_server
from tenant_quota.doctor.findings import NOTE, OK, PROBLEM, WARNING, Finding, Patient
from tenant_quota.doctor.load import HOT, WINDOW_SECONDS, slot_advice
from tenant_quota.grants.held import Held
from tenant_quota.sandbox import Sandbox
from tests.conftest import EVENTS
from tests.programs import program
from tests.server import connect, own_server
from tests.support import apply_everything, rows, value, wait_until
from tests.test_dumps import address

SCHEMA = "doctored"
ROLES = ("quota_app", "quota_monitor", "quota_admin")
DEFINER = "quota_definer@localhost"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Give a server whose global settings the tests may change."""
    with own_server() as sandbox:
        run(sandbox.url, f"CREATE DATABASE {SCHEMA}")
        apply_everything(sandbox.url + SCHEMA)
        # The jobs' heartbeats, without waiting for the clock.
        for call in ("reset_due_quotas(100)", "expire_quota_reservations(100)"):
            run(sandbox.url + SCHEMA, f"CALL {call}")
        yield sandbox


@pytest.fixture
def url(sandbox) -> str:
    return str(sandbox.url) + SCHEMA


@pytest.fixture
def installer(url) -> tuple[str, str]:
    """Give name and host of the account that everything runs as: ours, in a container root@%."""
    with closing(connect(url)) as connection:
        user, _, host = str(value(connection, "SELECT CURRENT_USER()")).partition("@")
    return user, host


def run(url: str, *statements: str) -> None:
    with closing(connect(url, autocommit=True)) as connection:
        for statement in statements:
            rows(connection, statement.replace("%", "%%"))


@contextmanager
def changed(url: str, change: str, back: str) -> Iterator[None]:
    """Within this something is otherwise; afterwards as it was."""
    run(url, *change.split("; "))
    try:
        yield
    finally:
        run(url, *back.split("; "))


def look(url: str, *checks: str) -> dict[str, Finding]:
    """Return what these checks find, all if none is named, by name."""
    chosen = {name: doctor.CHECKS[name] for name in checks} or None
    return {f.check: f for f in doctor.examine(resolve(url=url), checks=chosen).findings}


def command(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["doctor", *arguments])


def test_a_new_sandbox_is_healthy(url):
    result = command("--url", url, "--all")
    assert result.exit_code == 0, result.output
    assert "Healthy: doctored (MySQL" in result.output
    assert {f.check.partition(".")[0] for f in look(url).values()} == set(doctor.CHECKS)


def test_json_and_exit_codes(url):
    with changed(url, "SET GLOBAL sync_binlog = 0", "SET GLOBAL sync_binlog = 1"):
        result = command("--url", url, "--format", "json")
        assert result.exit_code == 1
        data = json.loads(result.output)
        assert data["healthy"] is False
        assert data["findings"][0] == {
            "check": "durability.sync_binlog",
            "severity": "warning",
            "what": "sync_binlog is 0: a crash can take back charges that were answered",
            "do": "SET PERSIST sync_binlog = 1",
        }
        ignored = command("--url", url, "--ignore", "durability.*")
        assert ignored.exit_code == 0
        assert "(ignored)" in ignored.output
    assert command("--url", url.replace(SCHEMA, "nowhere")).exit_code == 2


SETTINGS = [
    ("binlog", PROBLEM, "binlog_format", "STATEMENT", "ROW", "run the procedures again"),
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
        assert found["health"].severity == NOTE
        assert found["slots"].do == "tenant-quota apply"


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


def test_a_definer_that_lacks_rights_can_log_in_or_is_gone(url, installer):
    event = EVENTS[0]
    name = "definers.d'oe@localhost"
    alter = f"ALTER DEFINER = {{}} EVENT {event} ENABLE"
    theirs, mine = alter.format("`d'oe`@localhost"), alter.format("`{}`@`{}`".format(*installer))
    run(url, 'CREATE USER "d\'oe"@localhost')
    drop_roles = f"; DROP ROLE {', '.join(ROLES)}"
    with changed(url, theirs, mine + drop_roles):
        lacking = look(url, "definers")[name]
        assert lacking.severity == PROBLEM
        assert "lacks SELECT, INSERT" in lacking.what
        advised = shlex.split(lacking.do)
        CliRunner().invoke(main, [*advised[1:], "--url", url])
        assert look(url, "definers")[name].severity == OK
        run(url, "ALTER USER `d'oe`@localhost ACCOUNT UNLOCK")
        assert "can log in" in look(url, "definers")[name].what
        run(url, "ALTER USER `d'oe`@localhost ACCOUNT LOCK")
        assert look(url, "definers")[name].severity == OK
        # The same by a role: procedures run with those that are its default.
        run(url, "REVOKE ALL, GRANT OPTION FROM `d'oe`@localhost", "CREATE ROLE rights")
        run(url, f"GRANT ALL ON {SCHEMA}.* TO rights", "GRANT rights TO `d'oe`@localhost")
        asleep = look(url, "definers")[name]
        assert asleep.severity == PROBLEM
        run(url, asleep.do)
        assert look(url, "definers")[name].severity == OK
        run(url, "DROP ROLE rights", "DROP USER `d'oe`@localhost")
        gone = look(url, "definers")
        assert gone[name].severity == PROBLEM
        assert "does not exist" in gone[name].what
        assert "2 definers" in gone["definers"].what


@contextmanager
def documented(url: str) -> Iterator[str]:
    """Install as docs/privileges.md has it, in a schema of its own; give its URL."""
    own = url.replace(SCHEMA, "shop_1")
    leave = f"DROP DATABASE shop_1; DROP ROLE {', '.join(ROLES)}; DROP USER {DEFINER}"
    with changed(url, "CREATE DATABASE shop_1", leave):
        for step in (["grants", "--apply"], ["apply", "--definer", DEFINER], ["grants", "--apply"]):
            CliRunner().invoke(main, [*step, "--url", own])
        yield own


def test_the_documented_install_has_a_definer_and_roles_as_they_should_be(url):
    name = f"definers.{DEFINER}"
    with documented(url) as own:
        assert CliRunner().invoke(main, ["grants", "--check", "--url", own]).exit_code == 0
        found = look(own, "definers", "roles", "temporary_tables")
        assert {f.severity for f in found.values()} == {OK}
        assert set(found) == {name, *(f"roles.{role}" for role in ROLES), "temporary_tables"}
        told = "quota_monitor has EXECUTE on 1 of our procedures, SELECT on 3 views"
        assert found["roles.quota_monitor"].what == told
        for right, told in (
            ("SELECT ON shop_1.tenants", "lacks SELECT on tenants: calls fail"),
            ("EXECUTE ON PROCEDURE shop_1.charge_quota", "lacks EXECUTE on charge_quota: calls"),
            ("EVENT ON shop_1.*", "lacks EVENT on the schema: its events do not run"),
            ("DELETE, SELECT ON shop_1.quota_slots", "lacks SELECT, DELETE on quota_slots: calls"),
        ):
            run(own, f"REVOKE {right} FROM {DEFINER}")
            lacking = look(own, "definers")[name]
            assert (lacking.severity, told in lacking.what) == (PROBLEM, True), lacking
            assert lacking.do.startswith(f"GRANT {told.split()[1].rstrip(',')}")
            run(own, lacking.do)
            assert look(own, "definers")[name].severity == OK
        assert CliRunner().invoke(main, ["grants", "--check", "--url", own]).exit_code == 0
        for table in ("tenants", "tenant_quotas", "quota_jobs", "quota_alerts"):
            run(own, f"REVOKE SELECT ON {table} FROM {DEFINER}")
        lacking = look(own, "definers")[name]
        assert "lacks SELECT: calls fail" in lacking.what
        assert lacking.do == "tenant-quota grants --apply"


def test_a_restore_takes_the_grants_and_one_command_gives_them_back(url, tmp_path):
    """The dump drops the procedures, and MySQL drops the grants on them."""
    with documented(url) as own:
        count = "SELECT COUNT(*) FROM mysql.procs_priv WHERE Db = 'shop_1'"
        with closing(connect(own)) as connection:
            before = value(connection, count)
        server = address(url, tmp_path)
        dump = [*program("mysqldump"), server, "--set-gtid-purged=OFF", "--no-tablespaces"]
        done = subprocess.run([*dump, "--routines", "shop_1"], capture_output=True, check=True)
        restore = [*program("mysql"), server, "--comments", "shop_1"]
        subprocess.run(restore, input=done.stdout, check=True)
        found = look(own, "definers", "roles")
        lost = [f"definers.{DEFINER}", "roles.quota_monitor", "roles.quota_admin"]
        assert [found[name].severity for name in lost] == [PROBLEM, WARNING, WARNING]
        assert {found[name].do for name in lost} == {"tenant-quota grants --apply"}
        assert CliRunner().invoke(main, ["grants", "--apply", "--url", own]).exit_code == 0
        assert {f.severity for f in look(own, "definers", "roles").values()} == {OK}
        with closing(connect(own)) as connection:
            assert value(connection, count) == before > 90


def test_the_definer_of_what_is_not_ours_is_nobodys_business(url, installer):
    run(
        url, "CREATE USER other@localhost", "CREATE DEFINER=other@localhost VIEW theirs AS SELECT 1"
    )
    try:
        assert set(look(url, "definers")) == {"definers.{}@{}".format(*installer)}
    finally:
        run(url, "DROP VIEW theirs", "DROP USER other@localhost")


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
            assert found[check].severity == NOTE, check
            assert found[check].what.startswith("cannot be seen"), check
        assert command("--url", few).exit_code == 0
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


def test_with_the_rights_that_the_readme_names_all_is_seen(url):
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    section = readme.partition("`doctor` looks for")[2].partition("To watch it:")[0]
    grants = re.findall(r"^ +(GRANT .*);$", section, re.MULTILINE)
    assert len(grants) == 4
    granted = [g.replace("shop", SCHEMA) for g in grants]
    auditor = url.replace(f"root:{url.split(':')[2].split('@')[0]}", "auditor:pw")
    create = "CREATE USER auditor IDENTIFIED BY 'pw'; "
    with changed(url, create + "; ".join(granted), "DROP USER auditor"):
        found = look(auditor)
        assert [f for f in found.values() if "seen" in f.what or "not looked at" in f.what] == []


def test_roles(url):
    assert "none of the roles" in look(url, "roles")["roles"].what
    with changed(url, "CREATE ROLE quota_app, quota_monitor", "DROP ROLE quota_app, quota_monitor"):
        assert f"no grant on {SCHEMA}" in look(url, "roles")["roles.quota_app"].what
        run(url, f"GRANT EXECUTE ON PROCEDURE {SCHEMA}.consume_quota TO quota_app")
        run(url, f"GRANT SELECT ON {SCHEMA}.quota_usage_monitor TO quota_monitor, quota_app")
        assert {f.severity for f in look(url, "roles").values()} == {OK}
        run(url, f"GRANT SELECT ON {SCHEMA}.tenant_quotas TO quota_app")
        assert look(url, "roles")["roles.quota_app"].severity == WARNING


def test_roles_of_other_names_are_found_by_what_they_hold(url):
    with changed(url, "CREATE ROLE shop_q, `dash@x`", "DROP ROLE shop_q, `dash@x`"):
        run(url, f"GRANT EXECUTE ON PROCEDURE {SCHEMA}.consume_quota TO shop_q")
        run(url, "CREATE TABLE orders (a INT)", "GRANT SELECT ON orders TO shop_q, `dash@x`")
        assert {name: f.severity for name, f in look(url, "roles").items()} == {"roles.shop_q": OK}
        run(url, "GRANT SELECT ON quota_usage_monitor TO `dash@x`", "GRANT UPDATE ON * TO shop_q")
        found = look(url, "roles")
        assert found["roles.dash@x"].what.endswith("0 of our procedures, SELECT on 1 views")
        assert found["roles.shop_q"].severity == WARNING
        run(url, "DROP TABLE orders")


CALLER = "GRANT caller TO shop@localhost; GRANT EXECUTE ON PROCEDURE consume_quota TO caller"
MAKER = "CREATE TEMPORARY TABLES"


@pytest.mark.parametrize(
    ("granted", "revoked"),
    [
        (f"{CALLER}; GRANT {MAKER} ON * TO shop@localhost", "`doctored`.* FROM `shop`@`localhost`"),
        (f"{CALLER}; GRANT {MAKER} ON *.* TO shop@localhost", "*.* FROM `shop`@`localhost`"),
        (f"{CALLER}; GRANT ALL ON `d_ct%`.* TO caller", "`d_ct%`.* FROM `caller`@`%`"),
        ("GRANT ALL ON * TO shop@localhost", "`doctored`.* FROM `shop`@`localhost`"),
        (
            f"{CALLER}; GRANT {MAKER} ON * TO inner_role; GRANT inner_role TO caller",
            "`doctored`.* FROM `inner_role`@`%`",
        ),
        (
            f"{CALLER}; GRANT {MAKER} ON * TO inner_role; SET GLOBAL mandatory_roles = 'no_role,`inner_role`@`%`'",
            "`doctored`.* FROM `inner_role`@`%`",
        ),
    ],
)
def test_who_may_put_a_temporary_table_in_place_of_ours(url, granted, revoked):
    name = "temporary_tables.shop@localhost"
    made = "CREATE USER shop@localhost; CREATE ROLE caller, inner_role"
    gone = "SET GLOBAL mandatory_roles = ''; DROP ROLE caller, inner_role; DROP USER shop@localhost"
    with changed(url, made, gone):
        assert look(url, "temporary_tables")["temporary_tables"].severity == OK
        run(url, *granted.split("; "))
        found = look(url, "temporary_tables")
        assert (list(found), found[name].severity) == ([name], WARNING)
        assert found[name].do == f"REVOKE {MAKER} ON {revoked}"
        run(url, found[name].do)
        assert look(url, "temporary_tables")["temporary_tables"].severity == OK


@pytest.mark.parametrize(
    "granted",
    [
        CALLER,
        f"GRANT {MAKER} ON * TO shop@localhost",
        f"{CALLER}; CREATE DATABASE doctoree; GRANT ALL ON doctoree.* TO shop@localhost",
        f"{CALLER}; GRANT {MAKER} ON * TO shop@localhost; ALTER USER shop@localhost ACCOUNT LOCK",
        f"{CALLER}; GRANT {MAKER}, CREATE USER ON *.* TO shop@localhost",
        f"{CALLER}; SET GLOBAL partial_revokes = ON; GRANT {MAKER} ON *.* TO shop@localhost; "
        f"REVOKE {MAKER} ON doctored.* FROM shop@localhost",
    ],
)
def test_who_may_not_or_could_give_itself_anything(url, granted):
    made = "CREATE USER shop@localhost; CREATE ROLE caller"
    gone = (
        "DROP DATABASE IF EXISTS doctoree; DROP ROLE caller; DROP USER shop@localhost; "
        "SET GLOBAL partial_revokes = OFF"
    )
    with changed(url, made, gone):
        run(url, *granted.split("; "))
        assert look(url, "temporary_tables")["temporary_tables"].severity == OK


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


def test_a_hot_quota_and_slots_that_nothing_needs(url):
    run(
        url,
        "INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type, hard_limit, slot_count)"
        " VALUES ('HOT', 'X', 'TOTAL', 1000000, 0), ('CALM', 'X', 'TOTAL', 1000000, 16)",
        "SET SESSION cte_max_recursion_depth = 100000",
    )
    with closing(connect(url, autocommit=True)) as connection:
        rows(connection, "SET SESSION cte_max_recursion_depth = 100000")
        rows(
            connection,
            "INSERT INTO quota_usage_records (quota_id, tenant_id, operation_type, delta_value)"
            " WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
            " SELECT quota_id, tenant_id, 'CONSUME', 1 FROM n JOIN tenant_quotas"
            " WHERE tenant_id = 'HOT'",
            HOT * WINDOW_SECONDS + 1000,
        )
    report = doctor.examine(resolve(url=url), checks={"slots": doctor.CHECKS["slots"]})
    hot, calm = report.findings
    assert (hot.severity, calm.severity) == (NOTE, NOTE)
    assert hot.what.startswith("HOT X TOTAL: ")
    assert "would gain from slots" in hot.what
    assert calm.what.startswith("CALM X TOTAL: 0.0 ledger rows a second do not need 16 slots")
    assert report.healthy
    for table in ("quota_usage_records", "tenant_quotas"):
        run(url, f"DELETE FROM {table} WHERE tenant_id IN ('HOT', 'CALM')")
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
