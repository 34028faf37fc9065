"""The caller's session is not trusted: what it sets is refused, or has no effect."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pymysql
import pytest
from pymysql.connections import Connection

from tests.helpers.server import connect as connect_to
from tests.helpers.support import (
    Quota,
    call,
    call_out,
    no_transaction_is_open,
    rows,
    state_of,
    value,
)

CLOCKS = [
    "SET timestamp = 1",
    "SET timestamp = UNIX_TIMESTAMP() + 40000000",
    "SET timestamp = UNIX_TIMESTAMP() - 2",
]


@pytest.mark.parametrize("setting", CLOCKS)
def test_a_pinned_clock_is_refused_by_everything_that_reads_it(quota: Quota, setting: str) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.define("RATE", 10, refill_per_second=1)
    quota.define("CONCURRENT", 10)
    rows(quota.connection, setting)
    for refused in (
        lambda: quota.consume(1),
        lambda: quota.check(1),
        quota.acquire,
        quota.release,
        lambda: quota.define("TOTAL", 10),
        quota.define_tenant,
        lambda: call(quota.connection, "reset_due_quotas", 10),
    ):
        with pytest.raises(pymysql.err.MySQLError) as caught:
            refused()
        assert state_of(caught.value) == ("45003", "clock_pinned")
    rows(quota.connection, "SET timestamp = DEFAULT")
    assert (quota.used(), quota.ledger()) == (4, [4])


def test_unique_checks_off_is_refused(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    rows(quota.connection, "SET unique_checks = 0")
    with pytest.raises(pymysql.err.MySQLError, match="unique_checks"):
        quota.consume(1, key="k")
    assert quota.ledger() == []


def test_insert_id_does_not_reach_the_ledger(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    rows(quota.connection, "SET insert_id = 18446744073709551614")
    assert quota.consume(1).status == "GRANTED"
    other = quota.connect()
    assert [quota.consume(1, on=other).status for _ in range(3)] == ["GRANTED"] * 3
    assert len(set(quota.ledger(columns="record_id"))) == 4


def test_insert_id_is_refused_where_a_quota_would_take_it(quota: Quota) -> None:
    rows(quota.connection, "SET insert_id = 18446744073709551614")
    with pytest.raises(pymysql.err.MySQLError, match="insert_id"):
        quota.define("MONTHLY", 10)
    quota.connection = quota.connect()
    assert quota.define("MONTHLY", 10).quota_id < 2**40


HARMLESS = [
    "SET sql_mode = ''",
    "SET sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,HIGH_NOT_PRECEDENCE'",
    "SET sql_mode = 'STRICT_ALL_TABLES,NO_UNSIGNED_SUBTRACTION,REAL_AS_FLOAT,TIME_TRUNCATE_FRACTIONAL'",
    "SET NAMES latin1",
    "SET NAMES gbk",
    "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci",
    "SET collation_connection = 'utf16_general_ci'",
    "SET character_set_results = NULL",
    "SET time_zone = '+13:45'",
    "SET time_zone = 'America/St_Johns'",
    "SET foreign_key_checks = 0",
    "SET completion_type = 'CHAIN'",
    "SET completion_type = 'RELEASE'",
    "SET sql_safe_updates = 1",
    "SET sql_select_limit = 1",
    "SET div_precision_increment = 0",
    "SET group_concat_max_len = 4",
    "SET transaction_isolation = 'SERIALIZABLE'",
    "SET transaction_isolation = 'READ-UNCOMMITTED'",
    "SET sql_auto_is_null = 1",
    "SET max_sp_recursion_depth = 255",
    "SET optimizer_switch = 'derived_merge=off,subquery_to_derived=on,prefer_ordering_index=off'",
    "SET range_optimizer_max_mem_size = 1",
    "SET big_tables = 1",
    "SET default_week_format = 6",
    "SET lc_time_names = 'zh_CN'",
    "SET windowing_use_high_precision = OFF",
    "SET max_execution_time = 1000",
    "SET end_markers_in_json = 1",
    "SET explicit_defaults_for_timestamp = 1",
    "SET sql_big_selects = 0, max_join_size = 1000000",
    "SET tmp_table_size = 1024, max_heap_table_size = 16384",
    "SET default_collation_for_utf8mb4 = utf8mb4_general_ci",
]


def with_setting(quota: Quota, setting: str) -> Connection:
    """Give a session that has this setting; skip where the server does not."""
    session = quota.connect()
    try:
        rows(session, setting)
    except pymysql.err.MySQLError as error:
        if error.args[0] not in (1193, 1227, 1231):  # unknown here, not allowed, no such value
            raise
        pytest.skip(f"this server refuses it: {error.args[1]}")
    return session


@pytest.mark.parametrize("setting", HARMLESS)
def test_other_settings_have_no_effect(quota: Quota, setting: str) -> None:
    quota.define_tenant(zone="Asia/Shanghai")
    quota.define("MONTHLY", 5, soft_limit=4)
    quota.define("DAILY", 4, product_codes=["a-1"])
    quota.define("RATE", 50, refill_per_second=0.001)
    quota.define("CONCURRENT", 2)
    expected = quota.check(3, product="a-1")
    session = with_setting(quota, setting)
    asked = Quota(lambda: session, quota.tenant_id)
    answer = asked.consume(3, key="k", product="a-1")
    assert (answer.status, answer.transaction) == ("GRANTED", "OWN")
    assert (answer.limit_type, answer.remaining) == (expected.limit_type, expected.remaining)
    assert str(answer.next_reset_time) == str(expected.next_reset_time)
    assert no_transaction_is_open(session)
    assert asked.consume(3, key="k", product="a-1").status == "REPLAYED"
    assert asked.consume(2, product="a-1").status == "EXCEEDED"
    assert [asked.acquire() for _ in range(3)] == [True, True, False]
    assert asked.release()
    who = (quota.tenant_id, quota.quota_type)
    assert call(session, "return_quota_token", *who).status == "RELEASED"
    assert no_transaction_is_open(session)
    items = f'[{{"quota_type": "{quota.quota_type}", "amount": 1, "biz_type": "B", "biz_id": "b", "product_code": "a-1"}}]'
    for status in ("GRANTED", "REPLAYED"):
        assert call(session, "consume_quota_batch", quota.tenant_id, items).status == status
    assert (quota.used(), quota.used("DAILY"), quota.ledger("DAILY")) == (4, 4, [3, 1])
    assert asked.define("TOTAL", 9).status == "CREATED"


@pytest.mark.parametrize("slot_count", [0, 2])
@pytest.mark.parametrize("setting", HARMLESS)
def test_other_settings_have_no_effect_on_the_common_case(
    quota: Quota, setting: str, slot_count: int
) -> None:
    quota.define("MONTHLY", 1000, slot_count=slot_count)
    session = with_setting(quota, setting)
    asked = Quota(lambda: session, quota.tenant_id)
    for turn in range(3):
        assert asked.consume(3, key=f"k{turn}").status == "GRANTED"
        assert no_transaction_is_open(session)
    assert asked.consume(3, key="k2").status == "REPLAYED"
    assert [asked.consume(1000).status for _ in range(2)] == ["EXCEEDED", "EXCEEDED"]
    assert no_transaction_is_open(session)
    assert quota.ledger() == [3, 3, 3]


def test_text_arrives_whole_from_another_character_set(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    session = quota.connect(charset="gbk")
    assert quota.consume(1, key="订单七", on=session).status == "GRANTED"
    assert quota.consume(1, key="订单七").status == "REPLAYED"
    assert quota.ledger(columns="biz_id") == ["订单七"]


@pytest.fixture
def application(schema_url: str, connect: Callable[..., Connection]) -> Iterator[Connection]:
    """Give a connection of an account that may EXECUTE the public procedures, and no more."""
    name, password = f"app_{secrets.token_hex(4)}", secrets.token_hex(8)
    admin = connect()
    rows(admin, f"CREATE USER {name}@'%%' IDENTIFIED BY '{password}'")
    for procedure in (
        "consume_quota",
        "try_consume_quota",
        "check_quota",
        "acquire_quota_token",
        "release_quota_token",
    ):
        rows(admin, f"GRANT EXECUTE ON PROCEDURE {procedure} TO {name}@'%%'")
    session = connect_to(schema_url, user=name, password=password, autocommit=True)
    yield session
    session.close()
    rows(admin, f"DROP USER {name}@'%%'")


def test_an_application_needs_execute_and_nothing_else(
    quota: Quota, application: Connection
) -> None:
    quota.define("MONTHLY", 10)
    quota.define("CONCURRENT", 1)
    assert quota.consume(1, key="k", on=application).status == "GRANTED"
    assert quota.acquire(on=application)
    assert quota.release(on=application)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM tenant_quotas",
        "UPDATE tenant_quotas SET used_count = 0",
        "DELETE FROM quota_usage_records",
        "SELECT * FROM quota_usage_monitor",
        "CALL charge_quota('CONSUME', 'T', 'U', 1, NULL, NULL, NULL, @a, NULL, NULL, TRUE, @b,"
        " @c, @d, @e, @f, @g)",
        "CALL settle_quota_period(1, 'SYSTEM', @a)",
        "CALL run_quota_job('reset_due_quotas', NULL, 100)",
        "CALL define_quota('T', 'U', 'TOTAL', 1, NULL, NULL)",
        "CALL reset_due_quotas(1)",
    ],
)
def test_an_application_can_neither_read_nor_write_nor_set_the_time(
    application: Connection, statement: str
) -> None:
    with pytest.raises(pymysql.err.MySQLError) as caught:
        rows(application, statement)
    assert caught.value.args[0] in (1142, 1370), caught.value


def test_a_pinned_clock_does_not_refill_a_bucket_for_an_application(
    quota: Quota, application: Connection
) -> None:
    quota.define("RATE", 1, refill_per_second=0.001)
    assert quota.acquire(on=application)
    rows(application, "SET timestamp = UNIX_TIMESTAMP() + 100000")
    with pytest.raises(pymysql.err.MySQLError, match="clock_pinned"):
        quota.acquire(on=application)
    rows(application, "SET timestamp = DEFAULT")
    assert not quota.acquire(on=application)


def test_a_call_does_not_change_what_the_session_sees_of_itself(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    settings = (
        "SELECT @@SESSION.transaction_isolation, @@SESSION.sql_mode, @@SESSION.autocommit,"
        " @@SESSION.time_zone, @@SESSION.collation_connection, LAST_INSERT_ID()"
    )
    before = rows(quota.connection, settings)
    quota.consume(1)
    quota.consume(100)
    assert rows(quota.connection, settings) == before
    assert value(quota.connection, "SELECT @@SESSION.transaction_read_only") == 0


def test_a_server_that_is_read_only_is_not_written_to(quota: Quota) -> None:
    """Its definer may be one that the server's own check lets through; root is such a one."""
    quota.define("TOTAL", 5, used=1)
    who = (quota.tenant_id, quota.quota_type)
    rows(quota.connection, "SET GLOBAL read_only = ON")
    try:
        assert quota.check().status == "GRANTED"
        for refused in (
            quota.consume,
            quota.acquire,
            quota.release,
            lambda: call_out(
                quota.connection, "try_consume_quota", *who, 1, None, None, None, outs=2
            ),
            lambda: call(quota.connection, "reserve_quota", *who, 1, 60, None, None, None),
            lambda: call(quota.connection, "refund_quota", *who, 1, "ORDER", "k", "r"),
            lambda: call(quota.connection, "reset_due_quotas", 100),
        ):
            with pytest.raises(pymysql.err.MySQLError, match="call the primary") as caught:
                refused()
            assert caught.value.args[0] == 1290
    finally:
        rows(quota.connection, "SET GLOBAL read_only = OFF")
    assert quota.ledger("TOTAL") == [1]
