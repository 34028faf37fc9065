"""What docs/proxies.md says of MySQL Router, on a real one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from types import SimpleNamespace
from typing import Any

import pymysql
import pytest
from pymysql.connections import Connection
from pymysql.constants import CLIENT

from tenant_quota.sandbox import Sandbox
from tests.helpers.router import Router, replica_url
from tests.helpers.server import connect
from tests.helpers.support import apply_everything, call, rows, value, wait_until
from tools.chaos.replica import make_replica, options

Open = Callable[..., Connection]
TO_THE_SOURCE = ("plain", "sharing", "split")
TAKE = "CALL acquire_quota_token('C', 'EXPORT', @ok)"


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Router]:
    """Give a Router, its source and replica with everything applied."""
    with ExitStack() as stack:
        source, replica = (
            stack.enter_context(Sandbox.start(options(number, "FULL"))) for number in (1, 2)
        )
        found = Router(tmp_path_factory.mktemp("router"), source, replica)
        with closing(connect(replica.url, autocommit=True)) as follower:
            make_replica(follower, source)
        with closing(connect(source.url, autocommit=True)) as root:
            rows(root, "CREATE DATABASE shop")
            apply_everything(f"{source.url}shop")
            rows(root, "CREATE USER app IDENTIFIED BY 'App-1'")
            rows(root, "GRANT ALL ON shop.* TO app")
        assert wait_until(lambda: has_followed(found), 60)
        found.start(stack)
        yield found


def has_followed(router: Router) -> bool:
    """Whether the replica has the source's last account, and so all before it."""
    try:
        with closing(connect(replica_url(router))) as follower:
            return bool(rows(follower, "SHOW GRANTS FOR app"))
    except pymysql.err.MySQLError:
        return False


@pytest.fixture
def root(router: Router) -> Iterator[Connection[Any]]:
    """Give a connection to the source, past Router, with limits that nothing was used of."""
    with closing(connect(f"{router.source.url}shop", autocommit=True)) as root:
        for table in ("quota_usage_records", "tenant_quotas"):
            rows(root, f"DELETE FROM {table}")
        call(root, "define_quota", "T", "UNITS", "TOTAL", 100, None, None)
        call(root, "define_quota", "C", "EXPORT", "CONCURRENT", 100, None, None)
        yield root


@pytest.fixture
def client(router: Router) -> Iterator[Open]:
    """Give a function that connects an application through a route."""
    with ExitStack() as stack:

        def open_client(route: str, **more: Any) -> Connection[Any]:
            url = f"mysql://app:App-1@127.0.0.1:{router.ports[route]}/shop"
            opened: Connection[Any] = connect(url, autocommit=True, **more)
            stack.callback(close, opened)
            return opened

        yield open_client


def close(connection: Connection[Any]) -> None:
    if connection.open:  # the test may have closed it
        connection.close()


def consume(connection: Connection[Any], key: str) -> SimpleNamespace:
    return call(connection, "consume_quota", "T", "UNITS", 1, "ORDER", key, None)


def used(root: Connection[Any], tenant: str) -> int:
    return int(value(root, "SELECT used_count FROM tenant_quotas WHERE tenant_id = %s", tenant))


def reset(connection: Connection[Any]) -> None:
    """Send COM_RESET_CONNECTION, as a pool does."""
    connection._execute_command(0x1F, b"")  # type: ignore[attr-defined]
    connection._read_ok_packet()  # type: ignore[attr-defined]


@pytest.mark.parametrize("route", TO_THE_SOURCE)
def test_calls_that_answer_with_a_row_are_as_without_router(root, client, route):
    application = client(route)
    assert consume(application, "a").transaction == "OWN"
    assert consume(application, "a").status == "REPLAYED"
    for key, end in (("b", application.rollback), ("c", application.commit)):
        application.begin()
        assert (consume(application, key).status, used(root, "T")) == ("GRANTED", 1)
        end()
    assert sorted(rows(root, "SELECT biz_id FROM quota_usage_records")) == [("a",), ("c",)]
    assert call(application, "check_quota", "T", "UNITS", 1, None).used_count == 3


def test_a_splitter_sends_the_call_to_the_source_and_out_parameters_are_lost(root, client):
    application = client("split")
    assert value(application, "SELECT @@server_id") == 2
    rows(application, TAKE)
    assert rows(application, "SELECT @ok, @@server_id") == [(None, 2)]
    assert used(root, "C") == 1, "the token is taken"
    rows(application, "CALL try_consume_quota('T', 'UNITS', 1, 'ORDER', 'k', NULL, @ok, @status)")
    assert rows(application, "SELECT @ok, @status") == [(None, None)]
    assert used(root, "T") == 1


@pytest.mark.parametrize("route", TO_THE_SOURCE)
def test_tokens_answered_with_a_row_are_as_without_router(root, client, route):
    application = client(route)
    for name, status, left in (("take", "GRANTED", 1), ("return", "RELEASED", 0)):
        answer = call(application, f"{name}_quota_token", "C", "EXPORT")
        assert (answer.status, answer.used_count, used(root, "C")) == (status, left, left)


def has_kept_ok(root: Connection[Any]) -> bool:
    """Whether a server connection still has @ok; Router resets one that changes its client."""
    kept = "SELECT 1 FROM performance_schema.user_variables_by_thread WHERE variable_name = 'ok'"
    return bool(rows(root, kept))


def test_sharing_alone_loses_them_when_another_client_comes_in_between(root, client):
    """Router's pool has room for one: what others left in it must go, or nothing is shared."""
    asks = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'app'"
    one, lost, taken = client("sharing"), 0, 0
    while lost < 3:
        assert wait_until(lambda: value(root, asks) <= 1, 30), "idle ones go after 5 seconds"
        rows(one, TAKE)
        taken += 1
        time.sleep(0.2)  # Router takes a connection back a moment after its answer
        with closing(client("sharing")) as other:
            assert value(other, "SELECT @ok") is None, "and nobody reads another's"
        kept = has_kept_ok(root)
        assert value(one, "SELECT @ok") == (1 if kept else None)
        assert used(root, "C") == taken < 100
        lost += not kept


@pytest.mark.parametrize("route", TO_THE_SOURCE)
def test_set_before_the_call_keeps_a_client_on_one_connection(root, client, route):
    one, other = client(route), client(route)
    for each in (one, other):
        rows(each, "SET @ok = NULL")
    for _ in range(3):
        rows(one, TAKE)
        rows(other, TAKE.replace("'C'", "'NOBODY'"))
        assert (value(one, "SELECT @ok"), value(other, "SELECT @ok")) == (1, 0)
    assert used(root, "C") == 3


@pytest.mark.parametrize("route", TO_THE_SOURCE)
def test_so_does_a_transaction(root, client, route):
    one, other = client(route), client(route)
    one.begin()
    rows(one, TAKE)
    rows(other, "SELECT 1")
    assert rows(one, "SELECT @ok, @@server_id") == [(1, 1)]
    one.commit()
    assert used(root, "C") == 1


def test_a_session_that_is_set_to_read_write_is_not_split(root, client):
    application = client("split")
    rows(application, "ROUTER SET access_mode = 'read_write'")
    rows(application, TAKE)
    assert rows(application, "SELECT @ok, @@server_id") == [(1, 1)]


def test_reads_of_the_splitter_come_after_its_own_writes(root, client):
    application = client("split")
    view = "SELECT used_count, @@server_id FROM quota_usage_monitor WHERE tenant_id = 'T'"
    for number in range(1, 6):
        consume(application, f"k{number}")
        assert rows(application, view) == [(number, 2)]


@pytest.mark.parametrize("route", ["sharing", "split"])
def test_several_statements_in_one_are_refused(root, client, route):
    application = client(route, client_flag=CLIENT.MULTI_STATEMENTS)
    with pytest.raises(pymysql.err.MySQLError, match="4501"):
        rows(application, f"{TAKE}; SELECT @ok")
    assert used(root, "C") == 0


def test_the_read_only_port_refuses_calls_that_write_and_answers_reads(root, router, client):
    def is_there() -> bool:
        return bool(rows(client("readonly"), "SELECT 1 FROM tenant_quotas WHERE tenant_id = 'C'"))

    assert wait_until(is_there)
    application = client("readonly")
    for statement in (TAKE, "CALL consume_quota('T', 'UNITS', 1, 'ORDER', 'k', NULL)"):
        with pytest.raises(pymysql.err.MySQLError, match=r"1290.*read_only"):
            rows(application, statement)
    assert call(application, "check_quota", "T", "UNITS", 1, None).status == "GRANTED"
    assert rows(application, "SELECT tenant_id FROM quota_usage_monitor ORDER BY 1")
    assert (used(root, "C"), used(root, "T")) == (0, 0)


@pytest.mark.parametrize("route", TO_THE_SOURCE)
def test_a_reset_connection_undoes_what_is_not_committed_and_nothing_else(root, client, route):
    application = client(route)
    consume(application, "own")
    rows(application, "SET SESSION innodb_lock_wait_timeout = 3")
    application.begin()
    assert consume(application, "joined").transaction == "JOINED"
    reset(application)
    assert rows(root, "SELECT biz_id FROM quota_usage_records") == [("own",)]
    assert value(application, "SELECT @@innodb_lock_wait_timeout") == 50
    again = consume(application, "joined")
    assert (again.status, again.transaction, used(root, "T")) == ("GRANTED", "OWN", 2)


def test_a_reset_connection_keeps_the_active_roles(root, client):
    rows(root, "CREATE ROLE IF NOT EXISTS pool")
    rows(root, "GRANT pool TO app")
    rows(root, "SET DEFAULT ROLE pool TO app")
    application = client("plain")
    for statement, role in (("SET ROLE NONE", "NONE"), ("SET ROLE DEFAULT", "`pool`@`%%`")):
        rows(application, statement)
        reset(application)
        assert value(application, "SELECT CURRENT_ROLE()") == role.replace("%%", "%")
