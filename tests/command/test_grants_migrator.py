"""An account that is not root installs, upgrades, verifies and rolls back; on any service."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing

import pymysql
import pytest
from click.testing import CliRunner
from pymysql.connections import Connection

from tenant_quota.apply import migrate
from tenant_quota.cli import main
from tenant_quota.connection_options import resolve
from tenant_quota.doctor import run as doctor
from tenant_quota.doctor.findings import NOTE, OK
from tenant_quota.errors import TenantQuotaError
from tenant_quota.grants.wanted import MIGRATOR
from tenant_quota.schema import verify
from tests.helpers import TOP, accounts
from tests.helpers.accounts import PASSWORD, grants, make_account, session, url_of
from tests.helpers.project import Project
from tests.helpers.releases import next_release
from tests.helpers.server import connect
from tests.helpers.support import Quota, Value, rows, value, version, wait_until


@pytest.fixture
def own(server_url) -> Iterator[str]:
    """Give a prefix of this test's own."""
    with accounts.prefix(server_url) as prefix:
        yield prefix


def run(*arguments: str) -> str:
    """Run a command that must succeed."""
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def what_it_can(url: str) -> tuple[str, str]:
    """Return what doctor says of the account that is connected."""
    report = doctor.examine(resolve(url=url), checks={"privileges": doctor.CHECKS["privileges"]})
    (found,) = report.findings
    return found.severity, found.what


def unlock(server_url: str, account: str) -> None:
    with closing(connect(server_url)) as root:
        rows(root, f"ALTER USER {account} IDENTIFIED BY '{PASSWORD}' ACCOUNT UNLOCK")


def test_from_nothing_to_a_verified_installation_an_upgrade_and_back(
    server_url, empty_schema, own, tmp_path
):
    migrator, definer = f"{own}_migrator", f"{own}_definer@localhost"
    made = grants(empty_schema, "--apply", "--migrator", f"{migrator}@%", prefix=own)
    assert "ACCOUNT UNLOCK" in made.output
    unlock(server_url, migrator)
    url = url_of(empty_schema, migrator)
    run("apply", "--url", url, "--definer", definer)
    assert grants(empty_schema, "--check", prefix=own).exit_code == 1
    done = grants(url, "--apply", prefix=own)  # the migrator itself, once all is there
    assert done.exit_code == 0, done.output
    assert "refused" not in done.output
    check = ("--check", "--migrator", f"{migrator}@%")
    assert "all as it should be" in grants(empty_schema, *check, prefix=own).output
    assert "The same" in run("verify", "--url", url, "--definer", definer, "--strict")
    assert what_it_can(url) == (OK, f"{migrator}@% can apply and roll back")

    make_account(server_url, f"{own}_shop", role=f"{own}_app")
    make_account(server_url, f"{own}_boss", role=f"{own}_admin")
    make_account(server_url, f"{own}_plain")
    schema = empty_schema.rpartition("/")[2]
    with closing(connect(empty_schema, autocommit=True)) as root:
        rows(root, f"GRANT EXECUTE ON PROCEDURE consume_quota TO {own}_plain WITH GRANT OPTION")
        boss = Quota(lambda: session(empty_schema, f"{own}_boss"), "T1")
        boss.define("MONTHLY", 10)
        shop = Quota(lambda: session(empty_schema, f"{own}_shop"), "T1")
        assert shop.consume(1).status == "GRANTED"

        # Events run as the definer: their heartbeats come.
        for event in ("reset_due_quotas", "expire_quota_reservations", "purge_quota_usage"):
            soon = "ON SCHEDULE EVERY 1 SECOND STARTS CURRENT_TIMESTAMP"
            rows(root, f"ALTER DEFINER = {definer} EVENT {event} {soon}")
        jobs = "SELECT COUNT(*) FROM quota_jobs WHERE last_error IS NULL"
        assert wait_until(lambda: value(root, jobs) == 3)
        for event in ("reset_due_quotas", "expire_quota_reservations", "purge_quota_usage"):
            rows(root, f"ALTER DEFINER = {definer} EVENT {event} DISABLE")

        def held() -> list[tuple[Value, ...]]:
            query = "SELECT User, Host, Routine_name, Proc_priv FROM mysql.procs_priv WHERE Db = %s"
            return sorted(rows(root, query, schema))

        # An upgrade drops two procedures; whoever could call them can.
        before = held()
        notes: list[str] = []
        root_folder = next_release(tmp_path / "sql", ("consume_quota", "charge_quota"))
        options = resolve(url=url)
        upgraded = migrate.apply(options, root=root_folder, definer=definer, on_note=notes.append)
        assert [name.partition("_")[2] for name in upgraded] == ["change_procedures"]
        # The events were given another schedule above, and no migration replaces them now.
        assert len(notes) == 3
        assert all("_quota" in note and "It stays as it is" in note for note in notes)
        assert held() == before
        assert "-- new" in rows(root, "SHOW CREATE PROCEDURE consume_quota")[0][2]
        assert shop.consume(1).status == "GRANTED"
        assert grants(empty_schema, *check, prefix=own).exit_code == 0

        # And so does a rollback of it.
        assert migrate.rollback(options, root=root_folder) == upgraded
        assert held() == before
        assert shop.consume(1).status == "GRANTED"
        report = verify.verify(options, definer=definer)
        assert {finding.object for finding in report.differences} <= {
            "event reset_due_quotas",
            "event expire_quota_reservations",
            "event purge_quota_usage",
        }
    run("rollback", "--url", url, "--all", "--yes")
    removed = grants(empty_schema, "--revoke", "--apply", check[1], check[2], prefix=own)
    assert removed.exit_code == 0, removed.output
    assert "stays:" not in removed.output


@pytest.fixture
def minimal(server_url, empty_schema, own, tmp_path) -> tuple[Project, str]:
    """Give a project on which a migrator works, and the migrator's account."""
    grants(empty_schema, "--apply", "--migrator", f"{own}_migrator@%", prefix=own)
    unlock(server_url, f"{own}_migrator")
    project = Project(tmp_path / "project", url_of(empty_schema, f"{own}_migrator"))
    project.migration("0002_t", "CREATE TABLE t (a INT)", "DROP TABLE t")
    project.migration("0003_b", "ALTER TABLE t ADD b INT", "ALTER TABLE t DROP b", "0002_t")
    project.migration("0004_i", "CREATE INDEX i ON t (b)", "DROP INDEX i ON t", "0003_b")
    project.procedure("y", "SELECT COUNT(*) FROM t")
    project.write("views/v.sql", "CREATE SQL SECURITY DEFINER VIEW v AS SELECT a FROM t")
    project.write("events/e.sql", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1")
    project.pin()
    return project, own


def whole_life(project: Project, prefix: str, root: Project) -> None:
    """Apply, grant, upgrade, verify, roll back; raises where something is not as it was."""
    definer, role = f"{prefix}_definer@localhost", f"{prefix}_app"
    project.apply(definer=definer)
    root.rows(f"GRANT EXECUTE ON PROCEDURE y TO {role}")
    project.release()
    project.procedure("y", "SELECT COUNT(*) + 1 FROM t")
    project.write("views/v.sql", "CREATE SQL SECURITY DEFINER VIEW v AS SELECT a, 1 AS b FROM t")
    project.write("events/e.sql", "CREATE EVENT e ON SCHEDULE EVERY 2 DAY DISABLE DO SELECT 1")
    project.pin()
    notes: list[str] = []
    project.apply(definer=definer, on_note=notes.append)
    schema = root.options.database
    left = root.rows("SELECT User FROM mysql.procs_priv WHERE Db = %s", schema)
    assert (left, notes) == ([(role,)], [])
    report = verify.verify(project.options)
    assert not report.unseen
    assert not [note for note in report.notes if "trigger" in str(note)]
    project.rollback(count=None)
    assert root.objects() == set()


GLOBALLY = ("SET_ANY_DEFINER", "SHOW_ROUTINE")


def set_definer(connection: Connection) -> str:
    """Return what this server calls the right to make objects of another definer."""
    return "SET_ANY_DEFINER" if version(connection) >= (8, 2) else "SET_USER_ID"


def test_the_migrators_privileges_are_enough(minimal, empty_schema, tmp_path):
    project, own = minimal
    whole_life(project, own, Project(tmp_path / "root", empty_schema))


@pytest.mark.parametrize("privilege", [*MIGRATOR, *GLOBALLY, "procs_priv"])
def test_the_migrator_needs_every_one_of_its_privileges(privilege, minimal, empty_schema, tmp_path):
    project, own = minimal
    root = Project(tmp_path / "root", empty_schema)
    schema = empty_schema.rpartition("/")[2].replace("_", r"\_")
    account = f"{own}_migrator"
    if privilege in GLOBALLY:
        if privilege == "SET_ANY_DEFINER":
            with root.connection() as connection:
                privilege = set_definer(connection)
        root.rows(f"REVOKE {privilege} ON *.* FROM {account}")
    elif privilege == "procs_priv":
        root.rows(f"REVOKE SELECT ON mysql.procs_priv FROM {account}")
    else:
        root.rows(f"REVOKE {privilege} ON `{schema}`.* FROM {account}")
    with pytest.raises((TenantQuotaError, pymysql.Error, AssertionError)):
        whole_life(project, own, root)


def administrator(server_url: str, schema: str, name: str) -> str:
    """Make the administrator of docs/privileges.md; return its URL, or skip on an old server."""
    page = (TOP / "docs/privileges.md").read_text(encoding="utf-8")
    block = page.partition("```sql\n")[2].partition("```")[0]
    with closing(connect(server_url)) as root:
        if version(root) < (8, 2):
            pytest.skip("SET_ANY_DEFINER is of MySQL 8.2")
    create, *granted = [statement.strip() for statement in block.split(";") if statement.strip()]
    assert create == "CREATE USER dba@'%' IDENTIFIED BY '...'"
    statements = [
        each.replace("dba@'%'", "{}").replace("shop.*", f"{schema}.*") for each in granted
    ]
    make_account(server_url, name, *statements)
    return url_of(f"{server_url}{schema}", name)


def test_the_administrator_of_the_page_needs_not_be_root(server_url, empty_schema, own):
    schema = empty_schema.rpartition("/")[2]
    url = administrator(server_url, schema, f"{own}_dba")
    with closing(connect(url)) as dba:
        rows(dba, f"DROP DATABASE {schema}")
        rows(dba, f"CREATE DATABASE {schema}")
        names = ("--migrator", f"{own}_migrator@%")
        refused = "refused:"
        assert refused not in grants(url, "--apply", *names, prefix=own).output
        account = f"{own}_migrator"
        rows(dba, f"ALTER USER {account} IDENTIFIED BY '{PASSWORD}' ACCOUNT UNLOCK")
        mine = url_of(empty_schema, account)
        definer = f"{own}_definer@localhost"
        run("apply", "--url", mine, "--definer", definer)
        assert refused not in grants(mine, "--apply", prefix=own).output
        assert grants(url, "--check", *names, prefix=own).exit_code == 0
        assert "The same" in run("verify", "--url", mine, "--definer", definer)
        rows(dba, f"CREATE USER {own}_shop IDENTIFIED BY '{PASSWORD}'")
        rows(dba, f"GRANT {own}_app TO {own}_shop")
        rows(dba, f"SET DEFAULT ROLE {own}_app TO {own}_shop")
    shop = Quota(lambda: session(empty_schema, f"{own}_shop"), "T1")
    assert shop.consume(1).status == "NO_QUOTA"
    run("rollback", "--url", mine, "--all", "--yes")
    removed = grants(url, "--revoke", "--apply", *names, prefix=own)
    assert removed.exit_code == 0, removed.output
    assert refused not in removed.output


LACKS = [
    *("CREATE USER ON *.*", "ROLE_ADMIN ON *.*", "SET_ANY_DEFINER ON *.*", "SHOW_ROUTINE ON *.*"),
    *("SELECT ON mysql.*", "GRANT OPTION ON mysql.procs_priv"),
    *("EVENT ON {}.*", "TRIGGER ON {}.*"),
]


@pytest.mark.parametrize("lack", LACKS)
def test_what_the_administrator_lacks_is_refused_aloud(lack, server_url, empty_schema, own):
    schema = empty_schema.rpartition("/")[2]
    url = administrator(server_url, schema, f"{own}_dba")
    with closing(connect(server_url)) as root:
        rows(root, f"REVOKE {lack.format(schema)} FROM {own}_dba")
    options = ("--apply", "--migrator", f"{own}_migrator@%", "--format", "json")
    told = json.loads(grants(url, *options, prefix=own).output)
    assert told["refused"] or told["unseen"]


def managed(server_url: str, schema: str, name: str) -> str:
    """Make an administrator as managed services give them out; return its URL.

    It makes accounts and has every right on its schemas, with the right to pass it on, but
    not SUPER, SYSTEM_USER or SET_ANY_DEFINER, and no right on the tables of mysql to pass on.
    """
    with closing(connect(server_url)) as root:  # before 8.4 the schema's own name alone counts
        is_old = version(root) < (8, 4)
    pattern = schema if is_old else schema.replace("_", r"\_")
    make_account(
        server_url,
        name,
        "GRANT CREATE USER, RELOAD, PROCESS, SHOW DATABASES ON *.* TO {}",
        "GRANT ROLE_ADMIN ON *.* TO {}",
        f"GRANT ALL ON `{pattern}`.* TO {{}} WITH GRANT OPTION",
        f"GRANT EVENT ON `{schema}`.* TO {{}} WITH GRANT OPTION",
        "GRANT SELECT ON mysql.* TO {}",
    )
    return url_of(f"{server_url}{schema}", name)


def test_a_managed_service_says_what_it_refuses_and_what_to_do(server_url, empty_schema, own):
    schema = empty_schema.rpartition("/")[2]
    url = managed(server_url, schema, f"{own}_master")
    with closing(connect(server_url)) as root:
        privilege = set_definer(root)
    shown = grants(url, "--migrator", f"{own}_migrator@%", prefix=own)
    assert shown.exit_code == 0
    for words in (privilege, "SHOW_ROUTINE", "mysql.procs_priv"):
        assert words in shown.output
    run_it = ("--apply", "--migrator", f"{own}_migrator@%", "--format", "json")
    done = grants(url, *run_it, prefix=own)
    assert done.exit_code == 1
    refused = [
        each["statement"].partition(" TO ")[0] for each in json.loads(done.output)["refused"]
    ]
    assert sorted(refused) == sorted(
        [
            f"GRANT {privilege} ON *.*",
            "GRANT SHOW_ROUTINE ON *.*",
            "GRANT SELECT ON `mysql`.`procs_priv`",
        ]
    )


def test_where_it_is_refused_the_definer_itself_installs_and_is_locked(
    server_url, empty_schema, own
):
    schema = empty_schema.rpartition("/")[2]
    url = managed(server_url, schema, f"{own}_master")
    definer = f"{own}_definer@%"
    options = ("--definer", definer, "--migrator", definer)
    assert "SET_ANY_DEFINER" not in grants(url, *options, prefix=own).output
    done = grants(url, "--apply", *options, prefix=own)
    assert done.output.count("refused") == 1  # mysql.procs_priv
    unlock(server_url, f"{own}_definer")
    mine = url_of(empty_schema, f"{own}_definer")
    run("apply", "--url", mine)
    grants(url, "--apply", *options, prefix=own)
    found = grants(empty_schema, "--check", *options, prefix=own).output.splitlines()
    lacks = [line for line in found if " lacks " in line]
    assert lacks == [f"{definer} lacks SELECT ON mysql.procs_priv"]
    assert "The same" in run("verify", "--url", mine, "--definer", definer)
    severity, told = what_it_can(mine)
    assert (severity, "may not read mysql.procs_priv" in told) == (NOTE, True)
    with closing(connect(url)) as master:
        rows(master, f"ALTER USER {own}_definer ACCOUNT LOCK")
    make_account(server_url, f"{own}_user", role=f"{own}_admin")
    admin = Quota(lambda: session(empty_schema, f"{own}_user"), "T1")
    admin.define("MONTHLY", 2)
    assert admin.consume(2).status == "GRANTED"
    assert admin.consume(1).status == "EXCEEDED"
    assert value(admin.connection, "SELECT COUNT(*) FROM quota_usage_monitor") == 1


def test_a_schema_whose_name_is_like_another_is_not_the_migrators(server_url, empty_schema, own):
    """_ in a schema's name is a wildcard in GRANT, unless it is escaped."""
    grants(empty_schema, "--apply", "--migrator", f"{own}_migrator@%", prefix=own)
    unlock(server_url, f"{own}_migrator")
    schema = empty_schema.rpartition("/")[2]
    like = schema.replace("_", "x", 1)
    with closing(connect(server_url)) as root:
        rows(root, f"CREATE DATABASE {like}")
        try:
            with closing(session(empty_schema, f"{own}_migrator")) as connection:
                assert accounts.error_of(connection, f"CREATE TABLE {like}.t (a INT)") == 1142
        finally:
            rows(root, f"DROP DATABASE {like}")


def test_apply_says_why_it_is_not_all_and_check_what_is(server_url, empty_schema, own):
    """The objects run as root: no grant mends that."""
    run("apply", "--url", empty_schema)
    done = grants(empty_schema, "--migrator", f"{own}_m", "--apply", prefix=own)
    assert done.exit_code == 2
    done = grants(empty_schema, "--migrator", f"{own}_m@%", "--apply", prefix=own)
    assert done.exit_code == 1
    assert f"left: root@{'localhost' if 'root@localhost' in done.stderr else '%'}" in done.stderr
    assert f"tenant-quota apply --definer {own}_definer@localhost" in done.stderr
    checked = grants(empty_schema, "--migrator", f"{own}_m@%", "--check", prefix=own)
    assert "is made locked" not in checked.stderr
    assert f"{own}_m@% is locked, and installs only when it is not" in checked.stderr

    unlock(server_url, f"`{own}_m`@`%%`")
    run("apply", "--url", empty_schema, "--definer", f"{own}_definer@localhost")
    mine = url_of(empty_schema, f"{own}_m")
    again = grants(mine, "--apply", prefix=own)
    assert again.exit_code == 0, again.output
    assert "This account cannot read what they hold" in again.stderr
    assert "which changes nothing" in again.stderr


def test_a_database_that_is_not_there_is_not_blamed_on_the_password(server_url, own):
    make_account(server_url, own)
    result = CliRunner().invoke(main, ["status", "--url", url_of(f"{server_url}nowhere", own)])
    assert result.exit_code == 2
    assert "Check the database's name" in result.stderr
    assert "Check user and password" not in result.stderr


def test_what_runs_as_root_is_named_with_what_to_do(server_url, empty_schema, own):
    """An ALTER EVENT by root, and a procedure as a restore by root leaves it."""
    grants(empty_schema, "--migrator", f"{own}_m@%", "--apply", prefix=own)
    unlock(server_url, f"`{own}_m`@`%%`")
    mine, definer = url_of(empty_schema, f"{own}_m"), f"{own}_definer@localhost"
    run("apply", "--url", mine, "--definer", definer)
    with closing(connect(empty_schema, autocommit=True)) as root:
        rows(root, "ALTER EVENT purge_quota_usage ON SCHEDULE EVERY 2 DAY")
        failed = CliRunner().invoke(main, ["apply", "--force", "--url", mine])
        assert failed.exit_code == 2
        assert f"`tenant-quota apply --force --definer '{definer}'`" in failed.stderr
        alter = re.search(r"ALTER DEFINER = .* EVENT .* PRESERVE", failed.stderr)
        assert alter
        shown = CliRunner().invoke(main, ["verify", "--url", mine]).output
        assert alter[0] in shown
        rows(root, alter[0])
        run("apply", "--force", "--url", mine)
        ((_, _, text, *_),) = rows(root, "SHOW CREATE PROCEDURE validate_quota_argument")
        rows(root, "DROP PROCEDURE validate_quota_argument")
        rows(root, re.sub(r" DEFINER=\S+", "", text, count=1).replace("%", "%%"))
        failed = CliRunner().invoke(main, ["apply", "--url", mine, "--definer", definer, "--force"])
        assert "procedure validate_quota_argument runs as root" in failed.stderr
        run("apply", "--force", "--url", empty_schema, "--definer", definer)
        run("grants", "--apply", "--url", mine, "--prefix", own)
        run("verify", "--url", mine, "--definer", definer)
