"""release_quota_lease: gives back its own token, once, and never somebody else's."""

from __future__ import annotations

from types import SimpleNamespace

import pymysql
import pytest

from tests.helpers.holds import holds, lapse, lease, release, reserve
from tests.helpers.support import Quota, at_once, call, state_of, value


def test_its_token_is_free_again(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    held = lease(quota)
    answer = release(quota, held)
    assert (answer.success, answer.status, answer.lease_id) == (1, "RELEASED", held.lease_id)
    assert (answer.used_count, answer.remaining, answer.transaction) == (0, 1, "OWN")
    assert (quota.used("CONCURRENT"), holds(quota)) == (0, ["RELEASED"])
    assert lease(quota).status == "GRANTED"


def test_the_answer_has_the_columns_of_the_contract_in_their_order(quota: Quota) -> None:
    quota.define("CONCURRENT")
    assert list(vars(release(quota, lease(quota)))) == [
        *("success", "status", "quota_id", "limit_type", "hard_limit", "used_count", "remaining"),
        *("next_reset_time", "retry_after_ms", "transaction", "lease_id"),
        *("expires_at", "expires_in_ms"),
    ]


def test_every_ancestors_token_goes_back_with_it(quota: Quota) -> None:
    child = quota.child()
    for each in (quota, child):
        each.define("CONCURRENT", hard_limit=2)
    lease(quota)
    release(child, lease(child))
    assert (quota.used("CONCURRENT"), child.used("CONCURRENT")) == (1, 0)


def test_releasing_twice_frees_nobody_elses_token(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    mine = lease(quota)
    lease(quota)
    release(quota, mine)
    for _ in range(3):
        again = release(quota, mine)
        assert (again.success, again.status, again.used_count) == (1, "REPLAYED", 1)
    assert quota.used("CONCURRENT") == 1


def test_releasing_after_it_lapsed_frees_nobody_elses_token(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    lost = lease(quota)
    lapse(quota)
    lease(quota)  # got the lapsed one's token
    for _ in range(3):
        late = release(quota, lost)
        assert (late.success, late.status) == (0, "EXPIRED")
    assert (quota.used("CONCURRENT"), sorted(holds(quota))) == (1, ["EXPIRED", "HELD"])
    assert lease(quota).status == "EXCEEDED"


def test_a_lapsed_lease_that_nobody_took_comes_back_once(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    lost = lease(quota)
    lapse(quota)
    quota.acquire()
    assert [release(quota, lost).status for _ in range(2)] == ["EXPIRED"] * 2
    assert quota.used("CONCURRENT") == 1, "acquire_quota_token's own"


@pytest.mark.parametrize("has_lapsed", [False, True])
def test_16_connections_that_release_one_lease_free_one_token(
    quota: Quota, has_lapsed: bool
) -> None:
    child = quota.child()
    for each in (quota, child):
        each.define("CONCURRENT", hard_limit=20)
    mine = lease(child)
    if has_lapsed:
        for each in (quota, child):
            lapse(each)
    for _ in range(7):
        lease(child)
        child.acquire()
    connections = [quota.connect() for _ in range(16)]
    answers = at_once(16, lambda n: release(child, mine, on=connections[n]))
    told = ["EXPIRED"] * 16 if has_lapsed else ["RELEASED"] + ["REPLAYED"] * 15
    assert sorted(each.status for each in answers) == sorted(told)
    assert quota.used("CONCURRENT") == child.used("CONCURRENT") == 14


def test_16_connections_that_all_release_too_often_leave_what_is_held(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=8)
    connections = [quota.connect() for _ in range(16)]

    def work(number: int) -> int:
        mine, kept = connections[number], 0
        for turn in range(5):
            held = lease(quota, on=mine)
            if held.success and turn < 4:
                for _ in range(3):
                    release(quota, held, on=mine)
            kept += held.success and turn == 4
        return kept

    kept = sum(at_once(16, work))
    assert quota.used("CONCURRENT") == holds(quota).count("HELD") == kept <= 8


def test_no_such_lease(quota: Quota) -> None:
    quota.define("TOTAL", hard_limit=5)
    hold = reserve(quota)
    for name in ("5b8a7c1e-0000-4000-8000-000000000000", hold.reservation_id):
        answer = release(quota, SimpleNamespace(lease_id=name))
        assert (answer.success, answer.status, answer.quota_id) == (0, "NOT_FOUND", None)
    assert (holds(quota), quota.used("TOTAL")) == (["HELD"], 1)


def test_a_suspended_tenant_can_still_give_back(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    held = lease(quota)
    quota.suspend()
    assert release(quota, held).status == "RELEASED"


def test_the_callers_rollback_leaves_it_held(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    held = lease(quota)
    session = quota.connect(autocommit=False)
    assert release(quota, held, on=session).transaction == "JOINED"
    session.rollback()
    assert (quota.used("CONCURRENT"), holds(quota)) == (1, ["HELD"])


def test_an_old_snapshot_does_not_hide_the_lease(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    session = quota.connect(autocommit=False)
    value(session, "SELECT COUNT(*) FROM quota_reservations")
    held = lease(quota)
    assert release(quota, held, on=session).status == "RELEASED"
    session.commit()
    assert quota.used("CONCURRENT") == 0


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (None, "p_lease_id is NULL"),
        (" ", "p_lease_id is blank"),
        ("x" * 37, "p_lease_id is longer than 36 characters"),
    ],
)
def test_bad_arguments_are_refused(quota: Quota, name: str | None, why: str) -> None:
    with pytest.raises(pymysql.err.MySQLError, match=why) as caught:
        call(quota.connection, "release_quota_lease", name)
    assert state_of(caught.value) == ("45001", "invalid_argument")
