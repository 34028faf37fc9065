"""try_consume_quota: the same charging, answered in OUT parameters."""

import pymysql
import pytest

from tests.helpers.support import Quota, call_out, rows, state_of


def try_consume(quota: Quota, amount: int, key: str | None) -> tuple[int, str]:
    arguments = (quota.tenant_id, quota.quota_type, amount, "ORDER", key, None)
    return call_out(quota.connection, "try_consume_quota", *arguments, outs=2)


def test_it_charges_as_consume_quota_does(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3)
    quota.define("TOTAL", hard_limit=100)
    assert try_consume(quota, 2, "k1") == (1, "GRANTED")
    assert try_consume(quota, 2, "k1") == (1, "REPLAYED")
    assert quota.consume(2, key="k1").status == "REPLAYED"
    assert try_consume(quota, 2, "k2") == (0, "EXCEEDED")
    assert (quota.used(), quota.ledger(), quota.used("TOTAL")) == (2, [2], 2)


def test_it_sends_no_result_set(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3)
    arguments = (quota.tenant_id, quota.quota_type)
    statement = "CALL try_consume_quota(%s, %s, 1, NULL, NULL, NULL, @ok, @status)"
    assert rows(quota.connection, statement, *arguments) == []


def test_a_trigger_free_stored_program_can_ask_it(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=1)
    statement = (
        "CREATE PROCEDURE try_it_from_sql (OUT p_first VARCHAR(24), OUT p_second VARCHAR(24))"
        " BEGIN DECLARE v_ok BOOLEAN;"
        f" CALL try_consume_quota('{quota.tenant_id}', 'REDEEM_CODE', 1, NULL, NULL, NULL, v_ok, p_first);"
        f" CALL try_consume_quota('{quota.tenant_id}', 'REDEEM_CODE', 1, NULL, NULL, NULL, v_ok, p_second);"
        " END"
    )
    rows(quota.connection, statement)
    try:
        assert call_out(quota.connection, "try_it_from_sql", outs=2) == ("GRANTED", "EXCEEDED")
    finally:
        rows(quota.connection, "DROP PROCEDURE try_it_from_sql")


def test_it_refuses_what_consume_quota_refuses(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3)
    with pytest.raises(pymysql.err.MySQLError) as caught:
        try_consume(quota, 0, None)
    assert state_of(caught.value) == ("45001", "invalid_argument")
