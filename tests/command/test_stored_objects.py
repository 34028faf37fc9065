"""Installing, replacing and restoring stored objects on a real server, kills included."""

from __future__ import annotations

import secrets
import threading
from dataclasses import replace

import pymysql
import pytest

from tenant_quota.apply import migrate
from tenant_quota.apply.migrations import AGAIN
from tenant_quota.apply.object_files import read_object_file
from tenant_quota.errors import TenantQuotaError
from tests.helpers.project import Project


@pytest.fixture
def project(tmp_path, empty_schema):
    return Project(tmp_path / "project", empty_schema)


@pytest.fixture
def account(project):
    """Give an account of its own without any privilege."""
    name = f"tqm_{secrets.token_hex(4)}"
    project.rows(f"CREATE USER {name} IDENTIFIED BY 'x'")
    yield name
    project.rows(f"DROP USER {name}")


def install(project: Project, body: str, name: str = "y", *, force: bool = False) -> None:
    """Apply the procedure with this body, as a release would."""
    project.procedure(name, body)
    project.pin()
    project.apply(force=force)
    project.release()


def grants(project: Project, account: str) -> str:
    return " ".join(row[0] for row in project.rows(f"SHOW GRANTS FOR {account}"))


def called(project: Project, name: str = "y") -> object:
    return project.value(f"CALL {name}()")


def test_percent_signs_quotes_and_chinese_survive(project):
    install(project, "SELECT '100%, %s, %(x)s, {}, 配额 🎫' AS t")
    assert called(project) == "100%, %s, %(x)s, {}, 配额 🎫"


def test_an_object_keeps_the_pinned_session_settings(project):
    install(project, "SELECT 1")
    mode, client, collation = project.rows(
        "SELECT sql_mode, character_set_client, collation_connection "
        "FROM information_schema.routines WHERE routine_schema = DATABASE()"
    )[0]
    assert "STRICT_TRANS_TABLES" in mode
    assert (client, collation) == ("utf8mb4", "utf8mb4_0900_bin")


def test_an_edited_file_without_a_new_pin_fails_clearly(project):
    project.procedure("y")
    project.pin()
    project.procedure("y", "SELECT 2")
    with pytest.raises(
        TenantQuotaError, match=r"(?s)0002_install_procedures.*edited without a new pin"
    ):
        project.apply()
    project.pin()
    assert project.apply() == ["0002_install_procedures"]
    assert called(project) == 2


def test_a_pin_rewritten_before_its_release_is_installed_on_databases_that_have_the_old(project):
    project.rows("CREATE PROCEDURE y () SELECT 'by hand'")
    project.procedure("y", "SELECT 1")
    project.procedure("z", "SELECT 1")
    project.pin()
    project.apply(force=True)
    project.procedure("y", "SELECT 2")
    project.pin()
    states = migrate.status(project.options, root=project.root)
    assert [s.state for s in states] == ["applied", "pending"]
    assert project.apply() == ["0002_install_procedures"]
    assert called(project) == 2
    assert project.apply() == []
    assert project.rollback() == [f"0002_install_procedures{AGAIN}001"]
    assert called(project) == 1
    assert project.apply() == ["0002_install_procedures"]
    project.rollback(count=2)
    assert called(project) == "by hand"
    assert "z" not in project.objects()


def test_a_rollback_takes_back_what_was_applied_last(project, account):
    """Also before a release, when what is applied is pinned, and so applied, anew."""
    project.procedure("y", "SELECT 1")
    project.procedure("z", "SELECT 'untouched'")
    project.write("views/v.sql", "CREATE SQL SECURITY INVOKER VIEW v AS SELECT 1 AS a")
    project.pin()
    project.apply()
    project.rows(f"GRANT EXECUTE ON PROCEDURE y TO {account}")
    before, held = project.rows("SHOW CREATE PROCEDURE z"), grants(project, account)

    def edit(number: int) -> None:
        project.procedure("y", f"SELECT {number}")
        project.write("views/v.sql", f"CREATE SQL SECURITY INVOKER VIEW v AS SELECT {number} AS a")
        project.pin()
        project.apply()

    def seen() -> tuple[object, ...]:
        return called(project), project.value("SELECT a FROM v"), "t" in project.objects()

    edit(2)
    project.migration("0004_t", "CREATE TABLE t (a INT)", "DROP TABLE t", "0003_install_views")
    project.apply()
    project.procedure("y", "SELECT 3")
    project.pin()
    assert project.apply() == ["0002_install_procedures"]
    assert seen() == (3, 2, True)
    back = [
        (f"0004_t{AGAIN}001", (2, 2, True)),
        ("0004_t", (2, 2, False)),
        (f"0003_install_views{AGAIN}001", (1, 1, False)),
    ]
    for name, then in back:
        assert migrate.rollback_plan(project.options, root=project.root) == [name]
        assert project.rollback() == [name]
        assert seen() == then
    assert project.rows("SHOW CREATE PROCEDURE z") == before
    assert grants(project, account) == held
    assert project.rollback() == ["0003_install_views"]
    # Forward again it is as the files have it now.
    assert project.apply() == ["0002_install_procedures", "0003_install_views", "0004_t"]
    assert seen() == (3, 2, True)
    assert project.rollback(to="0002_install_procedures") == [
        "0004_t",
        "0003_install_views",
        f"0002_install_procedures{AGAIN}001",
    ]


def test_on_a_fresh_database_only_the_last_pin_installs(project):
    project.procedure("y", "SELECT 1")
    project.pin()
    project.release()
    project.procedure("y", "SELECT 2")
    project.pin()
    project.apply()
    assert called(project) == 2
    assert project.rows("SELECT migration_id, previous_create FROM quota_object_history") == [
        ("0003_change_procedures", None)
    ]
    project.rollback()
    assert "y" not in project.objects()


def test_rollback_restores_exactly_the_previous_text_and_settings(project):
    install(project, "SELECT 'first %' AS t")
    before = project.rows("SHOW CREATE PROCEDURE y")
    install(project, "SELECT 2")
    assert called(project) == 2
    project.rollback()
    assert project.rows("SHOW CREATE PROCEDURE y") == before


def test_rollback_restores_a_hand_made_procedure_with_its_odd_settings(project):
    with project.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_mode = 'ANSI_QUOTES', character_set_client = latin1")
        cursor.execute("SET collation_connection = latin1_german1_ci")
        cursor.execute("CREATE PROCEDURE y () SELECT 'caf\xe9' AS \"t\"".encode("latin1"))
    before = project.rows("SHOW CREATE PROCEDURE y")
    assert before[0][3:5] == ("latin1", "latin1_german1_ci")
    install(project, "SELECT 2", force=True)
    project.rollback()
    assert project.rows("SHOW CREATE PROCEDURE y") == before
    assert called(project) == "café"


def test_rollback_restores_the_previous_view_and_event(project):
    project.write("views/v.sql", "CREATE SQL SECURITY INVOKER VIEW v AS SELECT 1 AS a")
    project.write("events/e.sql", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1")
    project.pin()
    project.apply()
    project.release()
    before = project.rows("SHOW CREATE VIEW v"), project.rows("SHOW CREATE EVENT e")

    project.write("views/v.sql", "CREATE VIEW v AS SELECT 2 AS a, 3 AS b")
    project.write("events/e.sql", "CREATE EVENT e ON SCHEDULE EVERY 2 DAY DISABLE DO SELECT 2")
    project.pin()
    project.apply()
    assert project.rows("SELECT * FROM v") == [(2, 3)]
    project.rollback(count=2)
    assert (project.rows("SHOW CREATE VIEW v"), project.rows("SHOW CREATE EVENT e")) == before


@pytest.mark.parametrize(
    ("text", "asleep"),
    [
        (
            "ON COMPLETION PRESERVE ENABLE COMMENT 'DO'",
            "ON COMPLETION PRESERVE DISABLE COMMENT 'DO'",
        ),
        ("COMMENT 'ENABLE'", "DISABLE COMMENT 'ENABLE'"),
        ("", "DISABLE "),
        ("DISABLE", "DISABLE"),
    ],
)
def test_an_event_is_proved_asleep(tmp_path, text, asleep):
    project = Project(tmp_path, "mysql://nobody@127.0.0.1/none")
    project.write("events/e.sql", f"CREATE EVENT e ON SCHEDULE EVERY 1 DAY {text} DO SELECT 1")
    file = read_object_file(project.root, "events/e.sql")
    wanted = f"CREATE EVENT `s` ON SCHEDULE EVERY 1 DAY {asleep} DO SELECT 1"
    assert file.scratch("s").split() == wanted.split()


def test_an_event_is_installed_awake_and_its_scratch_never_ran(project):
    project.rows("CREATE TABLE ran (n INT)")
    project.write(
        "events/e.sql",
        "CREATE EVENT e ON SCHEDULE EVERY 1 SECOND STARTS '2099-01-01 00:00:00' ENABLE\n"
        "COMMENT 'DO not DISABLE' DO INSERT INTO ran VALUES (1)",
    )
    project.pin()
    project.apply()
    status, comment = project.rows(
        "SELECT status, event_comment FROM information_schema.events "
        "WHERE event_schema = DATABASE()"
    )[0]
    assert (status, comment) == ("ENABLED", "DO not DISABLE")
    assert project.rows("SELECT * FROM ran") == []


def test_an_unchanged_object_is_not_touched(project):
    install(project, "SELECT 1")
    query = "SELECT created FROM information_schema.routines WHERE routine_schema = DATABASE()"
    project.rows("DELETE FROM _yoyo_migration WHERE migration_id = '0002_install_procedures'")
    with project.connection() as connection, connection.cursor() as cursor:
        cursor.execute(query)
        before = cursor.fetchall()
        cursor.execute("DO SLEEP(1.1)")
        assert project.apply() == ["0002_install_procedures"]
        cursor.execute(query)
        assert cursor.fetchall() == before


@pytest.mark.parametrize(
    ("path", "first", "second", "shows"),
    [
        ("views/x.sql", "CREATE VIEW x AS SELECT 1 AS a", "CREATE ALGORITHM = TEMPTABLE VIEW x AS SELECT 1 AS a", "TEMPTABLE"),
        ("procedures/x.sql", "CREATE PROCEDURE x () SELECT 'a'", "CREATE PROCEDURE x () SELECT _latin1'a'", "_latin1"),
    ],
)  # fmt: skip
def test_what_information_schema_does_not_show_is_installed_all_the_same(
    project, path, first, second, shows
):
    kind = "VIEW" if path.startswith("views") else "PROCEDURE"
    for text in (first, second, first):
        project.write(path, text)
        project.pin()
        project.apply()
        assert (shows in str(project.rows(f"SHOW CREATE {kind} x"))) is (text == second)


def test_an_unchanged_text_under_another_pin_is_not_touched(project):
    install(project, "SELECT 1")
    query = "SELECT created FROM information_schema.routines WHERE routine_schema = DATABASE()"
    with project.connection() as connection, connection.cursor() as cursor:
        cursor.execute(query)
        before = cursor.fetchall()
        cursor.execute("DO SLEEP(1.1)")
        file = project.root / "procedures/y.sql"
        file.write_text(file.read_text().replace("a test.", "another test."))
        project.pin()
        assert project.apply() == ["0003_change_procedures"]
        cursor.execute(query)
        assert cursor.fetchall() == before


def test_a_syntax_error_leaves_the_old_procedure_in_place(project):
    install(project, "SELECT 1")
    project.procedure("y", "SELEKT 2")
    project.pin()
    with pytest.raises(TenantQuotaError, match=r"(?s)0003_change_procedures.*1064.*SELEKT 2"):
        project.apply()
    assert called(project) == 1
    assert "tenant_quota_scratch" not in project.objects()

    project.procedure("y", "SELECT 3")
    project.pin()
    project.apply()
    assert called(project) == 3
    project.rollback()
    assert called(project) == 1


def test_grants_on_a_procedure_survive_a_reinstall_and_its_rollback(project, account):
    install(project, "SELECT 1")
    project.rows(f"GRANT EXECUTE ON PROCEDURE y TO {account} WITH GRANT OPTION")
    before = grants(project, account)
    install(project, "SELECT 2")
    assert grants(project, account) == before
    project.rollback()
    assert grants(project, account) == before
    assert "EXECUTE ON PROCEDURE" in before


def test_grants_survive_a_pin_rewritten_in_place_and_another_definer(project, account):
    project.procedure("y", "SELECT 1")
    project.write("views/v.sql", "CREATE SQL SECURITY DEFINER VIEW v AS SELECT 1 AS a")
    project.write("events/e.sql", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1")
    project.pin()
    project.apply()
    project.rows(f"GRANT EXECUTE ON PROCEDURE y TO {account}")
    project.rows(f"GRANT SELECT ON v TO {account}")
    before = grants(project, account)
    project.procedure("y", "SELECT 2")
    project.pin()
    assert project.apply() == ["0002_install_procedures"]
    assert (called(project), grants(project, account)) == (2, before)

    definer = f"{account}@%"
    assert len(project.apply(definer=definer)) == 3
    assert project.apply(definer=f"'{account}'@'%'") == []
    assert project.apply() == []  # without --definer nobody's is changed
    assert grants(project, account) == before
    assert f"DEFINER=`{account}`@`%`" in project.text("y")
    project.rollback(count=None)
    assert project.objects() == set()


def test_an_account_with_rights_on_the_schema_alone_can_apply_and_roll_back(
    project, account, monkeypatch
):
    project.rows(f"GRANT ALL ON `{project.options.database}`.* TO {account}")
    monkeypatch.setattr(project, "options", replace(project.options, user=account, password=b"x"))
    notes: list[str] = []
    project.write("views/v.sql", "CREATE VIEW v AS SELECT 1 AS a")
    project.write("events/e.sql", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1")
    install(project, "SELECT 1")
    project.procedure("y", "SELECT 2")
    project.pin()
    project.apply(on_note=notes.append)
    assert called(project) == 2
    assert "may not read mysql.procs_priv" in notes[0]
    project.rollback()
    assert called(project) == 1
    project.rollback(count=None)
    assert project.objects() == set()
    monkeypatch.undo()


def test_an_account_that_is_gone_does_not_stop_a_rollback(project):
    install(project, "SELECT 1")
    project.rows("CREATE USER tqm_gone@localhost")
    project.rows("GRANT EXECUTE ON PROCEDURE y TO tqm_gone@localhost")
    install(project, "SELECT 2")
    project.rows("DROP USER tqm_gone@localhost")
    project.rollback()
    assert called(project) == 1


def test_the_definer_is_the_account_given(project, account):
    project.procedure("y")
    project.write("views/v.sql", "CREATE SQL SECURITY DEFINER VIEW v AS SELECT 1 AS a")
    project.write("events/e.sql", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1")
    project.pin()
    project.apply(definer=f"{account}@%")
    definers = project.rows(
        "SELECT definer FROM information_schema.routines WHERE routine_schema = DATABASE() "
        "UNION ALL SELECT definer FROM information_schema.views WHERE table_schema = DATABASE() "
        "UNION ALL SELECT definer FROM information_schema.events WHERE event_schema = DATABASE()"
    )
    assert definers == [(f"{account}@%",)] * 3


def test_an_upgrade_keeps_the_definer_that_most_have(project, account):
    for name in "xyz":
        project.procedure(name)
    project.pin()
    project.apply(definer=f"{account}@%")
    project.rows("DROP PROCEDURE z")
    project.rows("CREATE DEFINER = root@localhost PROCEDURE z () DO 0")
    project.release()
    project.procedure("x", "SELECT 'second'")
    project.procedure("w", "SELECT 'new'")
    project.pin()
    project.apply()
    definers = project.rows(
        "SELECT routine_name, definer FROM information_schema.routines"
        " WHERE routine_schema = DATABASE() ORDER BY routine_name"
    )
    assert definers == [*((name, f"{account}@%") for name in "wxy"), ("z", "root@localhost")]


def test_of_two_definers_that_have_as_many_the_first_by_name_is_kept(project):
    for name in "xy":
        project.procedure(name)
    project.pin()
    project.apply()
    for name, definer in (("x", "b@localhost"), ("y", "a@localhost")):
        project.rows(f"DROP PROCEDURE {name}")
        project.rows(f"CREATE DEFINER = {definer} PROCEDURE {name} () SELECT 'z'")
    project.procedure("w")
    project.pin()
    project.apply()
    assert "DEFINER=`a`@`localhost`" in project.text("w")


def test_a_released_object_whose_file_is_gone_is_dropped_and_comes_back(project):
    install(project, "SELECT 1")
    (project.root / "procedures/y.sql").unlink()
    project.pin()
    assert project.apply() == ["0003_change_procedures"]
    assert "y" not in project.objects()
    project.rollback()
    assert called(project) == 1
    project.rollback(count=None)
    project.apply()  # a fresh database never gets it
    assert "y" not in project.objects()


def test_a_metadata_lock_is_named_with_its_holder(project, monkeypatch):
    monkeypatch.setattr("tenant_quota.connection.LOCK_WAIT_SECONDS", 1)
    install(project, "SELECT 1")
    project.procedure("y", "SELECT 2")
    project.pin()
    with project.connection() as holder, holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("CALL y()")
        with pytest.raises(TenantQuotaError, match=f"connection {holder.thread_id()} "):
            project.apply()
        cursor.execute("COMMIT")
    project.apply()
    assert called(project) == 2


def test_callers_at_work_see_the_old_or_the_new_text_or_a_moment_of_1305(project):
    install(project, "SELECT 1")
    stop, seen = threading.Event(), set()

    def call_on() -> None:
        with project.connection() as connection, connection.cursor() as cursor:
            while not stop.is_set():
                try:
                    cursor.execute("CALL y()")
                    seen.add(cursor.fetchone())
                except pymysql.err.OperationalError as error:
                    seen.add(error.args[0])

    callers = [threading.Thread(target=call_on) for _ in range(4)]
    for caller in callers:
        caller.start()
    install(project, "SELECT 2")
    stop.set()
    for caller in callers:
        caller.join()
    assert seen <= {(1,), (2,), 1305}
