"""tenant-quota reconcile: exit code 1 while a drift is left."""

from __future__ import annotations

import json

from click.testing import CliRunner, Result

from tenant_quota.cli import main
from tests.helpers.support import Quota, call, rows


def reconcile(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["reconcile", "--url", url, *arguments])


def test_no_drift_is_exit_code_0(schema_url: str, quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    result = reconcile(schema_url, "--tenant", quota.tenant_id)
    assert (result.exit_code, result.output) == (0, "Every counter agrees with its ledger.\n")
    as_json = reconcile(schema_url, "--tenant", quota.tenant_id, "--format", "json")
    assert (as_json.exit_code, json.loads(as_json.output)) == (0, [])


def test_a_drift_is_shown_until_it_is_repaired(schema_url: str, quota: Quota) -> None:
    quota.define("MONTHLY", 10_000, used=4000)
    quota.set(used_count=0)
    mine = ("--tenant", quota.tenant_id)
    shown = reconcile(schema_url, *mine)
    assert shown.exit_code == 1
    line = f"{quota.tenant_id} REDEEM_CODE MONTHLY 0 4,000 -4,000 DRIFT"
    assert line in [" ".join(each.split()) for each in shown.output.splitlines()]
    assert "1 left, 0 repaired" in shown.output
    found = reconcile(schema_url, *mine, "--format", "json")
    assert found.exit_code == 1
    assert json.loads(found.output) == [
        {
            "quota_id": quota.column("quota_id"),
            "tenant_id": quota.tenant_id,
            "quota_type": "REDEEM_CODE",
            "limit_type": "MONTHLY",
            "used_count": 0,
            "ledger_sum": 4000,
            "drift": -4000,
            "status": "DRIFT",
        }
    ]
    repaired = reconcile(schema_url, *mine, "--repair")
    assert repaired.exit_code == 0
    assert "0 left, 1 repaired" in repaired.output
    assert reconcile(schema_url, *mine).exit_code == 0


def test_what_cannot_be_repaired_is_left(schema_url: str, quota: Quota) -> None:
    quota.define("CONCURRENT", 5)
    call(quota.connection, "acquire_quota_lease", quota.tenant_id, quota.quota_type, "w", 60)
    quota.set("CONCURRENT", used_count=0)
    try:
        result = reconcile(schema_url, "--tenant", quota.tenant_id, "--repair")
        assert (result.exit_code, "1 left, 0 repaired" in result.output) == (1, True)
    finally:
        rows(
            quota.connection,
            "DELETE FROM quota_reservations WHERE tenant_id = %s",
            quota.tenant_id,
        )


def test_a_tenant_that_is_not_there_is_told_so(schema_url: str, quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    assert reconcile(schema_url, "--tenant", quota.tenant_id).exit_code == 0
    for more in ((), ("--repair",), ("--format", "json")):
        result = reconcile(schema_url, "--tenant", f"{quota.tenant_id}x", *more)
        assert result.exit_code == 2
        assert f"There is no tenant {quota.tenant_id}x that has limits." in result.output


def test_errors_are_exit_code_2(empty_schema: str, schema_url: str) -> None:
    missing = reconcile(empty_schema)
    assert missing.exit_code == 2
    assert "Run `tenant-quota apply`" in missing.output
    assert reconcile(schema_url, "--tenant", "").exit_code == 2
