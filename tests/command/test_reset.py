"""tenant-quota reset: the periods that are over, or one quota now; the ledger knows both."""

from __future__ import annotations

from datetime import datetime

import pymysql
import pytest
from click.testing import CliRunner, Result

from tenant_quota.cli import main
from tests.helpers.support import (
    Quota,
    at_once,
    call,
    call_out,
    no_transaction_is_open,
    rows,
    state_of,
    value,
)


def reset(url: str, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["reset", "--url", url, *arguments], input=answer)


def named(quota: Quota, limit_type: str = "MONTHLY") -> list[str]:
    return [
        "--tenant",
        quota.tenant_id,
        "--quota-type",
        quota.quota_type,
        "--limit-type",
        limit_type,
    ]


def test_it_closes_what_is_over_as_the_event_does(schema_url: str, quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(next_reset_time=datetime(2020, 1, 1))
    result = reset(schema_url, "--batch-size", "10")
    assert result.exit_code == 0
    assert result.output.endswith(" closed or scheduled.\n")
    assert quota.used() == 0


def test_while_another_one_runs_it_says_so(schema_url: str, quota: Quota) -> None:
    name = "CONCAT('tenant_quota.reset.', LEFT(SHA2(DATABASE(), 256), 40))"
    assert value(quota.connection, f"SELECT GET_LOCK({name}, 0)") == 1
    result = reset(schema_url)
    assert (result.exit_code, "Another reset is running" in result.output) == (1, True)
    rows(quota.connection, f"DO RELEASE_LOCK({name})")


def test_one_quota_now_is_in_the_ledger_and_the_schedule_stays(
    schema_url: str, quota: Quota
) -> None:
    quota.define("MONTHLY", 10, used=4, period_anchor="2020-01-15 00:00:00")
    quota.define("DAILY", 10)
    quota.consume(1)
    before = quota.column("next_reset_time")
    result = reset(schema_url, *named(quota), "--yes")
    assert result.exit_code == 0, result.output
    assert (
        f"{quota.tenant_id} REDEEM_CODE MONTHLY: 5 used, now 0. Next reset: {before}"
        in result.output
    )
    assert (quota.used(), quota.used("DAILY"), quota.column("next_reset_time")) == (0, 1, before)
    labels = quota.ledger(columns="operation_type, delta_value, current_used, period_start")
    assert labels[-1] == ("RESET", -5, 0, labels[0][3])
    assert quota.consume(10).limit_type == "DAILY"


def test_what_was_used_before_it_can_be_refunded_and_lowers_nothing(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    quota.consume(4, key="before")
    held = call(
        quota.connection, "reserve_quota", quota.tenant_id, quota.quota_type, 3, 60, "O", "h", None
    )
    call_out(
        quota.connection, "reset_quota_now", quota.tenant_id, quota.quota_type, "MONTHLY", outs=4
    )
    quota.consume(2, key="after")
    refund = call(
        quota.connection,
        "refund_quota",
        *(quota.tenant_id, quota.quota_type, 4, "ORDER", "before", "r"),
    )
    assert refund.status == "GRANTED"
    assert (
        call(quota.connection, "cancel_quota_reservation", held.reservation_id).status
        == "CANCELLED"
    )
    assert quota.used() == 2
    quota.assert_adds_up()


def test_a_lapsed_period_is_closed_first_and_the_new_one_is_empty(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(next_reset_time=datetime(2020, 1, 1))
    _, closed, upcoming, _ = call_out(
        quota.connection, "reset_quota_now", quota.tenant_id, quota.quota_type, "MONTHLY", outs=4
    )
    assert (closed, str(upcoming)) == (0, str(quota.column("next_reset_time")))
    assert quota.ledger() == [4, -4, 0]


def test_it_takes_back_what_slots_hold(quota: Quota) -> None:
    quota.define("DAILY", 100, used=10, slot_count=2)
    assert quota.used("DAILY") > 10
    call_out(
        quota.connection, "reset_quota_now", quota.tenant_id, quota.quota_type, "DAILY", outs=4
    )
    assert quota.ledger("DAILY") == [10, -10]
    assert quota.lent("DAILY") == 0


def test_it_asks_first(schema_url: str, quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    refused = reset(schema_url, *named(quota), answer="n\n")
    assert (refused.exit_code, quota.used()) == (1, 4)
    assert f"Set the use of {quota.tenant_id} REDEEM_CODE MONTHLY to 0 now?" in refused.output
    assert reset(schema_url, *named(quota), answer="y\n").exit_code == 0
    assert quota.used() == 0


def test_resets_and_consumers_at_once_lose_nothing(quota: Quota) -> None:
    quota.define("MONTHLY", 100_000)
    connections = [quota.connect() for _ in range(6)]
    who = (quota.tenant_id, quota.quota_type, "MONTHLY")

    def work(number: int) -> int:
        if number < 4:
            return sum(quota.consume(1, on=connections[number]).success for _ in range(50))
        on = connections[number]
        return sum(-call_out(on, "reset_quota_now", *who, outs=4)[1] for _ in range(15))

    left = sum(at_once(6, work))
    assert quota.used() == left
    quota.assert_adds_up()


@pytest.mark.parametrize("limit_type", ["TOTAL", "RATE", "CONCURRENT"])
def test_limits_without_a_period_are_refused(
    schema_url: str, quota: Quota, limit_type: str
) -> None:
    result = reset(schema_url, *named(quota, limit_type), "--yes")
    assert result.exit_code == 2
    assert "has no period to reset" in result.output


def test_half_a_name_or_an_unknown_quota_is_refused(schema_url: str, quota: Quota) -> None:
    for arguments in (named(quota)[:4], [*named(quota), "--batch-size", "5"]):
        assert reset(schema_url, *arguments, "--yes").exit_code == 2
    result = reset(schema_url, *named(quota), "--yes")
    assert (result.exit_code, "There is no quota" in result.output) == (2, True)


def test_an_error_leaves_nothing_behind(quota: Quota) -> None:
    with pytest.raises(pymysql.err.MySQLError) as caught:
        call_out(quota.connection, "reset_quota_now", quota.tenant_id, "", "MONTHLY", outs=4)
    assert state_of(caught.value) == ("45001", "invalid_argument")
    assert no_transaction_is_open(quota.connection)
