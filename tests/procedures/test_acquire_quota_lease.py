"""acquire_quota_lease: a token until a time; who crashes gives it back without doing anything."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

import pymysql
import pytest

from tests.helpers.holds import holds, lapse, lease, lease_at, release, renew
from tests.helpers.support import (
    Quota,
    at_once,
    call,
    no_transaction_is_open,
    rows,
    state_of,
    value,
)


def test_it_says_yes_until_no_token_is_free(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    before = value(quota.connection, "SELECT UTC_TIMESTAMP(6)")
    first = lease(quota, ttl=30, holder="worker-7")
    assert (first.success, first.status, first.limit_type) == (1, "GRANTED", "CONCURRENT")
    assert (first.hard_limit, first.used_count, first.remaining) == (2, 1, 1)
    assert len(first.lease_id) == 36
    passed = first.expires_at - before - timedelta(seconds=30)
    assert timedelta(0) <= passed < timedelta(seconds=10)
    assert holds(quota, "kind, status, amount, holder, expires_at") == [
        ("LEASE", "HELD", 1, "worker-7", first.expires_at)
    ]
    assert lease(quota).lease_id != first.lease_id
    denied = lease(quota)
    assert (denied.success, denied.status, denied.remaining) == (0, "EXCEEDED", 0)
    assert (denied.lease_id, denied.expires_at) == (None, None)
    assert (quota.used("CONCURRENT"), len(holds(quota))) == (2, 2)
    assert quota.ledger("CONCURRENT") == []


def test_an_id_is_random_and_does_not_tell_the_next_one(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    first, second = lease(quota).lease_id, lease(quota).lease_id
    assert all(UUID(each).version == 4 and str(UUID(each)) == each for each in (first, second))
    # Two ids of UUID() differ in their first part alone: a clock. The last one is the machine.
    assert first[:8] != second[:8]
    assert first[-12:] != second[-12:]


def test_the_answer_has_the_columns_of_the_contract_in_their_order(quota: Quota) -> None:
    quota.define("CONCURRENT")
    assert list(vars(lease(quota))) == [
        *("success", "status", "quota_id", "limit_type", "hard_limit", "used_count", "remaining"),
        *("next_reset_time", "retry_after_ms", "transaction", "lease_id", "expires_at"),
        "expires_in_ms",
    ]


def test_the_time_that_is_left_needs_no_clock(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    rows(quota.connection, "SET time_zone = '+08:00'")
    assert 20_000 < lease(quota, ttl=30).expires_in_ms <= 30_000
    assert lease(quota, ttl=30).expires_in_ms is None, "a denial holds nothing"


def test_a_denial_says_when_the_first_lease_lapses(quota: Quota) -> None:
    child = quota.child()
    quota.define("CONCURRENT", hard_limit=2)
    lease(quota, ttl=900)
    first = lease(quota, ttl=600)
    for denied in (lease(quota), lease(child)):
        assert denied.status == "EXCEEDED"
        assert 500_000 < denied.retry_after_ms <= 600_001
    release(quota, first)
    assert quota.acquire()
    assert 800_000 < lease(quota).retry_after_ms <= 900_001


def test_waiting_does_not_help_where_only_tokens_are_out(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    quota.acquire()
    assert lease(quota).retry_after_ms is None


def test_nothing_defined_or_suspended_is_no(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3)
    quota.define("RATE", hard_limit=3, refill_per_second=1)
    assert lease(quota).status == "NO_QUOTA"
    quota.define("CONCURRENT", hard_limit=3)
    quota.suspend()
    assert lease(quota).status == "SUSPENDED"
    assert (quota.used("CONCURRENT"), holds(quota)) == (0, [])


def test_it_takes_no_other_limit_of_the_type(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=3)
    quota.define("RATE", hard_limit=3, refill_per_second=0.0001)
    quota.define("MONTHLY", hard_limit=3)
    assert lease(quota).status == "GRANTED"
    assert [quota.used(t) for t in ("CONCURRENT", "RATE", "MONTHLY")] == [1, 0, 0]


# Beside acquire_quota_token


def test_leases_and_tokens_share_the_capacity(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    held = lease(quota)
    assert [quota.acquire(), quota.acquire()] == [True, False]
    assert lease(quota).status == "EXCEEDED"
    assert quota.release()
    assert not quota.release(), "the other token is the lease's"
    assert lease(quota).status == "GRANTED"
    assert release(quota, held).status == "RELEASED"
    assert quota.acquire()


def test_a_lapsed_leases_token_is_free_for_acquire_quota_token_too(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    lease(quota)
    assert not quota.acquire()
    lapse(quota)
    assert [quota.acquire(), quota.acquire()] == [True, False]


def test_release_quota_token_takes_no_leases_token_from_an_old_snapshot_either(
    quota: Quota,
) -> None:
    quota.define("CONCURRENT", hard_limit=3)
    session = quota.connect(autocommit=False)
    value(session, "SELECT COUNT(*) FROM quota_reservations")
    lease(quota)
    assert not quota.release(on=session)
    session.commit()
    assert quota.used("CONCURRENT") == 1


def test_tokens_and_leases_at_once_never_take_from_each_other(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=12)
    connections = [quota.connect() for _ in range(16)]

    def work(number: int) -> list[str]:
        mine, kept = connections[number], []
        for _ in range(6):
            if number % 2:
                held = lease(quota, on=mine)
                kept += [str(held.lease_id)] if held.success else []
            else:
                quota.release(on=mine)  # more often than it acquires
                quota.acquire(on=mine)
        return kept

    leases = [each for kept in at_once(16, work) for each in kept]
    assert holds(quota) == ["HELD"] * len(leases)
    assert len(leases) <= quota.used("CONCURRENT") <= 12
    while quota.release():
        pass
    assert quota.used("CONCURRENT") == len(leases), "what is left is held by leases, each once"


# Crashes


def test_a_crashed_holders_token_is_free_at_once_for_the_next(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    worker = quota.connect()
    lost = lease(quota, ttl=1, on=worker)
    worker.close()
    assert lease(quota).status == "EXCEEDED"
    lapses = str(lost.expires_at)
    assert lease_at(quota, str(lost.expires_at - timedelta(microseconds=1))).success == 0
    assert lease_at(quota, lapses).status == "GRANTED"
    assert holds(quota) == ["EXPIRED", "HELD"]
    assert quota.used("CONCURRENT") == 1


def test_time_itself_frees_it(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    lease(quota, ttl=1)
    value(quota.connection, "SELECT SLEEP(1.01)")
    assert lease(quota).status == "GRANTED"


def test_lapsed_leases_come_back_to_a_caller_whose_snapshot_is_older(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    session = quota.connect(autocommit=False)
    value(session, "SELECT COUNT(*) FROM quota_reservations")
    lease(quota)
    lapse(quota)
    assert lease(quota, on=session).status == "GRANTED"
    session.commit()
    assert (quota.used("CONCURRENT"), sorted(holds(quota))) == (1, ["EXPIRED", "HELD"])


def test_a_lease_renewed_since_the_snapshot_hides_no_lapsed_one_behind_it(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    first, _ = lease(quota), lease(quota)
    lapse(quota)
    move = "UPDATE quota_reservations SET expires_at = %s WHERE reservation_id = %s"
    rows(quota.connection, move, "2020-01-01", first.lease_id)
    session = quota.connect(autocommit=False)
    value(session, "SELECT COUNT(*) FROM quota_reservations")
    rows(quota.connection, move, "2099-01-01", first.lease_id)
    assert quota.acquire(on=session)
    session.commit()
    assert (quota.used("CONCURRENT"), sorted(holds(quota))) == (2, ["EXPIRED", "HELD"])


def test_16_acquirers_share_lapsed_tokens_exactly(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=5)
    for _ in range(5):
        lease(quota)
    lapse(quota)
    connections = [quota.connect() for _ in range(16)]
    answers = at_once(16, lambda n: lease(quota, on=connections[n]))
    assert sum(each.success for each in answers) == quota.used("CONCURRENT") == 5
    assert sorted(holds(quota)) == ["EXPIRED"] * 5 + ["HELD"] * 5


# Ancestors


def test_a_parents_tokens_are_shared_by_its_sub_channels(quota: Quota) -> None:
    one, two = quota.child("1"), quota.child("2")
    quota.define("CONCURRENT", hard_limit=3)
    one.define("CONCURRENT", hard_limit=2)
    mine = [lease(one), lease(one), lease(one)]
    assert [each.status for each in mine] == ["GRANTED", "GRANTED", "EXCEEDED"]
    assert mine[0].hard_limit == 2
    theirs = lease(two)
    denied = lease(two)
    assert (theirs.status, denied.status, denied.hard_limit) == ("GRANTED", "EXCEEDED", 3)
    assert (quota.used("CONCURRENT"), one.used("CONCURRENT")) == (3, 2)
    assert release(one, mine[0]).status == "RELEASED"
    assert (quota.used("CONCURRENT"), one.used("CONCURRENT")) == (2, 1)
    assert lease(two).status == "GRANTED"


def test_a_siblings_lapsed_lease_frees_the_parents_token(quota: Quota) -> None:
    one, two = quota.child("1"), quota.child("2")
    quota.define("CONCURRENT", hard_limit=1)
    one.define("CONCURRENT", hard_limit=1)
    lost = lease(one)
    for each in (quota, one):
        lapse(each)
    assert lease(two).status == "GRANTED"
    assert lease(one).status == "EXCEEDED", "the parent's token is the sibling's now"
    assert release(one, lost).status == "EXPIRED"
    assert (quota.used("CONCURRENT"), one.used("CONCURRENT")) == (1, 0)


# Transactions


def test_the_callers_rollback_takes_the_lease_back(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    session = quota.connect(autocommit=False)
    held = lease(quota, on=session)
    assert held.transaction == "JOINED"
    session.rollback()
    assert (quota.used("CONCURRENT"), holds(quota)) == (0, [])
    assert release(quota, held).status == "NOT_FOUND"
    assert lease(quota).status == "GRANTED"
    assert no_transaction_is_open(quota.connection)


# A storm


def test_in_a_storm_of_32_callers_no_more_leases_live_than_there_are_tokens(quota: Quota) -> None:
    tokens = 5
    quota.define("CONCURRENT", hard_limit=tokens)
    connections = [quota.connect() for _ in range(32)]
    grants = [0] * 32

    def work(number: int) -> None:
        mine, chance = connections[number], random.Random(number)
        for _ in range(8):
            held = lease(quota, ttl=1, on=mine)
            if held.success:
                grants[number] += 1
                fate = chance.random()
                if fate < 0.3:
                    renew(quota, held, ttl=1, on=mine)
                if fate < 0.8:  # else it crashed: nobody releases it
                    release(quota, held, on=mine)
                    release(quota, held, on=mine)
            else:
                value(mine, "SELECT SLEEP(%s)", chance.random() / 8)

    at_once(32, work)
    found = rows(
        quota.connection,
        "SELECT created_at, IF(status = 'RELEASED', updated_at, expires_at)"
        " FROM quota_reservations WHERE tenant_id = %s",
        quota.tenant_id,
    )
    assert len(found) == sum(grants) > tokens
    # Both times were read under the quota's lock. An end frees its token before a start at the
    # same moment takes it.
    changes = sorted([(start, 1) for start, _ in found] + [(end, -1) for _, end in found])
    live, most = 0, 0
    for _, change in changes:
        live += change
        most = max(most, live)
    assert most == tokens
    value(quota.connection, "SELECT SLEEP(1.01)")
    again = [lease(quota) for _ in range(tokens + 1)]
    assert [each.success for each in again] == [1] * tokens + [0]
    assert quota.used("CONCURRENT") == holds(quota).count("HELD") == tokens


BAD = [
    ((None, "U", "w", 60), "p_tenant_id is NULL"),
    (("x" * 65, "U", "w", 60), "p_tenant_id is longer than 64 characters"),
    (("T", "", "w", 60), "p_quota_type is blank"),
    (("T", "U", None, 60), "p_holder is NULL"),
    (("T", "U", " ", 60), "p_holder is blank"),
    (("T", "U", "x" * 65, 60), "p_holder is longer than 64 characters"),
    (("T", "U", "w", None), "p_ttl_seconds must be at least 1, not NULL"),
    (("T", "U", "w", 0), "p_ttl_seconds must be at least 1, not 0"),
    (("T", "U", "w", 31536001), "p_ttl_seconds must be at most 31536000"),
]


@pytest.mark.parametrize(("arguments", "why"), BAD)
def test_bad_arguments_are_refused_and_take_nothing(
    quota: Quota, arguments: tuple[object, ...], why: str
) -> None:
    quota.define("CONCURRENT", 10)
    names: dict[object, object] = {"T": quota.tenant_id, "U": quota.quota_type}
    mine = (names.get(each, each) for each in arguments)
    with pytest.raises(pymysql.err.MySQLError, match=why) as caught:
        call(quota.connection, "acquire_quota_lease", *mine)
    assert state_of(caught.value) == ("45001", "invalid_argument")
    assert (quota.used("CONCURRENT"), holds(quota)) == (0, [])
