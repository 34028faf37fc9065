"""renew_quota_lease: keeps a token that is still held, and never takes a lapsed one back."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pymysql
import pytest

from tests.helpers.holds import holds, lapse, lease, lease_at, release, renew, reserve, settle_at
from tests.helpers.support import Quota, at_once, call, state_of, value


def as_lease(answer: SimpleNamespace) -> SimpleNamespace:
    """Name the hold that charge_quota answered as the public procedures do."""
    return SimpleNamespace(lease_id=answer.reservation_id, **vars(answer))


def test_it_is_held_for_longer_counted_from_now(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=3)
    held = lease(quota, ttl=600)
    before = value(quota.connection, "SELECT UTC_TIMESTAMP(6)")
    answer = renew(quota, held, ttl=60)
    assert (answer.success, answer.status, answer.lease_id) == (1, "RENEWED", held.lease_id)
    assert (answer.used_count, answer.remaining, answer.transaction) == (1, 2, "OWN")
    passed = answer.expires_at - before - timedelta(seconds=60)
    assert timedelta(0) <= passed < timedelta(seconds=10)
    assert holds(quota, "status, expires_at") == [("HELD", answer.expires_at)]


def test_the_answer_has_the_columns_of_the_contract_in_their_order(quota: Quota) -> None:
    quota.define("CONCURRENT")
    assert list(vars(renew(quota, lease(quota)))) == [
        *("success", "status", "quota_id", "limit_type", "hard_limit", "used_count", "remaining"),
        *("next_reset_time", "retry_after_ms", "transaction", "lease_id", "expires_at"),
        "expires_in_ms",
    ]


def test_the_time_that_is_left_needs_no_clock(quota: Quota) -> None:
    quota.define("CONCURRENT")
    held = lease(quota, ttl=30)
    assert 50_000 < renew(quota, held, ttl=60).expires_in_ms <= 60_000
    lapse(quota)
    assert renew(quota, held).expires_in_ms == 0


def test_a_renewed_lease_keeps_its_token_beyond_its_first_time(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    held = lease_at(quota, "2030-05-10 12:00:00", ttl=60)
    assert settle_at(quota, "2030-05-10 12:00:30", "RENEW", held, ttl=60).status == "RENEWED"
    assert lease_at(quota, "2030-05-10 12:01:29.999999").status == "EXCEEDED"
    late = settle_at(quota, "2030-05-10 12:01:30", "RENEW", held, ttl=60)
    assert (late.success, late.status) == (0, "EXPIRED")
    assert lease_at(quota, "2030-05-10 12:01:30").status == "GRANTED"


def test_every_ancestors_token_is_kept_with_it(quota: Quota) -> None:
    child = quota.child()
    for each in (quota, child):
        each.define("CONCURRENT", hard_limit=1)
    answer = renew(child, lease(child, ttl=1), ttl=600)
    value(quota.connection, "SELECT SLEEP(1.01)")
    assert lease(quota).status == lease(child).status == "EXCEEDED"
    assert holds(quota, "expires_at") == holds(child, "expires_at") == [answer.expires_at]


def test_a_lapsed_lease_is_not_renewed_and_its_token_comes_back(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    held = lease(quota)
    lapse(quota)
    for _ in range(2):
        answer = renew(quota, held)
        assert (answer.success, answer.status, answer.used_count) == (0, "EXPIRED", 0)
    assert holds(quota) == ["EXPIRED"]
    assert lease(quota).status == "GRANTED"
    assert renew(quota, held).status == "EXPIRED"
    assert quota.used("CONCURRENT") == 1


def test_a_lease_that_lapsed_in_part_is_lapsed(quota: Quota) -> None:
    one, two = quota.child("1"), quota.child("2")
    for each in (quota, one):
        each.define("CONCURRENT", hard_limit=1)
    held = lease(one)
    for each in (quota, one):
        lapse(each)
    assert lease(two).status == "GRANTED"  # took the parent's token; the child's is still held
    assert holds(one) == ["HELD"]
    assert renew(one, held).status == "EXPIRED"
    assert (quota.used("CONCURRENT"), one.used("CONCURRENT")) == (1, 0)


def test_a_released_lease_is_not_renewed(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    held = lease(quota)
    release(quota, held)
    answer = renew(quota, held)
    assert (answer.success, answer.status) == (0, "RELEASED")
    assert quota.used("CONCURRENT") == 0


def test_no_such_lease(quota: Quota) -> None:
    quota.define("TOTAL", hard_limit=5)
    hold = reserve(quota)
    for name in ("5b8a7c1e-0000-4000-8000-000000000000", hold.reservation_id):
        answer = renew(quota, SimpleNamespace(lease_id=name))
        assert (answer.success, answer.status, answer.expires_at) == (0, "NOT_FOUND", None)
    assert holds(quota, "expires_at") == [hold.expires_at], "a reservation is not a lease"


def test_the_callers_rollback_takes_the_renewal_back(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    held = lease(quota)
    session = quota.connect(autocommit=False)
    assert renew(quota, held, ttl=9000, on=session).transaction == "JOINED"
    session.rollback()
    assert holds(quota, "expires_at") == [held.expires_at]


def test_a_renewal_that_waits_until_the_lease_has_lapsed_comes_too_late(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    begun = value(quota.connection, "SELECT UTC_TIMESTAMP(6) - INTERVAL 700000 MICROSECOND")
    held = as_lease(lease_at(quota, str(begun), ttl=1))
    holder, session = quota.connect(autocommit=False), quota.connect()
    lock = "SELECT 1 FROM tenant_quotas WHERE tenant_id = %s FOR UPDATE"
    value(holder, lock, quota.tenant_id)

    def work(number: int) -> str:
        if number:
            return str(renew(quota, held, on=session).status)
        value(holder, "SELECT SLEEP(0.4)")
        holder.rollback()
        return "LET GO"

    assert at_once(2, work) == ["LET GO", "EXPIRED"]
    assert quota.used("CONCURRENT") == 0


@pytest.mark.parametrize("early", [0.001, 0.01, 0.03])
def test_of_renewing_and_lapsing_at_the_same_moment_one_wins(quota: Quota, early: float) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    connections = [quota.connect() for _ in range(16)]
    # One second of which most is over already: it lapses while the 16 come.
    begun = value(quota.connection, "SELECT UTC_TIMESTAMP(6) - INTERVAL 700000 MICROSECOND")
    held = as_lease(lease_at(quota, str(begun), ttl=1))
    pause = "SELECT SLEEP(GREATEST(0, TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), %s) / 1e6 - %s))"
    value(quota.connection, pause, held.expires_at, early)

    def work(number: int) -> str:
        if number % 2:
            return str(renew(quota, held, on=connections[number]).status)
        return str(lease(quota, on=connections[number]).status)

    told = at_once(16, work)
    acquired, renewed = told.count("GRANTED"), told.count("RENEWED")
    assert (acquired, renewed) in ((0, 8), (1, 0))
    assert quota.used("CONCURRENT") == holds(quota).count("HELD") == 1


@pytest.mark.parametrize(
    ("name", "ttl", "why"),
    [
        (None, 60, "p_lease_id is NULL"),
        ("", 60, "p_lease_id is blank"),
        ("x" * 37, 60, "p_lease_id is longer than 36 characters"),
        ("x", None, "p_ttl_seconds must be at least 1, not NULL"),
        ("x", 0, "p_ttl_seconds must be at least 1, not 0"),
        ("x", 31536001, "p_ttl_seconds must be at most 31536000"),
    ],
)
def test_bad_arguments_are_refused(
    quota: Quota, name: str | None, ttl: int | None, why: str
) -> None:
    with pytest.raises(pymysql.err.MySQLError, match=why) as caught:
        call(quota.connection, "renew_quota_lease", name, ttl)
    assert state_of(caught.value) == ("45001", "invalid_argument")
