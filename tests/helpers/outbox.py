"""The outbox quota_alerts of a schema of the tests' own: empty, filled, and what waits in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pymysql.connections import Connection

from tests.helpers.server import connect
from tests.helpers.support import rows, value


@pytest.fixture
def outbox(own_schema: str) -> Iterator[Connection]:
    """Give a connection to that schema, whose outbox is empty."""
    with connect(own_schema, autocommit=True) as connection:
        rows(connection, "DELETE FROM quota_alerts")
        yield connection


def write(connection: Connection, count: int, first: int = 0) -> None:
    """Write so many alerts, a second apart, numbered from ``first``."""
    for number in range(first, first + count):
        rows(
            connection,
            "INSERT INTO quota_alerts (quota_id, tenant_id, quota_type, limit_type, alert_level,"
            " period_start, used_count, hard_limit, soft_limit, created_at)"
            " VALUES (%s, %s, 'REDEEM_CODE', 'MONTHLY', 'WARNING', '2024-02-01', 800, 1000, 750,"
            " '2024-02-29 12:00:00' + INTERVAL %s SECOND)",
            *(number, f"T_{number}", number),
        )


def waiting(connection: Connection) -> int:
    """Return how many alerts are not delivered."""
    return int(value(connection, "SELECT COUNT(*) FROM quota_alerts WHERE delivered_at IS NULL"))
