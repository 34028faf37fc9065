"""`tenant-quota grants`: each role can do its work, and is refused everything else."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pymysql
import pytest
from click.testing import CliRunner
from pymysql.connections import Connection

from tenant_quota.cli import main
from tests.helpers import accounts
from tests.helpers.accounts import error_of, grants, make_account, session
from tests.helpers.grants_matrix import APPLICATION, DENIED, FORBIDDEN, NEEDS, SETTINGS, VIEWS
from tests.helpers.server import connect as connect_to
from tests.helpers.support import (
    Quota,
    apply_everything,
    at_once,
    call,
    call_out,
    rows,
    state_of,
    value,
    version,
)

ROLES = ("app", "monitor", "admin")


@pytest.fixture(scope="module")
def elsewhere(server_url, schema_url) -> Iterator[None]:
    """Put a table and a procedure into another schema, which is nobody's business."""
    other = f"{schema_url.rpartition('/')[2]}_other"
    with closing(connect_to(server_url)) as root:
        rows(root, f"CREATE DATABASE {other}")
        rows(root, f"CREATE TABLE {other}.t (a INT)")
        rows(root, f"CREATE PROCEDURE {other}.p () SELECT 1")
        yield
        rows(root, f"DROP DATABASE {other}")


@pytest.fixture(scope="module")
def sessions(server_url, schema_url, prefix, elsewhere) -> Iterator[dict[str, Connection[Any]]]:
    """Give a connection for each role, of an account that has it and nothing more.

    The definer's is of another account with the definer's grants: its own is localhost's,
    and to a server in a container nobody of this machine is that.
    """
    open_ones = {}
    definer = f"`{prefix}_definer`@`localhost`"
    with closing(connect_to(server_url)) as root:
        for role in ROLES:
            make_account(server_url, f"{prefix}_{role}_user", role=f"{prefix}_{role}")
        shown = [text for (text,) in rows(root, f"SHOW GRANTS FOR {definer}")]
        held = [text.replace(definer, "{}").replace("%", "%%") for text in shown]
        assert all(text.count("{}") == 1 for text in held)
        make_account(server_url, f"{prefix}_definer_user", *held)
    for role in (*ROLES, "definer"):
        open_ones[role] = session(schema_url, f"{prefix}_{role}_user")
    yield open_ones
    for connection in open_ones.values():
        connection.close()


@pytest.fixture
def app(sessions, quota) -> Quota:
    """Give a tenant whose connection is an application's; what it has defined is `quota`."""
    return Quota(lambda: sessions["app"], quota.tenant_id)


# What is refused.


@pytest.mark.parametrize("role", FORBIDDEN)
def test_there_are_enough_of_them(role):
    assert len(set(FORBIDDEN[role])) >= 40


@pytest.mark.parametrize(
    ("role", "statement"),
    [(role, each) for role, statements in FORBIDDEN.items() for each in statements],
)
def test_it_is_refused(role, statement, sessions, schema_url, prefix, quota):
    filled = statement.format(
        schema=schema_url.rpartition("/")[2],
        prefix=prefix,
        victim=quota.connection.thread_id(),
    )
    if version(quota.connection) < (8, 2):
        filled = filled.replace("RESET BINARY LOGS AND GTIDS", "RESET MASTER")
    assert error_of(sessions[role], filled) in DENIED


@pytest.mark.parametrize("role", ROLES)
def test_no_procedure_shows_its_text(role, sessions):
    """Not even that it is there, to whoever holds it by a role: drivers must not look first."""
    catalog = "SELECT COUNT(*) FROM information_schema.{} WHERE {}_schema = DATABASE()"
    assert value(sessions[role], catalog.format("routines", "routine")) == 0
    assert value(sessions[role], catalog.format("parameters", "specific")) == 0
    for name in NEEDS.procedures:
        assert error_of(sessions[role], f"SHOW CREATE PROCEDURE {name}") == 1305


def test_an_application_sees_no_table_and_nobody_elses_connection(sessions):
    tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
    assert value(sessions["app"], tables) == 0
    assert len({user for _, user, *_ in rows(sessions["app"], "SHOW PROCESSLIST")}) == 1


@pytest.mark.parametrize("role", [*ROLES, "definer"])
def test_nobody_logs_in_as_a_role_or_as_the_definer(role, prefix, schema_url):
    with pytest.raises(pymysql.err.OperationalError) as caught:
        session(schema_url, f"{prefix}_{role}")
    assert caught.value.args[0] in (1045, 3118)


# What MySQL cannot refuse to a session.


@pytest.mark.parametrize(("setting", "answer"), SETTINGS, ids=lambda text: text)
def test_what_a_session_may_set_is_refused_by_us_or_changes_nothing(
    setting, answer, schema_url, prefix, sessions, quota
):
    quota.define("MONTHLY", 3)
    quota.define("CONCURRENT", 1)
    with closing(session(schema_url, f"{prefix}_app_user")) as connection:
        app = Quota(lambda: connection, quota.tenant_id)
        rows(connection, setting)
        if answer:
            with pytest.raises(pymysql.err.MySQLError) as caught:
                app.consume(2, key="k")
            assert state_of(caught.value)[1] == answer
            assert quota.used() == 0
            assert quota.ledger() == []
            return
        assert [app.consume(2, key="k").status for _ in range(2)] == ["GRANTED", "REPLAYED"]
        assert app.consume(2).status == "EXCEEDED"
        assert [app.acquire(), app.acquire()] == [True, False]
    assert (quota.used(), quota.ledger()) == (2, [2])


def test_a_held_lock_name_keeps_the_sweep_out_and_nobody_else(sessions, quota, schema_url, prefix):
    """GET_LOCK asks for no privilege: a session can take the sweep's name. Answers stay right."""
    quota.define("DAILY", 3)
    quota.set("DAILY", used_count=3, next_reset_time="2020-01-01 00:00:00")
    name = "SELECT CONCAT('tenant_quota.reset.', LEFT(SHA2(DATABASE(), 256), 40))"
    with closing(session(schema_url, f"{prefix}_app_user")) as connection:
        assert value(connection, "SELECT GET_LOCK(%s, 0)", value(connection, name)) == 1
        assert call(sessions["admin"], "reset_due_quotas", 10).status == "BUSY"
        app = Quota(lambda: connection, quota.tenant_id)
        assert app.consume(3).status == "GRANTED"
        assert app.consume(1).status == "EXCEEDED"
    assert quota.used("DAILY") == 3


def test_a_prepared_xa_transaction_keeps_its_quota_locked_until_somebody_ends_it(
    quota, schema_url, prefix
):
    """XA asks for no privilege either. Nothing is lost, and an administrator can end it."""
    quota.define("MONTHLY", 3)
    other = quota.sibling()
    other.define("MONTHLY", 3)
    xid = f"'{secrets.token_hex(8)}'"
    with closing(session(schema_url, f"{prefix}_app_user")) as connection:
        app = Quota(lambda: connection, quota.tenant_id)
        rows(connection, f"XA START {xid}")
        assert app.consume(1).transaction == "JOINED"
        rows(connection, f"XA END {xid}")
        rows(connection, f"XA PREPARE {xid}")
    try:
        rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
        with pytest.raises(pymysql.err.OperationalError) as caught:
            quota.consume(1)
        assert caught.value.args[0] == 1205
        assert other.consume(1).status == "GRANTED"
    finally:
        ended = error_of(quota.connection, f"XA ROLLBACK {xid}")
    assert ended == 0
    assert quota.consume(3).status == "GRANTED"


def test_a_temporary_table_of_the_same_name_is_taken_for_ours(
    quota, server_url, schema_url, prefix
):
    """Why no role grants CREATE TEMPORARY TABLES, and no account should have it on this schema.

    MySQL looks for temporary tables of the caller first, also inside a procedure that runs as
    its definer, and asks nobody. Nothing that a procedure can see tells it.
    """
    name = f"{prefix}_temporary_user"
    schema = schema_url.rpartition("/")[2]
    allowed = f"GRANT CREATE TEMPORARY TABLES ON `{schema}`.* TO {{}}"
    make_account(server_url, name, allowed, role=f"{prefix}_app")
    quota.define("MONTHLY", 1, used=1)
    ((_, text),) = rows(quota.connection, "SHOW CREATE TABLE tenant_quotas")
    with closing(session(schema_url, name)) as connection:
        app = Quota(lambda: connection, quota.tenant_id)
        assert app.consume(1).status == "EXCEEDED"
        text = text.replace("CREATE TABLE", "CREATE TEMPORARY TABLE", 1)
        rows(connection, text.replace("%", "%%"))
        rows(
            connection,
            "INSERT INTO tenant_quotas (quota_id, tenant_id, quota_type, limit_type, hard_limit)"
            " VALUES (1000000, %s, %s, 'TOTAL', 99)",
            *(quota.tenant_id, quota.quota_type),
        )
        assert app.consume(7).status == "GRANTED"
    assert quota.used() == 1
    rows(quota.connection, "DELETE FROM quota_usage_records WHERE quota_id = 1000000")


# What works.


def test_an_application_does_all_its_work_with_the_role_alone(app, quota):
    quota.define_tenant()
    quota.define("MONTHLY", 10, soft_limit=5)
    quota.define("RATE", 100, refill_per_second=1)
    quota.define("CONCURRENT", 2)
    who = (app.tenant_id, app.quota_type)
    assert app.check(1).status == "GRANTED"
    assert app.consume(6, key="a").status == "GRANTED"
    assert app.consume(6, key="a").status == "REPLAYED"
    assert app.consume(5).status == "EXCEEDED"
    tried = call_out(app.connection, "try_consume_quota", *who, 1, "ORDER", "b", None, outs=2)
    assert tried == (1, "GRANTED")
    refund = (*who, 2, "ORDER", "a")
    assert call(app.connection, "refund_quota", *refund, "r").status == "GRANTED"
    assert quota.used() == 5
    held = call(app.connection, "reserve_quota", *who, 4, 60, "CART", "c", None)
    assert held.status == "GRANTED"
    confirm = call(app.connection, "confirm_quota_reservation", held.reservation_id, 3)
    assert confirm.status == "CONFIRMED"
    held = call(app.connection, "reserve_quota", *who, 1, 60, "CART", "d", None)
    assert call(app.connection, "cancel_quota_reservation", held.reservation_id).success
    lease = call(app.connection, "acquire_quota_lease", *who, "w", 60)
    assert lease.status == "GRANTED"
    assert call(app.connection, "renew_quota_lease", lease.lease_id, 60).status == "RENEWED"
    assert call(app.connection, "release_quota_lease", lease.lease_id).status == "RELEASED"
    assert [app.acquire(), app.acquire(), app.acquire(), app.release()] == [1, 1, 0, 1]
    assert call(app.connection, "take_quota_token", *who).status == "GRANTED"
    assert call(app.connection, "return_quota_token", *who).status == "RELEASED"
    items = [
        {"quota_type": app.quota_type, "amount": 1, "biz_type": "B", "biz_id": n} for n in "12"
    ]
    batch = call(app.connection, "consume_quota_batch", app.tenant_id, json.dumps(items))
    assert batch.status == "GRANTED"
    assert quota.used() == 10
    quota.assert_adds_up()
    assert {each.partition("(")[0].removeprefix("CALL ") for each in APPLICATION} == {
        *("consume_quota", "try_consume_quota", "consume_quota_batch", "check_quota"),
        *("refund_quota", "reserve_quota", "confirm_quota_reservation"),
        *("cancel_quota_reservation", "acquire_quota_token", "release_quota_token"),
        *("acquire_quota_lease", "renew_quota_lease", "release_quota_lease"),
        *("take_quota_token", "return_quota_token"),
    }


def test_an_applications_transaction_decides_and_16_of_them_never_pass_the_limit(
    app, quota, schema_url, prefix
):
    quota.define("MONTHLY", 20)
    child = quota.child()
    app.connection.begin()
    assert app.consume(5).transaction == "JOINED"
    app.connection.rollback()
    assert quota.used() == 0

    def work(_: int) -> list[str]:
        with closing(session(schema_url, f"{prefix}_app_user")) as connection:
            caller = Quota(lambda: connection, child.tenant_id)
            return [caller.consume(1).status for _ in range(4)]

    statuses = [status for each in at_once(16, work) for status in each]
    assert statuses.count("GRANTED") == 20
    assert set(statuses) == {"GRANTED", "EXCEEDED"}
    quota.assert_adds_up()


def test_a_monitor_reads_the_views_and_asks_what_would_be_granted(
    sessions, quota, schema_url, prefix
):
    quota.define("MONTHLY", 2, used=2)
    monitor = sessions["monitor"]
    for view in VIEWS:
        rows(monitor, f"SELECT * FROM {view}")
    assert (
        value(
            monitor,
            "SELECT status_level FROM quota_usage_monitor WHERE tenant_id = %s",
            quota.tenant_id,
        )
        == "EXCEEDED"
    )
    assert Quota(lambda: monitor, quota.tenant_id).check(1).status == "EXCEEDED"
    url = accounts.url_of(schema_url, f"{prefix}_monitor_user")
    shown = run("monitor", "--url", url, "--tenant", quota.tenant_id, "--format", "json")
    assert (shown.exit_code, len(json.loads(shown.output))) == (0, 1)


def test_a_monitor_sees_the_alerts_that_wait_and_cannot_take_them(quota, schema_url, prefix):
    quota.define("MONTHLY", 2, soft_limit=1, used=2)
    url = ("--url", accounts.url_of(schema_url, f"{prefix}_monitor_user"), "--format", "json")
    seen = run("alerts", *url, "--peek")
    assert seen.exit_code == 0, seen.output
    assert quota.tenant_id in {alert["tenant_id"] for alert in json.loads(seen.output)}
    taken = run("alerts", *url)
    assert (taken.exit_code, taken.stdout) == (2, "")
    assert "alerts --peek" in taken.stderr
    assert run("alerts", *url, "--peek").output == seen.output, "nothing was marked"


def test_an_administrator_defines_sweeps_reconciles_and_takes_alerts(
    sessions, quota, schema_url, prefix
):
    admin = Quota(lambda: sessions["admin"], quota.tenant_id)
    admin.define_tenant(zone="+08:00")
    admin.define("MONTHLY", 3)
    assert admin.consume(3).status == "GRANTED"
    assert admin.consume(1).status == "EXCEEDED"
    for procedure, arguments in (
        ("reset_due_quotas", (10,)),
        ("expire_quota_reservations", (10,)),
        ("purge_quota_usage", (4000, 10)),
    ):
        assert call(admin.connection, procedure, *arguments).status == "DONE"
    who = ("--tenant", quota.tenant_id)
    url = ("--url", accounts.url_of(schema_url, f"{prefix}_admin_user"))
    assert run("reconcile", *url, *who).exit_code == 0
    one = ("--quota-type", quota.quota_type, "--limit-type", "MONTHLY", "--yes")
    assert "now 0" in run("reset", *url, *who, *one).output
    assert quota.tenant_id in run("alerts", *url).output
    assert run("monitor", *url, *who).exit_code == 0
    assert value(
        admin.connection,
        "SELECT changed_by FROM quota_definition_changes WHERE tenant_id = %s",
        quota.tenant_id,
    ).startswith(f"{prefix}_admin_user@")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, arguments)


# The command itself.


@pytest.fixture
def own(server_url) -> Iterator[str]:
    """Give a prefix of this test's own."""
    with accounts.prefix(server_url) as prefix:
        yield prefix


def test_before_the_first_apply_it_makes_the_accounts_and_says_what_is_left(empty_schema, own):
    shown = grants(empty_schema, prefix=own)
    assert shown.exit_code == 0
    assert "run tenant-quota apply --definer" in shown.output
    assert "PROCEDURE" not in shown.output
    run_script(empty_schema, shown.output)
    assert grants(empty_schema, "--apply", prefix=own).exit_code == 1
    assert "Nothing to do." in grants(empty_schema, "--apply", prefix=own).output


def run_script(url: str, script: str) -> None:
    """Run what was printed, as the mysql client does: comments go, ; ends a statement."""
    lines = [line for line in script.splitlines() if not line.startswith("-- ")]
    with closing(connect_to(url)) as connection:
        for statement in "\n".join(lines).split(";\n"):
            if statement.strip():
                rows(connection, statement.replace("%", "%%"))


def test_the_printed_script_is_all_there_is_to_do_and_may_be_run_again(schema_url, prefix, own):
    shown = grants(schema_url, prefix=own)
    assert grants(schema_url, "--check", prefix=own).exit_code == 1
    for _ in range(2):
        run_script(schema_url, shown.output)
        checked = grants(schema_url, "--check", prefix=own)
        assert checked.exit_code == 1  # everything runs as the other definer
        ours = [*NEEDS.procedures, *NEEDS.views, *NEEDS.events]
        assert set(checked.output.splitlines()) >= {
            f"{prefix}_definer@localhost is the definer of {len(ours)} of our objects, not "
            f"{own}_definer@localhost: tenant-quota apply --definer {own}_definer@localhost "
            "installs them anew"
        }
        assert "lacks" not in checked.output
    assert grants(schema_url, prefix=own).output == shown.output


def test_what_is_missing_or_too_much_is_found_and_mended(schema_url, prefix, connect):
    root, app = connect(), f"{prefix}_app"
    assert grants(schema_url, "--check", prefix=prefix).exit_code == 0
    for statement in (
        f"GRANT SELECT (used_count), UPDATE ON tenant_quotas TO {app}",
        f"GRANT EXECUTE ON PROCEDURE charge_quota TO {app}",
        f"GRANT EXECUTE ON PROCEDURE consume_quota TO {app} WITH GRANT OPTION",
        f"GRANT DROP ON * TO {app}",
        f"GRANT {prefix}_admin TO {app}",
        f"REVOKE EXECUTE ON PROCEDURE check_quota FROM {app}",
        f"REVOKE SELECT ON tenants FROM {prefix}_definer@localhost",
        f"ALTER USER {prefix}_definer@localhost ACCOUNT UNLOCK",
    ):
        rows(root, statement)
    checked = grants(schema_url, "--check", prefix=prefix)
    schema = schema_url.rpartition("/")[2]
    assert checked.exit_code == 1
    assert set(checked.output.splitlines()) == {
        f"{app}@% holds SELECT (`used_count`) ON {schema}.tenant_quotas, which it does not need",
        f"{app}@% holds UPDATE ON {schema}.tenant_quotas, which it does not need",
        f"{app}@% holds EXECUTE ON PROCEDURE {schema}.charge_quota, which it does not need",
        f"{app}@% holds GRANT OPTION ON PROCEDURE {schema}.consume_quota, which it does not need",
        f"{app}@% holds DROP ON {schema}.*, which it does not need",
        f"{app}@% holds role `{prefix}_admin`@`%`, which it does not need",
        f"{app}@% lacks EXECUTE ON PROCEDURE {schema}.check_quota",
        f"{prefix}_definer@localhost lacks SELECT ON {schema}.tenants",
        f"{prefix}_definer@localhost is not locked",
    }
    data = json.loads(grants(schema_url, "--format", "json", prefix=prefix).output)
    assert len(data["todo"]) == len(data["findings"]) == 9
    done = grants(schema_url, "--apply", prefix=prefix)
    assert done.exit_code == 0, done.output
    assert "9 done." in done.output
    assert "all as it should be" in grants(schema_url, "--check", prefix=prefix).output


def test_an_installation_of_roots_moves_to_the_definer(empty_schema, own):
    with closing(connect_to(empty_schema)) as root:
        account = value(root, "SELECT CURRENT_USER()")  # root@%, to a server in a container
    apply_everything(empty_schema)
    grants(empty_schema, "--apply", prefix=own)
    found = grants(empty_schema, "--check", prefix=own).output
    assert f"{account} is the definer of" in found
    apply_everything(empty_schema, "--definer", f"{own}_definer@localhost")
    assert grants(empty_schema, "--check", prefix=own).exit_code == 0


def test_a_role_is_not_shared_between_schemas_unless_told(schema_url, empty_schema, prefix):
    refused = grants(empty_schema, "--apply", prefix=prefix)
    assert refused.exit_code == 2
    assert "--prefix" in refused.output
    shown = grants(empty_schema, "--shared", prefix=prefix)
    assert shown.exit_code == 0
    assert "REVOKE" not in shown.output
    assert grants(schema_url, "--check", prefix=prefix).exit_code == 0


@pytest.mark.parametrize(
    ("setup", "options", "message"),
    [
        ("CREATE USER {own}_app", [], "not a role"),
        ("CREATE USER {own}_definer@localhost", ["--definer", "{own}_definer"], "user@host"),
        ("DO 1", ["--definer", "@localhost"], "user@host"),
        ("DO 1", ["--definer", "root@localhost"], "is connected|whole server"),
        ("DO 1", ["--app-role", "{own}_x", "--admin-role", "{own}_x"], "four different"),
        ("DO 1", ["--migrator", "{own}_app@%"], "not one of the roles"),
        ("DO 1", ["--app-role", "x" * 33], "32 characters"),
        ("DO 1", ["--app-role", "a\nb"], "control character"),
        ("DO 1", ["--apply", "--check"], "one of"),
        ("GRANT PROCESS ON *.* TO {own}_definer@localhost", [], "whole server"),
    ],
)
def test_names_that_cannot_be_right_are_refused(
    setup, options, message, empty_schema, server_url, own
):
    with closing(connect_to(server_url)) as root:
        if "GRANT" in setup:
            rows(root, f"CREATE USER {own}_definer@localhost ACCOUNT LOCK")
        rows(root, setup.format(own=own))
    refused = grants(empty_schema, *(each.format(own=own) for each in options), prefix=own)
    assert refused.exit_code == 2
    assert any(each in refused.output for each in message.split("|")), refused.output


def test_it_is_about_one_database(server_url):
    assert "No database named" in grants(server_url).output


def test_revoke_takes_everything_away_but_a_definer_at_work(server_url, schema_url, prefix, own):
    schema = schema_url.rpartition("/")[2]
    shown = grants(schema_url, "--revoke", prefix=prefix)
    assert f"DROP ROLE IF EXISTS `{prefix}_app`@`%`;" in shown.output
    assert "DROP USER" not in shown.output
    assert "stays:" in shown.output
    migrator = ("--migrator", f"{own}_migrator@%")
    grants(schema_url, "--apply", *migrator, prefix=own)
    done = grants(schema_url, "--revoke", "--apply", *migrator, prefix=own)
    assert done.exit_code == 0, done.output
    with closing(connect_to(server_url)) as root:
        left = rows(root, "SELECT user FROM mysql.user WHERE user LIKE %s", f"{own}%")
        assert left == [(f"{own}_migrator",)]
        held = rows(root, f"SHOW GRANTS FOR {own}_migrator")
        assert held == [(f"GRANT USAGE ON *.* TO `{own}_migrator`@`%`",)]
    assert schema not in str(held)


def test_names_have_a_beginning(schema_url):
    done = CliRunner().invoke(main, ["grants", "--url", schema_url, "--prefix", " "])
    assert done.exit_code == 2
    assert "--prefix is empty" in done.output
