"""take_quota_token: what acquire_quota_token does, answered with a row."""

from types import SimpleNamespace

from pymysql.connections import Connection

from tests.helpers.holds import lease, release
from tests.helpers.support import Quota, at_once, call


def take(quota: Quota, on: Connection | None = None) -> SimpleNamespace:
    return call(on or quota.connection, "take_quota_token", quota.tenant_id, quota.quota_type)


def test_it_says_yes_until_no_token_is_free(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    first, second, denied = take(quota), take(quota), take(quota)
    assert (first.success, first.status, first.limit_type) == (1, "GRANTED", "CONCURRENT")
    assert (first.hard_limit, first.used_count, first.remaining) == (2, 1, 1)
    assert (second.status, second.used_count, second.remaining) == ("GRANTED", 2, 0)
    assert (denied.success, denied.status, denied.limit_type) == (0, "EXCEEDED", "CONCURRENT")
    assert (denied.used_count, denied.remaining, denied.transaction) == (2, 0, "OWN")
    assert (quota.used("CONCURRENT"), quota.ledger("CONCURRENT")) == (2, [])


def test_the_answer_has_the_columns_of_the_contract_in_their_order(quota: Quota) -> None:
    quota.define("CONCURRENT")
    assert list(vars(take(quota))) == [
        *("success", "status", "quota_id", "limit_type", "hard_limit", "used_count", "remaining"),
        *("next_reset_time", "retry_after_ms", "transaction"),
    ]


def test_nothing_defined_and_suspended_are_told_apart(quota: Quota) -> None:
    assert (take(quota).success, take(quota).status) == (0, "NO_QUOTA")
    quota.define("CONCURRENT")
    quota.suspend()
    assert (take(quota).status, quota.used("CONCURRENT")) == ("SUSPENDED", 0)


def test_what_is_left_is_of_the_limit_that_is_shown(quota: Quota) -> None:
    child = quota.child()
    quota.define("CONCURRENT", hard_limit=2)
    child.define("CONCURRENT", hard_limit=5)
    answer = take(child)
    assert (answer.hard_limit, answer.remaining) == (2, 1), "the parent's is the tighter one"
    quota.set("CONCURRENT", concurrent_tokens=7)
    assert (take(child).hard_limit, take(child).remaining) == (5, 2)


def test_a_bucket_says_when_a_token_will_have_flowed_back(quota: Quota) -> None:
    quota.define("RATE", hard_limit=1, refill_per_second=0.01)
    assert (take(quota).remaining, quota.used("RATE")) == (0, 1)
    denied = take(quota)
    assert (denied.status, denied.limit_type, denied.remaining) == ("EXCEEDED", "RATE", 0)
    assert 50_000 < denied.retry_after_ms <= 100_000


def test_waiting_helps_where_a_lease_holds_a_token_and_not_where_only_tokens_do(
    quota: Quota,
) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    assert quota.acquire()
    held = lease(quota, ttl=600)
    assert 500_000 < take(quota).retry_after_ms <= 600_001
    release(quota, held)
    assert quota.acquire()
    denied = take(quota)
    assert (denied.status, denied.retry_after_ms) == ("EXCEEDED", None)


def test_no_time_helps_a_limit_without_tokens(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    lease(quota, ttl=600)
    quota.set("CONCURRENT", concurrent_tokens=0)
    assert take(quota).retry_after_ms is None


def test_it_leaves_the_callers_transaction_to_the_caller(quota: Quota) -> None:
    quota.define("CONCURRENT")
    quota.connection.begin()
    assert take(quota).transaction == "JOINED"
    quota.connection.rollback()
    assert quota.used("CONCURRENT") == 0


def test_both_ways_of_asking_share_the_tokens(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=20)
    connections = [quota.connect() for _ in range(8)]

    def work(number: int) -> int:
        mine = connections[number]
        return sum(quota.acquire(on=mine) + take(quota, on=mine).success for _ in range(3))

    assert sum(at_once(8, work)) == quota.used("CONCURRENT") == 20
