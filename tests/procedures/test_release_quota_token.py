"""release_quota_token: gives back what was taken, and never below zero."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.helpers.holds import lapse, lease, release, renew
from tests.helpers.support import Quota, at_once, call, rows


def test_a_released_token_can_be_acquired_again(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    assert [quota.acquire(), quota.acquire()] == [True, False]
    assert quota.release()
    assert quota.acquire()


def test_releasing_more_than_was_acquired_makes_no_room(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    quota.acquire()
    assert [quota.release() for _ in range(3)] == [True, False, False]
    assert quota.used("CONCURRENT") == 0
    assert [quota.acquire() for _ in range(3)] == [True, True, False]


def test_nothing_defined_is_no(quota: Quota) -> None:
    assert not quota.release()


def test_rate_tokens_are_not_given_back(quota: Quota) -> None:
    quota.define("RATE", hard_limit=2, refill_per_second=0.0001)
    quota.acquire()
    assert not quota.release()
    assert quota.used("RATE") == 1


def test_the_parents_token_goes_back_with_the_childs(quota: Quota) -> None:
    child = quota.child()
    quota.define("CONCURRENT", hard_limit=5)
    child.define("CONCURRENT", hard_limit=5)
    child.acquire()
    quota.acquire()
    assert child.release()
    assert (quota.used("CONCURRENT"), child.used("CONCURRENT")) == (1, 0)
    assert not child.release(), "what the parent took itself is not the child's to give"
    assert quota.used("CONCURRENT") == 1


def test_a_parents_limit_that_lent_nothing_stays_at_zero(quota: Quota) -> None:
    child = quota.child()
    child.define("CONCURRENT", hard_limit=5)
    child.acquire()
    quota.define("CONCURRENT", hard_limit=5)  # defined after the token was taken
    assert child.release()
    assert (quota.used("CONCURRENT"), child.used("CONCURRENT")) == (0, 0)


def test_an_ancestors_token_that_a_lease_holds_is_not_given_back(quota: Quota) -> None:
    child = quota.child()
    child.define("CONCURRENT", hard_limit=5)
    child.acquire()
    quota.define("CONCURRENT", hard_limit=5)  # defined after the token was taken
    lease = (quota.tenant_id, quota.quota_type, "w", 600)
    assert call(quota.connection, "acquire_quota_lease", *lease).status == "GRANTED"
    assert child.release()
    assert (quota.used("CONCURRENT"), child.used("CONCURRENT")) == (1, 0)


def test_a_suspended_tenant_can_still_give_back(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    quota.acquire()
    quota.suspend()
    assert quota.release()


def test_tokens_held_by_leases_are_not_given_back(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=3)
    quota.acquire()
    quota.acquire()
    rows(
        quota.connection,
        "INSERT INTO quota_reservations (reservation_id, quota_id, tenant_id, quota_type, kind,"
        " amount, expires_at) VALUES (UUID(), %s, %s, %s, 'LEASE', 1, '2099-01-01')",
        *(quota.column("quota_id", "CONCURRENT"), quota.tenant_id, quota.quota_type),
    )
    quota.set("CONCURRENT", leased_count=1)
    assert [quota.release(), quota.release()] == [True, False]
    assert quota.used("CONCURRENT") == 1


@pytest.mark.parametrize("ends", [release, renew])
def test_a_token_is_given_back_after_a_lease_has_come_and_gone(
    quota: Quota, ends: Callable[[Quota, SimpleNamespace], object]
) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    held = lease(quota)
    ends(quota, held)
    lapse(quota)
    assert quota.acquire()
    assert quota.release()
    assert [quota.column(each, "CONCURRENT") for each in ("used_count", "leased_count")] == [0, 0]


def test_32_callers_that_take_and_give_back_leave_nothing_taken(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=5)
    connections = [quota.connect() for _ in range(32)]

    def take_and_give(number: int) -> int:
        taken = sum(quota.acquire(on=connections[number]) for _ in range(5))
        given = sum(quota.release(on=connections[number]) for _ in range(taken))
        return taken - given

    assert at_once(32, take_and_give) == [0] * 32
    assert quota.used("CONCURRENT") == 0
