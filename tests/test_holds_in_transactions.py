"""What a caller's open transaction refunds or settles holds up no other tenant."""

from __future__ import annotations

import pytest
from pymysql.connections import Connection

from tests.holds import cancel, confirm, lease, refund, release, renew, reserve
from tests.support import Quota, rows


def do(quota: Quota, what: str, on: Connection) -> str:
    """Let an open transaction do one thing, to the newest hold or consumption there is."""
    if what == "consume":
        return str(quota.consume(1, key="zz", on=on).status)
    if what == "refund":
        quota.consume(1, key="zz")
        return str(refund(quota, "zz", "r", on=on).status)
    if what in ("confirm", "cancel"):
        hold = reserve(quota, 1, "zz")
        return str((confirm if what == "confirm" else cancel)(quota, hold, on=on).status)
    if what in ("release", "renew"):
        held = lease(quota)
        return str((release if what == "release" else renew)(quota, held, on=on).status)
    return str(reserve(quota, 101, "zz", on=on).status)


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("consume", "GRANTED"),
        ("refund", "GRANTED"),
        ("confirm", "CONFIRMED"),
        ("cancel", "CANCELLED"),
        ("release", "RELEASED"),
        ("renew", "RENEWED"),
        ("denial", "EXCEEDED"),
    ],
)
def test_a_neighbour_consumes_reserves_and_leases_meanwhile(
    quota: Quota, what: str, status: str
) -> None:
    neighbour = quota.sibling()
    for each in (quota, neighbour):
        each.define("MONTHLY", 100)
        each.define("CONCURRENT", 100)
    session = quota.connect(autocommit=False)
    if what == "refund":  # at REPEATABLE READ it locks the gap behind its key: refund_quota says so
        rows(session, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    assert do(quota, what, session) == status
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert neighbour.consume(1, key="a").status == "GRANTED"
    assert reserve(neighbour, 1, "b").status == "GRANTED"
    assert lease(neighbour).status == "GRANTED"
    session.rollback()
