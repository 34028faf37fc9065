"""tenant-quota reset: the periods that are over, or one quota now; the ledger knows both."""

from __future__ import annotations

from datetime import datetime

import pytest
from click.testing import CliRunner, Result

from tenant_quota.cli import main
from tests.helpers.support import Quota, rows, value


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


def test_it_asks_first(schema_url: str, quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    refused = reset(schema_url, *named(quota), answer="n\n")
    assert (refused.exit_code, quota.used()) == (2, 4)
    assert f"Set the use of {quota.tenant_id} REDEEM_CODE MONTHLY to 0 now?" in refused.output
    assert reset(schema_url, *named(quota), answer="y\n").exit_code == 0
    assert quota.used() == 0


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
