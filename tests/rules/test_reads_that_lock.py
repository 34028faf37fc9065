"""What docs/privileges.md says of reads that lock, and of what a session may see of calls."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pymysql
import pytest
from pymysql.connections import Connection

from tests.helpers import accounts
from tests.helpers.support import Quota, rows

Account = Callable[[str], Connection]
CHECK = "CALL check_quota('{0}', 'REDEEM_CODE', 1, NULL)"


@pytest.mark.parametrize(
    ("isolation", "read", "is_held_up"),
    [
        ("SERIALIZABLE", CHECK, True),
        ("SERIALIZABLE", "SELECT * FROM quota_usage_monitor WHERE tenant_id = '{0}'", True),
        (
            "READ COMMITTED",
            "SELECT * FROM quota_usage_monitor WHERE tenant_id = '{0}' FOR SHARE",
            True,
        ),
        ("READ COMMITTED", CHECK, False),
        ("REPEATABLE READ", CHECK, False),
    ],
)
def test_a_read_inside_a_transaction(
    quota: Quota, isolation: str, read: str, is_held_up: bool
) -> None:
    quota.define("TOTAL", hard_limit=10)
    reader = quota.connect(autocommit=False)
    rows(reader, f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
    rows(reader, read.format(quota.tenant_id))
    rows(quota.connection, "SET SESSION innodb_lock_wait_timeout = 1")
    if is_held_up:
        with pytest.raises(pymysql.err.OperationalError, match="1205"):
            quota.consume(1)
        reader.rollback()
    assert quota.consume(1).status == "GRANTED"


@pytest.fixture
def account(schema_url: str, prefix: str) -> Iterator[Account]:
    """Give a function that connects as an account that has one of our roles and nothing more."""
    opened = []

    def connect_as(role: str) -> Connection:
        name = f"{prefix}_{role}_{secrets.token_hex(3)}"
        accounts.make_account(schema_url, name, role=f"{prefix}_{role}")
        opened.append(accounts.session(schema_url, name))
        return opened[-1]

    yield connect_as
    for each in opened:
        each.close()


@pytest.mark.parametrize(
    ("isolation", "more"), [("READ COMMITTED", " FOR SHARE"), ("SERIALIZABLE", "")]
)
def test_who_may_only_read_the_views_can_hold_up_those_who_charge(
    quota: Quota, account: Account, isolation: str, more: str
) -> None:
    quota.define("TOTAL", hard_limit=10)
    reader = account("monitor")
    rows(reader, f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
    reader.begin()
    view = "SELECT * FROM quota_usage_monitor WHERE tenant_id = %s"
    rows(reader, view + more, quota.tenant_id)
    rows(quota.connection, "SET SESSION innodb_lock_wait_timeout = 1")
    with pytest.raises(pymysql.err.OperationalError, match="1205"):
        quota.consume(1)
    reader.rollback()
    assert quota.consume(1).status == "GRANTED"


def test_an_application_sees_the_statements_inside_its_own_calls_and_nobody_elses(
    quota: Quota, account: Account
) -> None:
    quota.define("TOTAL", hard_limit=10)
    mine, other = account("app"), account("app")
    for session in (mine, other):
        rows(session, "SET profiling = 1")
    quota.consume(1, key="mine", on=mine)
    profiles = [text for _, _, text in rows(mine, "SHOW PROFILES")]
    assert any("tenant_quotas" in text for text in profiles), profiles
    assert not any("CREATE PROCEDURE" in text for text in profiles)
    assert not any("tenant_quotas" in text for _, _, text in rows(other, "SHOW PROFILES"))
    with pytest.raises(pymysql.err.MySQLError, match="1305"):
        rows(mine, "SHOW CREATE PROCEDURE consume_quota")


def test_check_quota_outside_a_transaction_holds_nobody_up(quota: Quota) -> None:
    quota.define("TOTAL", hard_limit=10)
    reader = quota.connect()
    rows(reader, "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE")
    rows(reader, CHECK.format(quota.tenant_id))
    rows(quota.connection, "SET SESSION innodb_lock_wait_timeout = 1")
    assert quota.consume(1).status == "GRANTED"
