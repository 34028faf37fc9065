"""`apply`, `rollback` and `status` on a real server, through the engine and the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest
import yoyo.migrations
from click.testing import CliRunner

from tenant_quota.apply import migrate
from tenant_quota.apply.backend import QuotaBackend, lock_name
from tenant_quota.apply.migrations import load_migrations
from tenant_quota.apply.object_statements import SCRATCH
from tenant_quota.cli import main
from tenant_quota.connection import connect
from tenant_quota.connection_options import resolve
from tenant_quota.errors import TenantQuotaError
from tests.helpers.project import HISTORY, Project


@pytest.fixture
def project(tmp_path, empty_schema):
    return Project(tmp_path / "project", empty_schema)


def command(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


def test_the_command_applies_everything_once_and_takes_it_all_back(empty_schema):
    before = command("status", "--url", empty_schema)
    assert before.exit_code == 1
    assert "0 applied" in before.output

    first = command("--url", empty_schema, "apply")
    assert first.exit_code == 0, first.output
    assert "0001_create_tables ... " in first.output
    again = command("apply", "--url", empty_schema)
    assert again.exit_code == 0
    assert again.output.startswith("Nothing to do")

    listed = command("status", "--url", empty_schema, "--format", "json")
    assert listed.exit_code == 0
    states = json.loads(listed.output)
    assert {state["state"] for state in states} == {"applied"}
    assert states[0]["migration"] == "0001_create_tables"
    assert states[0]["applied_at"].endswith("Z")

    back = command("rollback", "--url", empty_schema, "--all", "--yes")
    assert back.exit_code == 0, back.output
    with connect(resolve(url=empty_schema)) as connection, connection.cursor() as cursor:
        for what in ("tables", "routines", "events"):
            schema = "event_schema" if what == "events" else what.rstrip("s") + "_schema"
            cursor.execute(f"SELECT * FROM information_schema.{what} WHERE {schema} = DATABASE()")
            found = [row for row in cursor.fetchall() if "_yoyo_" not in str(row)]
            assert found == []


def test_status_writes_nothing(project):
    assert [s.state for s in migrate.status(project.options, root=project.root)] == ["pending"]
    assert project.rows("SHOW TABLES") == []


def test_a_failing_migration_names_file_statement_and_error_and_apply_carries_on(project):
    project.migration("0002_a", "CREATE TABLE a (x INT)", "DROP TABLE a", HISTORY)
    project.migration("0003_b", "-- why\nCREATE TABLE b (x WRONG)", "DROP TABLE b", "0002_a")
    project.migration("0004_c", "CREATE TABLE c (x INT)", "DROP TABLE c", "0003_b")
    with pytest.raises(TenantQuotaError) as failure:
        project.apply()
    message = failure.value.message
    assert "0003_b.sql" in message
    assert "in: CREATE TABLE b (x WRONG)" in message
    assert "MySQL error 1064: You have an error" in message
    assert "SAVEPOINT" not in message

    project.migration("0003_b", "CREATE TABLE b (x INT)", "DROP TABLE b", "0002_a")
    assert project.apply() == ["0003_b", "0004_c"]
    project.rollback(count=None)
    assert project.objects() == set()


def test_a_table_that_is_there_already_is_an_error_and_stays_one(project):
    project.rows("CREATE TABLE a (mine INT)")
    project.migration("0002_a", "CREATE TABLE a (x INT)", "DROP TABLE a", HISTORY)
    for _ in range(2):
        with pytest.raises(TenantQuotaError, match=r"(?s)0002_a\.sql.*1050.*already exists"):
            project.apply()
    assert "mine" in project.rows("SHOW CREATE TABLE a")[0][1]


@pytest.mark.parametrize("then", ["carried on", "taken back"])
def test_what_is_refused_half_way_through_a_migration_goes_on_there_or_back(project, then):
    forward, back = "CREATE TABLE {} (x INT)", "DROP TABLE {}"
    project.migration(
        "0002_abc",
        ";\n".join(map(forward.format, "abc")),
        ";\n".join(map(back.format, "cba")),
        HISTORY,
    )
    project.rows("CREATE TABLE b (mine INT)")
    for _ in range(2):
        with pytest.raises(TenantQuotaError, match=r"(?s)0002_abc\.sql.*1050.*in: CREATE TABLE b"):
            project.apply()
    if then == "carried on":
        project.rows("DROP TABLE b")
        assert project.apply() == ["0002_abc"]
        assert {"a", "b", "c"} <= project.objects()
        assert "mine" not in project.rows("SHOW CREATE TABLE b")[0][1]
    else:
        assert project.rollback() == ["0002_abc"]
        assert "mine" in project.rows("SHOW CREATE TABLE b")[0][1]
        assert project.objects() == {"b", "quota_object_history"}
    assert project.rows("SELECT * FROM _yoyo_log WHERE operation LIKE 'begin%'") == []


def test_a_failing_python_migration_is_reported_the_same_way(project):
    (project.migrations / "0002_p.py").write_text(
        'from yoyo import step\n\nstep("INSERT INTO nowhere VALUES (1)")\n'
    )
    with pytest.raises(TenantQuotaError, match=r"(?s)0002_p\.py.*1146.*INSERT INTO nowhere"):
        project.apply()


@pytest.mark.parametrize(
    ("text", "reason"), [("1 / 0\n", "division by zero"), ("step(\n", "was never closed")]
)
def test_a_migration_that_cannot_be_read_says_which(project, capfd, text, reason):
    (project.migrations / "0002_p.py").write_text(text)
    with pytest.raises(TenantQuotaError, match=rf"0002_p\.py.*{reason}"):
        project.apply()
    assert "Traceback" not in capfd.readouterr().err


def test_nothing_is_printed_for_a_statement_with_rows_and_percent_stays(project, capfd):
    project.migration("0002_t", "CREATE TABLE t (c VARCHAR(9))", "DROP TABLE t", HISTORY)
    project.migration(
        "0003_rows",
        "INSERT INTO t VALUES ('100%s');\nSELECT * FROM t;",
        "DELETE FROM t",
        "0002_t",
    )
    project.apply()
    assert project.rows("SELECT c FROM t") == [("100%s",)]
    assert capfd.readouterr().out == ""


def test_dml_outside_transactions_is_kept(project):
    project.migration("0002_t", "CREATE TABLE t (c INT)", "DROP TABLE t", HISTORY)
    project.migration(
        "0003_dml", "-- transactional: false\nINSERT INTO t VALUES (1)", depends="0002_t"
    )
    project.apply()
    assert project.rows("SELECT c FROM t") == [(1,)]


def test_connecting_makes_no_table_and_percent_stays_in_yoyos_own_statements(project):
    with QuotaBackend(project.options) as backend:
        assert backend.execute("SELECT '100%', '%s'").fetchone() == ("100%", "%s")
    assert project.rows("SHOW TABLES") == []


def test_rollback_takes_one_or_many_or_to_a_name(project):
    project.migration("0002_a", "CREATE TABLE a (x INT)", "DROP TABLE a", HISTORY)
    project.migration("0003_b", "CREATE TABLE b (x INT)", "DROP TABLE b", "0002_a")
    project.migration("0004_c", "CREATE TABLE c (x INT)", "DROP TABLE c", "0003_b")
    project.apply()
    assert project.rollback() == ["0004_c"]
    assert project.rollback(to=HISTORY) == ["0003_b", "0002_a"]
    assert project.rollback(to=HISTORY) == []
    with pytest.raises(TenantQuotaError, match="0003_b is not applied"):
        project.rollback(to="0003_b")
    assert project.rollback(count=5) == [HISTORY]
    assert project.rollback() == []


def test_rollback_asks_first(empty_schema):
    command("apply", "--url", empty_schema)
    refused = command("rollback", "--url", empty_schema)
    assert refused.exit_code != 0
    assert "loses its data" in refused.output
    assert "Nothing to do" in command("apply", "--url", empty_schema).output


def test_what_is_applied_without_a_file_here_is_said_and_not_skipped_over(project):
    project.migration("0002_a", "CREATE TABLE a (x INT)", "DROP TABLE a", HISTORY)
    project.migration("0003_b", "CREATE TABLE b (x INT)", "DROP TABLE b", "0002_a")
    project.apply()
    for file in project.migrations.glob("0003_b*"):
        file.unlink()

    notes: list[str] = []
    assert project.apply(on_note=notes.append) == []
    assert "0003_b is applied" in notes[0]
    states = migrate.status(project.options, root=project.root)
    assert [s.state for s in states] == ["applied", "applied", "unknown"]
    with pytest.raises(TenantQuotaError, match="0003_b is applied but has no file"):
        project.rollback()


def test_the_locale_does_not_matter(empty_schema):
    process = subprocess.run(
        [sys.executable, "-m", "tenant_quota", "apply"],
        env={
            **os.environ,
            "TENANT_QUOTA_URL": empty_schema,
            "LC_ALL": "C",
            "PYTHONCOERCECLOCALE": "0",
            "PYTHONUTF8": "0",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.returncode == 0, process.stdout + process.stderr


def test_yoyo_stays_as_it_is(project):
    (project.migrations / "0002_p.py").write_text(
        "# 配额\nfrom yoyo import step\n", encoding="utf-8"
    )
    assert [each.id for each in load_migrations(project.root)] == [HISTORY, "0002_p"]
    assert "open" not in vars(yoyo.migrations)


def test_a_missing_folder_is_an_error(project, tmp_path):
    with pytest.raises(TenantQuotaError, match="There is no folder"):
        migrate.apply(project.options, root=tmp_path / "elsewhere")


def test_two_applies_at_once_end_as_one(empty_schema):
    call = [sys.executable, "-m", "tenant_quota", "apply"]
    environment = {**os.environ, "TENANT_QUOTA_URL": empty_schema}
    both = [
        subprocess.Popen(call, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120)[0].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sum("Nothing to do" in output for output in outputs) == 1, outputs


def test_a_running_apply_is_waited_for_and_then_named(project):
    notes: list[str] = []
    with QuotaBackend(project.options) as other, other.lock():
        started = time.monotonic()
        with pytest.raises(TenantQuotaError, match=r"Another apply.*connection \d+"):
            project.apply(lock_timeout=1, on_note=notes.append)
        assert 0.9 < time.monotonic() - started < 5
    assert "waiting" in notes[0]
    assert project.apply(lock_timeout=0) == [HISTORY]


def test_a_lost_lock_stops_before_the_next_migration_and_apply_carries_on(project):
    project.migration("0002_a", "CREATE TABLE a (x INT)", "DROP TABLE a", HISTORY)

    def cut(step: migrate.Progress) -> None:
        if step.seconds is not None and step.migration == HISTORY:
            holder = project.value("SELECT IS_USED_LOCK(%s)", lock_name(project.options.database))
            project.rows(f"KILL {holder}")

    with pytest.raises(TenantQuotaError, match="lock was cut"):
        project.apply(on_step=cut)
    assert project.apply() == ["0002_a"]


def test_the_lock_has_a_name_that_mysql_accepts():
    assert lock_name("shop") == "tenant_quota.migrate.shop"
    names = {lock_name(letter * 64) for letter in "ab"}
    assert len(names) == 2
    assert all(len(name) <= 64 for name in names)


def test_a_missing_database_can_be_created(project):
    project.rows(f"DROP DATABASE {project.options.database}")
    with pytest.raises(TenantQuotaError, match="--create-database"):
        project.apply()
    assert project.apply(create_database=True) == [HISTORY]


def test_plain_yoyo_applies_and_takes_back_the_same_migrations(project, empty_schema):
    project.rows("CREATE PROCEDURE y () SELECT 'by hand'")
    project.procedure("y", "SELECT '100%' AS t")
    project.write("views/v.sql", "CREATE VIEW v AS SELECT 1 AS a")
    project.pin()

    def yoyo(*arguments: str) -> subprocess.CompletedProcess[str]:
        where = ["--batch", "--no-config-file", "--database", empty_schema]
        command = [sys.executable, "-m", "yoyo", *arguments, *where, str(project.migrations)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    refused = yoyo("apply")
    assert refused.returncode != 0
    assert "procedure y was made by hand" in refused.stderr
    assert project.value("CALL y()") == "by hand"
    assert SCRATCH not in project.objects()
    project.apply(force=True)
    assert yoyo("rollback", "--all").returncode == 0
    assert project.value("CALL y()") == "by hand"
    assert project.objects() == {"y", "yoyo_lock"}

    project.rows("DROP PROCEDURE y")
    assert yoyo("apply").returncode == 0
    assert project.value("CALL y()") == "100%"
    assert project.apply() == []
    states = migrate.status(project.options, root=project.root)
    assert {(s.state, s.by_hand) for s in states} == {("applied", "")}
    assert len(project.rows("SELECT * FROM quota_object_history WHERE installed_at > 0")) == 2


def test_the_servers_own_error_reaches_the_user_as_one_message(empty_schema):
    options = resolve(url=empty_schema)
    with connect(options) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE VIEW _yoyo_migration AS SELECT 1 AS migration_id")
    result = command("status", "--url", empty_schema)
    assert result.exit_code == 2
    assert result.output.startswith("Error: MySQL error 1054")


@pytest.mark.parametrize("verb", ["apply", "plan"])
def test_a_definer_that_does_not_exist_is_refused_before_anything_is_done(empty_schema, verb):
    done = command(verb, "--url", empty_schema, "--definer", "quota_defniner@localhost")
    assert done.exit_code == 2
    assert "no account quota_defniner@localhost" in done.output
    assert "0 applied" in command("status", "--url", empty_schema).output
