"""`plan`: the file, run by the real mysql client, leaves what apply and rollback leave."""

from __future__ import annotations

import json
import re
from contextlib import closing
from itertools import pairwise
from typing import Any

import pytest
from click.testing import CliRunner

from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.cli import main
from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import resolve
from tenant_quota.errors import TenantQuotaError
from tenant_quota.paths import sql_root
from tenant_quota.plan import make as engine
from tenant_quota.plan.file import as_sql
from tenant_quota.plan.steps import alter_of
from tenant_quota.schema.verify import verify
from tests.helpers.client import run_file
from tests.helpers.project import HISTORY, Project
from tests.helpers.server import fresh_schema
from tests.helpers.states import facts, recorded
from tests.helpers.support import rows

NAMES = sorted(
    path.stem
    for path in (sql_root() / "migrations").glob("[0-9]*")
    if not path.name.endswith(".rollback.sql")
)
LAST_TABLE = [name for name in NAMES if (sql_root() / f"migrations/{name}.sql").exists()][-1]


@pytest.fixture
def project(tmp_path, empty_schema):
    return Project(tmp_path / "project", empty_schema)


@pytest.fixture(scope="module")
def applied(server_url):
    """Give a database that the command has brought up to date; tests only look at it."""
    with fresh_schema(server_url) as url:
        done = command("apply", "--url", url)
        assert done.exit_code == 0, done.output
        yield url


def command(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


def planned(*arguments: str) -> str:
    result = command("plan", *arguments)
    assert result.exit_code == 0, result.output
    return str(result.output)


def run(url: str, text: str) -> None:
    done = run_file(url, text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def ask(url: str, statement: str) -> list[Any]:
    with closing(connect_to_database(resolve(url=url))) as connection:
        return rows(connection, statement)


def test_the_file_leaves_what_apply_leaves(applied, empty_schema):
    run(empty_schema, planned("--from", "nothing"))
    assert recorded(empty_schema) == recorded(applied)
    assert facts(empty_schema) == facts(applied)
    assert verify(resolve(url=empty_schema)).findings == verify(resolve(url=applied)).findings == []
    assert command("status", "--url", empty_schema).exit_code == 0
    assert "Nothing to do" in command("apply", "--url", empty_schema).output
    assert "Nothing to do" in planned("--url", empty_schema)


def test_with_an_empty_server_in_sight_it_is_the_same_plan(empty_schema):
    with_server = planned("--url", empty_schema).splitlines()
    without = planned("--from", "nothing").splitlines()
    assert [line for line in with_server if "Made by" not in line] == [
        line for line in without if "Made by" not in line
    ]
    assert ask(empty_schema, "SHOW TABLES") == []


def test_a_rollback_leaves_what_rollback_leaves(empty_schema, server_url):
    with fresh_schema(server_url) as other, fresh_schema(server_url) as third:
        for url in (empty_schema, other, third):
            run(url, planned("--from", "nothing"))
        by_command = command("rollback", "--url", other, "--to", LAST_TABLE, "--yes")
        assert by_command.exit_code == 0, by_command.output
        run(empty_schema, planned("--from", NAMES[-1], "--to", LAST_TABLE))
        run(third, planned("--url", third, "--rollback", "--to", LAST_TABLE))
        assert recorded(empty_schema) == recorded(third) == recorded(other)
        assert facts(empty_schema) == facts(third) == facts(other)
    run(empty_schema, planned("--from", LAST_TABLE, "--to", "nothing"))
    left = {name for (name,) in ask(empty_schema, "SHOW TABLES")}
    assert left == {"_yoyo_migration", "_yoyo_log", "_yoyo_version"}
    assert ask(empty_schema, "SELECT * FROM _yoyo_migration") == []


def test_from_any_to_any_other_and_then_on_to_the_end(applied, empty_schema):
    way = ["nothing", NAMES[0], NAMES[3], NAMES[1], NAMES[4], NAMES[0], NAMES[2], NAMES[-1]]
    for start, end in pairwise(way):
        run(empty_schema, planned("--from", start, "--to", end))
        names = [name for (name,) in ask(empty_schema, "SELECT migration_id FROM _yoyo_migration")]
        assert sorted(names) == NAMES[: NAMES.index(end) + 1]
    assert verify(resolve(url=empty_schema)).findings == []
    then, whole = recorded(empty_schema), recorded(applied)
    assert {**then, "log": []} == {**whole, "log": []}


def test_apply_carries_on_after_a_plan_and_a_plan_after_apply(project):
    project.procedure("p")
    project.migration("0002_a", "CREATE TABLE a (x INT)", "DROP TABLE a", HISTORY)
    project.pin()
    run(project.url, as_sql(engine.plan_between("nothing", "0002_a", root=project.root)))
    assert project.apply() == ["0003_install_procedures"]
    project.migration("0004_b", "CREATE TABLE b (x INT)", "DROP TABLE b", "0003_install_procedures")
    run(project.url, as_sql(engine.plan_apply(project.options, root=project.root)))
    assert project.apply() == []
    assert project.rollback(count=None)[0] == "0004_b"


REPLACED = {
    "procedures/p.sql": (
        "CREATE PROCEDURE p (IN p_a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,\n"
        "    OUT p_b INT)\n    COMMENT 'It''s the first.'\n    MODIFIES SQL DATA\n"
        "BEGIN\n    -- why; indeed\n    SET p_b = CHAR_LENGTH(CONCAT(p_a, '\\\\;', '…'));\nEND",
        "CREATE PROCEDURE p (OUT p_b INT)\nBEGIN\n    SET p_b = 2;\nEND",
    ),
    "views/v.sql": (
        "CREATE VIEW v AS SELECT 1 AS a, 'x''y' AS b",
        "CREATE VIEW v AS SELECT 2 AS a",
    ),
    "events/e.sql": (
        "CREATE EVENT e ON SCHEDULE EVERY 1 HOUR STARTS '2001-01-01 00:00:30'\n"
        "    ON COMPLETION PRESERVE DISABLE COMMENT 'Nothing.' DO SET @x = 'a;b'",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2001-01-01 00:00:00'\n"
        "    ON COMPLETION PRESERVE DISABLE DO SET @x = 1",
    ),
}


@pytest.fixture
def upgraded(project, empty_schema):
    """Give a project whose release is applied, and whose next version replaces everything."""
    for path, (text, _) in REPLACED.items():
        project.write(path, text)
    project.pin()
    project.apply()
    project.release()
    project.rows("DROP USER IF EXISTS plan_app@'%', plan_other@localhost")
    project.rows("CREATE USER plan_app@'%', plan_other@localhost")
    project.rows("GRANT EXECUTE ON PROCEDURE p TO plan_app@'%'")
    project.rows(
        "GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE p TO plan_other@localhost WITH GRANT OPTION"
    )
    for path, (_, text) in REPLACED.items():
        project.write(path, text)
    project.pin()
    yield project
    project.rows("DROP USER plan_app@'%', plan_other@localhost")


def grants(project: Project) -> list[Any]:
    return sorted(
        project.rows(
            "SELECT User, Host, Proc_priv FROM mysql.procs_priv WHERE Db = DATABASE() AND"
            " User LIKE 'plan\\_%'"
        )
    )


def test_an_upgrade_keeps_grants_and_what_it_replaces(upgraded):
    before, held, old = facts(upgraded.url), grants(upgraded), upgraded.text("p")
    assert len(held) == 2
    run(upgraded.url, as_sql(engine.plan_apply(upgraded.options, root=upgraded.root)))
    assert grants(upgraded) == held
    assert upgraded.apply() == []
    assert facts(upgraded.url) != before
    kept = "SELECT previous_create FROM quota_object_history WHERE migration_id LIKE '%change_procedures'"
    assert upgraded.value(kept) == old

    # Taken back by a plan, then forward again and back by the command: it is as it was.
    run(upgraded.url, as_sql(engine.plan_rollback(upgraded.options, root=upgraded.root, count=3)))
    assert (facts(upgraded.url), grants(upgraded), upgraded.text("p")) == (before, held, old)
    run(upgraded.url, as_sql(engine.plan_apply(upgraded.options, root=upgraded.root)))
    upgraded.rollback(count=3)
    assert (facts(upgraded.url), grants(upgraded), upgraded.text("p")) == (before, held, old)
    assert len(upgraded.rows("SELECT * FROM quota_object_history")) == 3


def test_a_plan_of_an_upgrade_leaves_what_apply_leaves(upgraded, server_url):
    # Made with a copy in sight, run on another database at the same version.
    with fresh_schema(server_url) as url:
        copy = Project.__new__(Project)
        copy.root, copy.url, copy.options = upgraded.root, url, resolve(url=url)
        run(url, first_release(upgraded))
        for account in ("plan_app@'%'", "plan_other@localhost"):
            upgraded.rows(f"REVOKE ALL, GRANT OPTION FROM {account}")
            for each in (upgraded, copy):
                each.rows(f"GRANT EXECUTE ON PROCEDURE p TO {account}")
        run(url, as_sql(engine.plan_apply(upgraded.options, root=upgraded.root)))
        upgraded.apply()
        there, here = recorded(url), recorded(upgraded.url)
        assert {**there, "log": []} == {**here, "log": []}
        assert facts(url) == facts(upgraded.url)


def first_release(project: Project) -> str:
    """Return the plan of what the project's release had."""
    for path, (text, _) in REPLACED.items():
        project.write(path, text)
    plan = as_sql(engine.plan_between("nothing", "0004_install_events", root=project.root))
    for path, (_, text) in REPLACED.items():
        project.write(path, text)
    return plan


def test_what_only_a_server_can_tell_is_not_planned_without_one(upgraded):
    with pytest.raises(TenantQuotaError, match="0005_change_procedures replaces procedure p"):
        engine.plan_between("0004_install_events", root=upgraded.root)


def test_what_was_changed_since_the_plan_is_not_replaced(upgraded):
    plan = as_sql(engine.plan_apply(upgraded.options, root=upgraded.root))
    upgraded.rows("DROP PROCEDURE p")
    upgraded.rows("CREATE PROCEDURE p () SELECT 'hotfix'")
    done = run_file(upgraded.url, plan)
    assert done.returncode == 1
    assert "procedure p is not as it was when this plan was made" in done.stderr
    assert upgraded.value("CALL p()") == "hotfix"


def test_what_stands_in_the_way_is_never_dropped(project):
    project.procedure("p")
    project.pin()
    project.rows("CREATE PROCEDURE p () SELECT 'mine'")
    done = run_file(project.url, as_sql(engine.plan_between("nothing", root=project.root)))
    assert "a procedure that this plan creates is here already" in done.stderr
    assert project.value("CALL p()") == "mine"
    # With the server in sight it is known, kept, and comes back.
    run(project.url, as_sql(engine.plan_apply(project.options, root=project.root, force=True)))
    assert project.value("CALL p()") == 1
    offline = as_sql(engine.plan_between("0002_install_procedures", HISTORY, root=project.root))
    assert "make the plan with this server in sight" in run_file(project.url, offline).stderr
    run(project.url, as_sql(engine.plan_rollback(project.options, root=project.root)))
    assert project.value("CALL p()") == "mine"


def test_a_table_that_is_there_already_stays_an_error_for_apply_too(project):
    project.migration("0002_a", "CREATE TABLE a (x INT)", "DROP TABLE a", HISTORY)
    project.rows("CREATE TABLE a (mine INT)")
    plan = as_sql(engine.plan_between("nothing", root=project.root))
    assert "ERROR 1050" in run_file(project.url, plan).stderr
    with pytest.raises(TenantQuotaError, match=r"(?s)0002_a\.sql.*1050.*already exists"):
        project.apply()
    project.rows("DROP TABLE a")
    assert project.apply() == ["0002_a"]


def test_a_text_that_the_server_refuses_is_found_before_the_drop(upgraded):
    upgraded.write("procedures/p.sql", "CREATE PROCEDURE p ()\nBEGIN\n    SELEKT 1;\nEND")
    upgraded.pin()
    plan = as_sql(engine.plan_apply(upgraded.options, root=upgraded.root))
    assert "ERROR 1064" in run_file(upgraded.url, plan).stderr
    assert "the first." in upgraded.text("p")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", NAMES[3]], f"this database is not at {NAMES[3]}"),
        (["--from", NAMES[3], "--to", NAMES[0]], "not all that this plan takes back is applied"),
    ],
)
def test_a_database_that_is_elsewhere_is_left_alone(empty_schema, arguments, message):
    done = run_file(empty_schema, planned(*arguments))
    assert done.returncode == 1
    assert message in done.stderr
    assert ask(empty_schema, "SHOW TABLES") == []


def test_a_second_run_changes_nothing(applied):
    before = recorded(applied)
    done = run_file(applied, planned("--from", "nothing"))
    assert "some of this plan is applied here already" in done.stderr
    assert recorded(applied) == before


def test_it_does_not_run_beside_an_apply(empty_schema):
    text = planned("--from", "nothing").replace("@tenant_quota_lock, 60", "@tenant_quota_lock, 0")
    with QuotaBackend(resolve(url=empty_schema)) as backend, backend.lock():
        assert "another apply or rollback is running" in run_file(empty_schema, text).stderr
    assert ask(empty_schema, "SHOW TABLES") == []


def test_a_client_that_strips_comments_is_refused(empty_schema):
    done = run_file(empty_schema, planned("--from", "nothing"), "--skip-comments")
    assert "add --comments" in done.stderr


def test_without_a_database_it_says_so(empty_schema):
    done = run_file(empty_schema, planned("--from", "nothing"), database=False)
    assert "name the database" in done.stderr


def statements(text: str) -> list[str]:
    """Return the file in pieces that the client can be given up to any one."""
    pieces, piece, inside = [], "", False
    for line in text.splitlines(keepends=True):
        piece += line
        if line.startswith("DELIMITER"):
            inside = line.strip() != "DELIMITER ;"
        code = re.sub(r"^--.*", "", piece, flags=re.MULTILINE)
        if not inside and code.rstrip().endswith(";") and code.count("'") % 2 == 0:
            pieces.append(piece)
            piece = ""
    return [*pieces, piece]


def test_cut_at_any_statement_that_writes_it_is_carried_on(upgraded):
    with_tables(upgraded)
    held = grants(upgraded)
    pieces = statements(as_sql(engine.plan_apply(upgraded.options, root=upgraded.root)))
    run(upgraded.url, "".join(pieces))
    wanted, objects_then = facts(upgraded.url), recorded(upgraded.url)["objects"]
    first = next(n for n, piece in enumerate(pieces) if "REPLACE INTO" in piece)
    ends = [
        end
        for end in range(first, len(pieces))
        if not re.match(r"\s*(SET|PREPARE|DEALLOCATE|START)", pieces[end - 1])
    ]
    assert len(ends) > 30
    for end in ends[::6]:  # a few of them, so that it does not take a minute
        upgraded.rollback(count=4)
        assert grants(upgraded) == held
        run(upgraded.url, "".join(pieces[:end]))
        if end % 2:
            run(upgraded.url, as_sql(engine.plan_apply(upgraded.options, root=upgraded.root)))
            assert upgraded.apply() == []
        else:
            upgraded.apply()
        assert grants(upgraded) == held, pieces[end - 1]
        assert facts(upgraded.url) == wanted, pieces[end - 1]
        assert recorded(upgraded.url)["objects"] == objects_then, pieces[end - 1]


def with_tables(project: Project) -> None:
    """Add a migration of several tables to the project's next version."""
    forward = "CREATE TABLE a (x INT);\nCREATE TABLE b (x INT)"
    project.migration("0008_a", forward, "DROP TABLE b;\nDROP TABLE a", "0007_change_events")


def test_a_rollback_that_is_cut_at_any_statement_that_writes_is_carried_on(upgraded):
    with_tables(upgraded)
    before, held = facts(upgraded.url), grants(upgraded)
    objects_before = recorded(upgraded.url)["objects"]
    upgraded.apply()
    plan = engine.plan_rollback(upgraded.options, root=upgraded.root, to="0004_install_events")
    pieces = statements(as_sql(plan))
    first = next(n for n, piece in enumerate(pieces) if "INSERT INTO" in piece)
    ends = [
        end
        for end in range(first, len(pieces))
        if re.match(r"\s*(CREATE|DROP|COMMIT|EXECUTE|DELETE)", pieces[end - 1])
    ]
    assert len(ends) > 12
    for end in ends[::2]:
        upgraded.apply()
        run(upgraded.url, "".join(pieces[:end]))
        if end % 2:
            there = {"root": upgraded.root, "to": "0004_install_events"}
            run(upgraded.url, as_sql(engine.plan_rollback(upgraded.options, **there)))
        else:
            upgraded.rollback(to="0004_install_events")
        assert facts(upgraded.url) == before, pieces[end - 1]
        assert recorded(upgraded.url)["objects"] == objects_before, pieces[end - 1]
        assert grants(upgraded) == held, pieces[end - 1]


def test_cut_behind_an_alter_the_table_tells_that_it_happened(project):
    forward = "CREATE TABLE a (x INT);\nALTER TABLE a ADD y INT"
    project.migration("0002_a", forward, "ALTER TABLE a DROP y;\nDROP TABLE a", HISTORY)
    for work, plan, there in (
        (project.apply, engine.plan_between("nothing", root=project.root), ["x", "y"]),
        (project.rollback, engine.plan_between("0002_a", HISTORY, root=project.root), []),
    ):
        pieces = statements(as_sql(plan))
        (alter,) = (
            n for n, piece in enumerate(pieces) if piece.startswith(("ALTER", "-- Changes a"))
        )
        run(project.url, "".join(pieces[: alter + 1]))
        assert work() == ["0002_a"]
        columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 'a'"
        assert [
            name for (name,) in project.rows(f"{columns} AND table_schema = DATABASE()")
        ] == there


def test_a_new_object_of_an_apply_that_was_cut_is_not_taken_for_a_hotfix(project):
    project.procedure("p")
    project.pin()
    (installs,) = project.apply()[1:]
    # As a cut between its CREATE and the end of its row leaves it.
    project.rows("UPDATE quota_object_history SET installed_at = NULL, installed_hash = NULL")
    project.rows("DELETE FROM _yoyo_migration WHERE migration_id = %s", installs)
    run(project.url, as_sql(engine.plan_apply(project.options, root=project.root)))
    assert project.apply() == []


def test_what_is_pinned_anew_is_planned_as_apply_does_it_and_taken_back(upgraded):
    upgraded.apply()
    for path, (text, _) in REPLACED.items():
        upgraded.write(path, text.replace("first", "third").replace("1", "3"))
    upgraded.pin()
    before, rows_before = facts(upgraded.url), recorded(upgraded.url)["objects"]
    upgraded.apply()
    wanted, kept = facts(upgraded.url), recorded(upgraded.url)["objects"]
    assert len(kept) == len(rows_before) + 3
    run(upgraded.url, as_sql(engine.plan_rollback(upgraded.options, root=upgraded.root)))
    assert (facts(upgraded.url), recorded(upgraded.url)["objects"]) == (before, rows_before)
    run(upgraded.url, as_sql(engine.plan_apply(upgraded.options, root=upgraded.root)))
    assert (facts(upgraded.url), recorded(upgraded.url)["objects"]) == (wanted, kept)
    assert upgraded.apply() == []


def test_json_says_the_same(empty_schema):
    data = json.loads(planned("--from", "nothing", "--format", "json"))
    assert (data["direction"], data["from"], data["to"]) == ("apply", "nothing", NAMES[-1])
    assert [step["migration"] for step in data["steps"]] == [None, *NAMES]
    (alter,) = [alter for step in data["steps"] for alter in step["alters"]]
    assert alter == {"table": "tenant_quotas", "algorithm": "INSTANT", "lock": "DEFAULT"}
    with closing(connect_to_database(resolve(url=empty_schema))) as connection:
        for statement in [*data["session"], *data["checks"]]:
            rows(connection, statement.replace("%", "%%"))
        for step in data["steps"]:
            for statement in step["statements"]:
                rows(connection, statement.replace("%", "%%"))
    assert "Nothing to do" in command("apply", "--url", empty_schema).output


ALTERS = [
    (name, plan)
    for start, end in (("nothing", NAMES[-1]), (NAMES[-1], "nothing"))
    for plan in [engine.plan_between(start, end)]
    for name in [step.migration for step in plan.steps if step.alters]
]


def test_every_alter_says_how(applied):
    assert len(ALTERS) >= 2
    for name, plan in ALTERS:
        assert (
            f"Changes {next(s for s in plan.steps if s.migration == name).alters[0].table}: ALGORITHM="
            in as_sql(plan)
        )


@pytest.mark.parametrize(
    ("name", "plan"), ALTERS, ids=lambda each: getattr(each, "direction", each)
)
def test_the_server_takes_every_alter_as_it_is_said(empty_schema, name, plan):
    # On empty copies: up to the step before, so each table is as the ALTER finds it.
    before = NAMES[NAMES.index(name) - 1] if plan.direction == "apply" else name
    run(empty_schema, planned("--from", "nothing", "--to", before))
    (step,) = [step for step in plan.steps if step.migration == name]
    for alter in step.alters:
        assert alter.algorithm in ("INSTANT", "INPLACE", "COPY")
        ask(empty_schema, f"CREATE TABLE empty_copy LIKE {alter.table}")
        said = re.sub(rf"\b{alter.table}\b", "empty_copy", alter.statement, count=1)
        bare = re.sub(r",?\s*\b(ALGORITHM|LOCK)\s*=\s*\w+", "", said)
        ask(empty_schema, f"{bare}, ALGORITHM = {alter.algorithm}, LOCK = {alter.lock}")


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("ALTER TABLE t ADD x INT, ALGORITHM = INSTANT", ("t", "INSTANT", "DEFAULT")),
        ("ALTER TABLE `t` ADD KEY k (x), ALGORITHM=INPLACE, LOCK = NONE", ("t", "INPLACE", "NONE")),
        ("CREATE INDEX i ON t (x) ALGORITHM INPLACE LOCK NONE", ("t", "INPLACE", "NONE")),
        ("DROP INDEX i ON t", ("t", "DEFAULT", "DEFAULT")),
        ("ALTER TABLE t COMMENT 'ALGORITHM = COPY' -- LOCK = SHARED", ("t", "DEFAULT", "DEFAULT")),
        ("CREATE TABLE t (x INT)", None),
    ],
)
def test_an_alter_is_read(statement, told):
    alter = alter_of(statement)
    assert (alter and (alter.table, alter.algorithm, alter.lock)) == told


def test_names_that_are_none_and_options_that_do_not_go_together():
    with pytest.raises(TenantQuotaError, match="There is no migration 0000_x"):
        engine.plan_between("0000_x")
    for arguments in (["--to", NAMES[0]], ["--count", "2"], ["--rollback", "--from", "nothing"]):
        assert command("plan", *arguments).exit_code == 2


def test_a_migration_in_python_of_its_own_is_refused(project):
    (project.migrations / "0002_p.py").write_text('from yoyo import step\n\nstep("SELECT 1")\n')
    with pytest.raises(TenantQuotaError, match=r"0002_p\.py runs Python"):
        engine.plan_between("nothing", root=project.root)


def test_an_account_that_is_not_root_runs_it_with_what_apply_needs(empty_schema):
    options = resolve(url=empty_schema)
    account = "plan_migrator"
    rights = (
        "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, CREATE VIEW, SHOW VIEW, "
        "CREATE ROUTINE, ALTER ROUTINE, EXECUTE, EVENT"
    )
    ask(empty_schema, f"DROP USER IF EXISTS {account}")
    ask(empty_schema, f"CREATE USER {account} IDENTIFIED BY 'pw'")
    try:
        ask(empty_schema, f"GRANT {rights} ON {options.database}.* TO {account}")
        url = f"mysql://plan_migrator:pw@{options.host}:{options.port}/{options.database}"
        run(url, planned("--from", "nothing"))
        assert ask(
            empty_schema,
            "SELECT DISTINCT definer FROM information_schema.routines"
            " WHERE routine_schema = DATABASE()",
        ) == [("plan_migrator@%",)]
        assert "Nothing to do" in command("apply", "--url", url).output
        run(url, planned("--url", url, "--rollback", "--all"))
    finally:
        ask(empty_schema, f"DROP USER {account}")


def test_objects_get_the_definer_that_is_named(project):
    project.procedure("p")
    project.pin()
    plan = engine.plan_between("nothing", root=project.root, definer="o'wner@localhost")
    run(project.url, as_sql(plan))
    assert "DEFINER=`o'wner`@`localhost`" in project.text("p")


def test_a_plan_for_a_server_keeps_the_definer_that_most_have(project):
    project.procedure("p")
    project.pin()
    run(project.url, as_sql(engine.plan_between("nothing", root=project.root, definer="o@host")))
    project.procedure("q")
    project.pin()
    run(project.url, as_sql(engine.plan_apply(project.options, root=project.root)))
    assert "DEFINER=`o`@`host`" in project.text("q")


def test_what_runs_as_another_moves_to_the_definer_that_a_plan_names(project):
    project.procedure("p")
    project.pin()
    project.apply()
    other = "mysql.sys@localhost"  # every server has it
    plan = engine.plan_apply(project.options, root=project.root, definer=other)
    run(project.url, as_sql(plan))
    assert "DEFINER=`mysql.sys`@`localhost`" in project.text("p")
    assert project.apply(definer=other) == []
