"""check_quota: the answer that consume_quota would give, and nothing else."""

import pytest

from tests.helpers.support import Quota, at_once, call, rows


def figures(answer: object) -> dict[str, object]:
    return {name: value for name, value in vars(answer).items() if name != "retry_after_ms"}


@pytest.mark.parametrize("amount", [1, 5, 6, 7])
def test_it_answers_what_consume_then_answers(quota: Quota, amount: int) -> None:
    quota.define("DAILY", hard_limit=5)
    quota.define("MONTHLY", hard_limit=6)
    quota.define("RATE", hard_limit=7, refill_per_second=0.0001)
    checked = quota.check(amount)
    consumed = quota.consume(amount)
    assert figures(checked) == figures(consumed)


def test_it_charges_nothing_and_schedules_nothing(quota: Quota) -> None:
    quota.define("TOTAL", hard_limit=5)
    rows(
        quota.connection,
        "INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type, hard_limit)"
        " VALUES (%s, %s, 'MONTHLY', 5)",
        *(quota.tenant_id, quota.quota_type),
    )
    assert quota.check(2).status == "GRANTED"
    assert (quota.used(), quota.used("TOTAL"), quota.ledger()) == (0, 0, [])
    assert quota.column("next_reset_time") is None


def test_a_lapsed_period_that_was_written_by_hand_is_seen_as_closed_too(quota: Quota) -> None:
    """Such a row has a next_reset_time, and nobody has written its period_start yet."""
    rows(
        quota.connection,
        "INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type, hard_limit, used_count,"
        " next_reset_time) VALUES (%s, %s, 'MONTHLY', 5, 5, NOW() - INTERVAL 1 DAY)",
        *(quota.tenant_id, quota.quota_type),
    )
    checked = quota.check(2)
    assert (checked.status, checked.used_count) == ("GRANTED", 2)
    assert figures(checked) == figures(quota.consume(2))


def test_it_sees_a_lapsed_period_as_closed_without_closing_it(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=5, used=5)
    quota.set(next_reset_time="2020-01-01 00:00:00")
    assert (quota.check(5).status, quota.check(5).used_count) == ("GRANTED", 5)
    assert (quota.used(), quota.ledger()) == (5, [5])


@pytest.mark.parametrize("limit_type", ["HOURLY", "DAILY", "MONTHLY"])
def test_of_a_lapsed_period_it_shows_the_end_of_the_next(quota: Quota, limit_type: str) -> None:
    quota.define(limit_type, hard_limit=5, used=5)
    quota.set(next_reset_time="2020-01-01 00:00:00")
    checked = quota.check(5)
    assert figures(checked) == figures(quota.consume(5))
    assert checked.next_reset_time.year > 2020


def test_it_does_not_wait_for_who_holds_the_quota(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=5)
    holder = quota.connect(autocommit=False)
    quota.consume(3, on=holder)
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert quota.check(5).status == "GRANTED"
    holder.rollback()


@pytest.mark.parametrize("status", ["SUSPENDED", "NO_QUOTA", "PRODUCT_NOT_COVERED"])
def test_it_gives_the_other_denials(quota: Quota, status: str) -> None:
    if status == "SUSPENDED":
        quota.suspend()
    if status == "PRODUCT_NOT_COVERED":
        quota.define("MONTHLY", hard_limit=5, product_codes=["a"])
    assert quota.check(1).status == status


def test_it_says_whose_transaction_it_is_and_leaves_none_behind(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=5)
    assert quota.check(1).transaction == "OWN"
    quota.connection.begin()
    assert quota.check(1).transaction == "JOINED"
    quota.connection.rollback()
    assert quota.check(1).transaction == "OWN"


def test_many_may_ask_at_once(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=5)
    connections = [quota.connect() for _ in range(8)]
    quotas = [Quota(lambda c=c: c, quota.tenant_id) for c in connections]
    assert at_once(8, lambda n: quotas[n].check(1).status) == ["GRANTED"] * 8


def test_it_counts_lapsed_reservations_as_given_back_as_consume_would(quota: Quota) -> None:
    quota.define("MONTHLY", 5)
    reserve = (quota.tenant_id, quota.quota_type, 5, 600, None, None, None)
    assert call(quota.connection, "reserve_quota", *reserve).status == "GRANTED"
    assert quota.check(1).status == "EXCEEDED"
    rows(
        quota.connection,
        "UPDATE quota_reservations SET expires_at = UTC_TIMESTAMP(6) WHERE tenant_id = %s",
        quota.tenant_id,
    )
    checked = quota.check(3)
    assert (checked.status, checked.remaining) == ("GRANTED", 2)
    assert quota.used() == 5, "the look gave nothing back"
    assert figures(quota.consume(3)) == figures(checked)
