"""What a caller's open transaction refunds or settles holds up no other tenant."""

from __future__ import annotations

import pytest
from pymysql.connections import Connection

from tests.helpers.holds import cancel, confirm, lease, refund, release, renew, reserve
from tests.helpers.support import Quota, rows


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
    if what == "token":
        quota.acquire(on=on)
        return str(quota.release(on=on))
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
        ("token", "True"),
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


@pytest.mark.parametrize("is_old", [False, True])
def test_a_lease_that_is_denied_holds_up_no_neighbours_lease(quota: Quota, is_old: bool) -> None:
    # Their quotas are beside this one in the index of holds, below and above: a gap would reach them.
    below, above = quota.sibling("1"), quota.sibling("2")
    for each in (below, quota, above):
        each.define("CONCURRENT", 1)
    lease(quota)
    session = quota.connect(autocommit=False)
    if is_old:
        rows(session, "SELECT * FROM quota_reservations")
    assert lease(quota, on=session).status == "EXCEEDED"
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert [lease(each).status for each in (below, above)] == ["GRANTED", "GRANTED"]
    session.rollback()
