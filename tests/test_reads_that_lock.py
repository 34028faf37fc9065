"""What docs/privileges.md says of reads that lock, and of what a session may see of calls."""

from __future__ import annotations

import pymysql
import pytest

from tests.support import Quota, rows

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


def test_check_quota_outside_a_transaction_holds_nobody_up(quota: Quota) -> None:
    quota.define("TOTAL", hard_limit=10)
    reader = quota.connect()
    rows(reader, "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE")
    rows(reader, CHECK.format(quota.tenant_id))
    rows(quota.connection, "SET SESSION innodb_lock_wait_timeout = 1")
    assert quota.consume(1).status == "GRANTED"
