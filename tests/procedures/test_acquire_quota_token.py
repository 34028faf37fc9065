"""acquire_quota_token: scenario 4's contract, without its faults, and a bucket that refills."""

from datetime import datetime, timedelta

import pytest

from tests.helpers.support import Quota, at_once, rows, value, wait_until, waiting


def test_it_says_yes_until_no_token_is_free(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=3)
    assert [quota.acquire() for _ in range(4)] == [True, True, True, False]
    assert quota.used("CONCURRENT") == 3


def test_it_charges_no_other_limit_of_the_type(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=3)
    quota.define("MONTHLY", hard_limit=3)
    quota.define("TOTAL", hard_limit=3)
    assert quota.acquire()
    assert [quota.used(t) for t in ("CONCURRENT", "MONTHLY", "TOTAL")] == [1, 0, 0]
    assert quota.ledger("CONCURRENT") == quota.ledger("MONTHLY") == []


def test_capacity_is_concurrent_tokens_and_none_without_them(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=3)
    quota.set("CONCURRENT", concurrent_tokens=1)
    assert [quota.acquire(), quota.acquire()] == [True, False]
    quota.set("CONCURRENT", concurrent_tokens=None)
    assert not quota.acquire()


def test_concurrent_and_rate_are_taken_together_or_not_at_all(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1)
    quota.define("RATE", hard_limit=5, refill_per_second=0.0001)
    assert [quota.acquire(), quota.acquire()] == [True, False]
    assert (quota.used("CONCURRENT"), quota.used("RATE")) == (1, 1)


def test_nothing_defined_or_suspended_is_no(quota: Quota) -> None:
    assert not quota.acquire()
    quota.define("CONCURRENT", hard_limit=3)
    quota.suspend()
    assert not quota.acquire()
    assert quota.used("CONCURRENT") == 0


def test_a_parents_tokens_are_shared_by_its_sub_channels(quota: Quota) -> None:
    one, two = quota.child("1"), quota.child("2")
    quota.define("CONCURRENT", hard_limit=3)
    one.define("CONCURRENT", hard_limit=2)
    assert [one.acquire(), one.acquire(), one.acquire()] == [True, True, False]
    assert [two.acquire(), two.acquire()] == [True, False]
    assert (quota.used("CONCURRENT"), one.used("CONCURRENT")) == (3, 2)


def test_it_leaves_the_callers_transaction_to_the_caller(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=3)
    quota.connection.begin()
    assert quota.acquire()
    quota.connection.rollback()
    assert quota.used("CONCURRENT") == 0


def test_32_callers_get_exactly_the_tokens_there_are(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=20)
    connections = [quota.connect() for _ in range(32)]
    answers = at_once(32, lambda n: [quota.acquire(on=connections[n]) for _ in range(3)])
    assert sum(map(sum, answers)) == 20
    assert quota.used("CONCURRENT") == 20


# RATE: a token bucket


def test_a_bucket_that_was_filled_while_a_call_waited_is_not_filled_again(quota: Quota) -> None:
    """A statement that waits keeps the time at which it began, before the other's."""
    quota.define("RATE", hard_limit=2, refill_per_second=1)
    first, second = quota.connect(autocommit=False), quota.connect()
    one = "UPDATE tenant_quotas SET used_count = 0, refilled_at = %s WHERE tenant_id = %s"
    later = value(first, "SELECT CAST(UTC_TIMESTAMP(6) + INTERVAL 30 SECOND AS CHAR)")
    rows(first, one, later, quota.tenant_id)

    def work(number: int) -> bool:
        if number == 0:
            return quota.acquire(on=second)
        assert wait_until(lambda: waiting(quota, second))
        first.commit()
        return True

    assert at_once(2, work) == [True, True]
    assert str(quota.column("refilled_at", "RATE")) == later
    assert [quota.acquire(), quota.acquire()] == [True, False]


START = datetime(2030, 1, 1)


def grants(quota: Quota, offsets: list[float]) -> int:
    return sum(quota.acquire_at(str(START + timedelta(seconds=s))) for s in offsets)


def test_a_bucket_begins_full_and_refills_up_to_its_capacity(quota: Quota) -> None:
    quota.define("RATE", hard_limit=5, refill_per_second=2)
    assert grants(quota, [0] * 7) == 5
    assert grants(quota, [0.499999]) == 0
    assert grants(quota, [0.5, 0.5]) == 1
    assert grants(quota, [1000] * 7) == 5


@pytest.mark.parametrize(
    ("rate", "capacity", "step"),
    [(0.7, 3, 1.13), (3, 10, 0.2), (0.333333, 2, 0.9), (7.77, 5, 0.1), (0.05, 4, 7.0)],
)
def test_over_an_hour_the_grants_are_capacity_plus_rate_times_time(
    quota: Quota, rate: float, capacity: int, step: float
) -> None:
    quota.define("RATE", hard_limit=capacity, refill_per_second=rate)
    seconds = min(3600, 1200 * step)  # some 1,200 calls: an hour where the step allows
    count = int(seconds / step)
    granted = 0
    for number in range(count + 1):
        now = str(START + timedelta(seconds=number * step))
        while quota.acquire_at(now):
            granted += 1
    assert abs(granted - (capacity + rate * count * step)) <= 1


def test_no_fraction_is_lost_or_won_by_frequent_calls(quota: Quota) -> None:
    quota.define("RATE", hard_limit=2, refill_per_second=0.3)
    assert grants(quota, [0, 0]) == 2
    # 1,000 looks within 20 seconds bring what 20 seconds bring, and at no time more.
    granted = 0
    for number in range(1, 1001):
        elapsed = number * 0.02
        granted += quota.acquire_at(str(START + timedelta(seconds=elapsed)))
        assert granted <= elapsed * 0.3 + 1e-9
    assert granted == 6


def test_a_bucket_refills_from_now_on_when_the_clock_has_run_back(quota: Quota) -> None:
    quota.define("RATE", hard_limit=2, refill_per_second=1)
    assert grants(quota, [10, 10]) == 2
    assert grants(quota, [0, 0.9]) == 0, "what was taken stays taken"
    assert grants(quota, [1, 1.5]) == 1
    assert grants(quota, [4, 4, 4]) == 2


def test_consume_takes_amounts_from_the_bucket_and_says_when_to_come_again(quota: Quota) -> None:
    quota.define("RATE", hard_limit=10, refill_per_second=0.5)
    assert quota.consume_at(str(START), 8).remaining == 2
    denied = quota.consume_at(str(START), 4)
    assert (denied.status, denied.retry_after_ms) == ("EXCEEDED", 4000)
    almost = quota.consume_at(str(START + timedelta(milliseconds=3999)), 4)
    assert almost.status == "EXCEEDED"
    assert quota.consume_at(str(START + timedelta(seconds=4)), 4).status == "GRANTED"
    assert quota.consume_at(str(START), 11).retry_after_ms is None


def test_16_callers_never_get_more_than_the_bucket_gives(quota: Quota) -> None:
    quota.define("RATE", hard_limit=20, refill_per_second=50)
    connections = [quota.connect() for _ in range(16)]
    begin = value(quota.connection, "SELECT UTC_TIMESTAMP(6)")
    answers = at_once(16, lambda n: [quota.acquire(on=connections[n]) for _ in range(40)])
    seconds = (value(quota.connection, "SELECT UTC_TIMESTAMP(6)") - begin).total_seconds()
    granted = sum(map(sum, answers))
    assert 20 <= granted <= 20 + 50 * seconds + 1


def test_a_shadow_bucket_never_says_no(quota: Quota) -> None:
    quota.define("RATE", hard_limit=1, refill_per_second=0.0001, enforcement="SHADOW")
    assert [quota.acquire() for _ in range(3)] == [True] * 3
    assert rows(
        quota.connection,
        "SELECT used_count, status_level FROM quota_usage_monitor WHERE tenant_id = %s",
        quota.tenant_id,
    ) == [(1, "EXCEEDED")]


def test_a_shadow_concurrency_limit_counts_on_and_comes_down_again(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=1, enforcement="SHADOW")
    assert [quota.acquire() for _ in range(3)] == [True] * 3
    assert quota.used("CONCURRENT") == 3
    assert [quota.release() for _ in range(4)] == [True] * 3 + [False]
