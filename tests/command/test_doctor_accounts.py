"""`doctor` on accounts: the definer, the roles, and who could put tables in place of ours."""

from __future__ import annotations

import shlex
import subprocess
from contextlib import closing

import pytest
from click.testing import CliRunner

from tenant_quota.cli import main
from tenant_quota.doctor.findings import OK, PROBLEM, WARNING
from tests.helpers.doctored import DEFINER, ROLES, SCHEMA, changed, documented, look, run
from tests.helpers.doctored import installer as installer  # a fixture
from tests.helpers.doctored import sandbox as sandbox  # a fixture
from tests.helpers.doctored import url as url  # a fixture
from tests.helpers.programs import program
from tests.helpers.server import connect
from tests.helpers.support import EVENTS, value
from tests.rules.test_dumps import address


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
        for table in ("tenants", "tenant_quotas", "quota_jobs", "quota_slots"):
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
            assert value(connection, count) == before > 70


def test_the_definer_of_what_is_not_ours_is_nobodys_business(url, installer):
    run(
        url, "CREATE USER other@localhost", "CREATE DEFINER=other@localhost VIEW theirs AS SELECT 1"
    )
    try:
        assert set(look(url, "definers")) == {"definers.{}@{}".format(*installer)}
    finally:
        run(url, "DROP VIEW theirs", "DROP USER other@localhost")


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


def test_a_definer_that_writes_on_a_read_only_server_is_a_problem(url, installer):
    root = "{}@{}".format(*installer)
    assert look(url, "definers")[f"definers.{root}"].severity == PROBLEM
    with documented(url) as own:
        name = f"definers.{DEFINER}"
        for right in ("CONNECTION_ADMIN", "SUPER"):
            run(own, f"GRANT {right} ON *.* TO {DEFINER}")
            found = look(own, "definers")[name]
            assert (found.severity, f"holds {right}" in found.what) == (PROBLEM, True)
            assert "read_only" in found.what
            run(own, found.do[found.do.index("REVOKE") :])
            assert look(own, "definers")[name].severity == OK
