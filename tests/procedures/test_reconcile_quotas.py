"""reconcile_quotas: finds what direct SQL did to the counters, and nothing else."""

import threading
from types import SimpleNamespace

import pymysql
import pytest
from pymysql.connections import Connection

from tests.helpers.support import (
    Quota,
    at_once,
    call,
    no_transaction_is_open,
    rows,
    state_of,
    value,
)


def reconcile(
    quota: Quota, repair: bool = False, on: Connection | None = None, everybody: bool = False
) -> list[SimpleNamespace]:
    with (on or quota.connection).cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.callproc("reconcile_quotas", (None if everybody else quota.tenant_id, repair))
        return [SimpleNamespace(**row) for row in cursor.fetchall()]


def test_procedures_leave_no_drift(quota: Quota) -> None:
    for limit_type in ("DAILY", "MONTHLY", "TOTAL", "CONCURRENT"):
        quota.define(limit_type, 50)
    quota.define("RATE", 50, refill_per_second=1)
    quota.consume(3, key="a")
    call(
        quota.connection, "refund_quota", *(quota.tenant_id, quota.quota_type), 1, "ORDER", "a", "r"
    )
    call(
        quota.connection,
        "reserve_quota",
        *(quota.tenant_id, quota.quota_type),
        5,
        9,
        "O",
        "b",
        None,
    )
    quota.acquire()
    quota.set("DAILY", next_reset_time="2020-01-01")
    assert reconcile(quota) == [], "lapsed and not closed yet is no drift"
    quota.consume(1)
    assert reconcile(quota) == []


def test_a_reset_by_hand_is_reported_and_then_repaired(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(used_count=0)
    (found,) = reconcile(quota)
    assert (found.quota_id, found.tenant_id) == (quota.column("quota_id"), quota.tenant_id)
    assert (found.quota_type, found.limit_type) == (quota.quota_type, "MONTHLY")
    assert (found.used_count, found.ledger_sum, found.drift, found.status) == (0, 4, -4, "DRIFT")
    assert quota.ledger() == [4], "reporting writes nothing"

    (found,) = reconcile(quota, repair=True)
    assert (found.drift, found.status) == (-4, "REPAIRED")
    assert quota.ledger(columns="operation_type, delta_value, current_used, biz_id") == [
        ("CONSUME", 4, 4, None),
        ("ADJUST", -4, 0, None),
    ]
    assert quota.used() == 0, "the counter decides"
    assert reconcile(quota, repair=True) == []


def test_what_scenario_3_closed_is_adjusted_in_the_period_it_closed(quota: Quota) -> None:
    quota.define("DAILY", 10)
    quota.set("DAILY", next_reset_time="2020-05-02 00:00:00")
    quota.consume_at("2020-05-01 12:00:00", 4)
    quota.set("DAILY", used_count=0, next_reset_time="2020-05-03 00:00:00")
    quota.consume_at("2020-05-02 12:00:00", 1)
    assert [each.status for each in reconcile(quota, repair=True)] == ["REPAIRED"]
    by_day = quota.ledger("DAILY", "DAY(period_start), delta_value")
    assert sorted(by_day) == [(1, -4), (1, 4), (2, 1)]


def test_a_deleted_ledger_row_is_found(quota: Quota) -> None:
    quota.define("TOTAL", 10, used=4)
    rows(quota.connection, "DELETE FROM quota_usage_records WHERE tenant_id = %s", quota.tenant_id)
    assert [(each.drift, each.status) for each in reconcile(quota)] == [(4, "DRIFT")]
    reconcile(quota, repair=True)
    quota.assert_adds_up(["TOTAL"])


def test_direct_sql_that_keeps_the_books_is_no_drift(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(used_count=5)
    rows(
        quota.connection,
        "INSERT INTO quota_usage_records (quota_id, tenant_id, operation_type, delta_value)"
        " VALUES (%s, %s, 'CONSUME', 1)",
        *(quota.column("quota_id"), quota.tenant_id),
    )
    assert reconcile(quota) == []


def test_what_valid_slots_hold_is_not_used_and_void_slices_are_drift(quota: Quota) -> None:
    quota.define("DAILY", 100, used=10, slot_count=2)
    lent = quota.used("DAILY") - 10
    assert lent > 0
    assert reconcile(quota) == []
    rows(
        quota.connection,
        "UPDATE quota_slots SET next_reset_time = '2020-01-01' WHERE tenant_id = %s",
        quota.tenant_id,
    )
    assert [(each.used_count, each.drift) for each in reconcile(quota)] == [(10 + lent, lent)]


def test_fewer_tokens_than_leases_hold_are_reported_and_never_repaired(quota: Quota) -> None:
    quota.define("CONCURRENT", 5)
    quota.acquire()
    call(quota.connection, "acquire_quota_lease", *(quota.tenant_id, quota.quota_type), "w", 60)
    assert reconcile(quota) == [], "more tokens than leases are those of acquire_quota_token"
    quota.set("CONCURRENT", used_count=0)
    for repair in (False, True):
        (found,) = reconcile(quota, repair)
        assert (found.used_count, found.ledger_sum, found.drift) == (0, 1, -1)
        assert found.status == "DRIFT"
    rows(quota.connection, "UPDATE quota_reservations SET expires_at = '2020-01-01' WHERE tenant_id = %s",
         quota.tenant_id)  # fmt: skip
    assert reconcile(quota) == []
    rows(quota.connection, "DELETE FROM quota_reservations WHERE tenant_id = %s", quota.tenant_id)


@pytest.mark.parametrize("by_hand", [0, 2])
def test_repairing_counts_the_tokens_of_leases_anew(quota: Quota, by_hand: int) -> None:
    quota.define("CONCURRENT", 5)
    quota.acquire()
    call(quota.connection, "acquire_quota_lease", *(quota.tenant_id, quota.quota_type), "w", 60)
    quota.set("CONCURRENT", leased_count=by_hand)
    assert reconcile(quota) == []
    assert quota.column("leased_count", "CONCURRENT") == by_hand
    assert reconcile(quota, True) == []
    assert quota.column("leased_count", "CONCURRENT") == 1
    assert [quota.release(), quota.release()] == [True, False]


def test_it_looks_at_one_tenant_or_at_all_in_batches(quota: Quota) -> None:
    others = [quota.sibling(str(n)) for n in range(120)]
    for each in (quota, *others):
        each.define("TOTAL", 10)
    others[0].set("TOTAL", used_count=1)
    others[119].set("TOTAL", used_count=2)
    assert reconcile(quota) == []
    found = {each.tenant_id: each.drift for each in reconcile(quota, everybody=True)}
    assert found.items() >= {others[0].tenant_id: 1, others[119].tenant_id: 2}.items()
    assert not {each.tenant_id for each in others[1:119]} & set(found)
    for each in (others[0], others[119]):
        reconcile(each, repair=True)


def test_an_unknown_zone_stops_nobody(quota: Quota) -> None:
    quota.define_tenant()
    quota.define("MONTHLY", 10, used=4)
    quota.set(used_count=1)
    zone = "UPDATE tenants SET time_zone = %s WHERE tenant_id = %s"
    rows(quota.connection, zone, "Mars/Olympus", quota.tenant_id)
    assert [each.drift for each in reconcile(quota, repair=True)] == [-3]
    rows(quota.connection, zone, "SYSTEM", quota.tenant_id)
    assert reconcile(quota) == []


def test_a_quota_without_drift_is_not_waited_for_and_not_locked(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    holder = quota.connect(autocommit=False)
    rows(holder, "SELECT 1 FROM tenant_quotas WHERE tenant_id = %s FOR UPDATE", quota.tenant_id)
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert reconcile(quota) == []
    holder.rollback()


def test_what_looks_like_drift_is_looked_at_again_under_the_lock(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(used_count=9)
    mender = quota.connect(autocommit=False)
    rows(mender, "UPDATE tenant_quotas SET used_count = 4 WHERE tenant_id = %s", quota.tenant_id)
    threading.Timer(0.5, mender.commit).start()
    assert reconcile(quota, repair=True) == [], "it was mended while it waited"
    assert quota.ledger() == [4]


def test_a_quota_that_is_deleted_while_it_waits_is_no_drift(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(used_count=9)
    mender = quota.connect(autocommit=False)
    rows(mender, "DELETE FROM tenant_quotas WHERE tenant_id = %s", quota.tenant_id)
    threading.Timer(0.5, mender.commit).start()
    assert reconcile(quota, repair=True) == []
    ledger = "SELECT delta_value FROM quota_usage_records WHERE tenant_id = %s"
    assert rows(quota.connection, ledger, quota.tenant_id) == [(4,)]


def test_under_load_it_reports_nothing_and_repairs_nothing(quota: Quota) -> None:
    quota.define("TOTAL", 100_000)
    connections = [quota.connect() for _ in range(6)]

    def work(number: int) -> int:
        if number < 4:
            return sum(quota.consume(1, on=connections[number]).success for _ in range(60))
        return sum(len(reconcile(quota, True, on=connections[number])) for _ in range(20))

    *granted, first, second = at_once(6, work)
    assert (first, second) == (0, 0)
    assert quota.used("TOTAL") == sum(granted) == 240
    assert "ADJUST" not in quota.ledger("TOTAL", "operation_type")


def test_two_repairs_at_once_write_one_row(quota: Quota) -> None:
    quota.define("TOTAL", 100, used=50)
    quota.set("TOTAL", used_count=0)
    connections = [quota.connect() for _ in range(6)]
    found = at_once(6, lambda n: len(reconcile(quota, True, on=connections[n])))
    assert sum(found) == 1
    assert quota.ledger("TOTAL") == [50, -50]


def test_inside_a_transaction_it_is_part_of_it(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(used_count=0)
    quota.connection.begin()
    assert [each.status for each in reconcile(quota, repair=True)] == ["REPAIRED"]
    quota.connection.rollback()
    assert quota.ledger() == [4]
    reconcile(quota, repair=True)
    assert no_transaction_is_open(quota.connection)


def test_inside_a_transaction_an_old_snapshot_does_not_make_drift(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(used_count=9)
    quota.connection.begin()
    value(quota.connection, "SELECT COUNT(*) FROM quota_usage_records")
    reconcile(quota, repair=True, on=quota.connect())
    assert reconcile(quota, repair=True) == []
    quota.connection.commit()
    assert quota.ledger() == [4, 5]


@pytest.mark.parametrize(("tenant", "repair"), [("", False), ("x" * 65, False), ("T", None)])
def test_it_refuses_what_means_nothing(quota: Quota, tenant: str, repair: bool | None) -> None:
    with pytest.raises(pymysql.err.MySQLError) as caught:
        call(quota.connection, "reconcile_quotas", tenant, repair)
    assert state_of(caught.value) == ("45001", "invalid_argument")


def test_an_error_while_repairing_leaves_nothing_behind(quota: Quota) -> None:
    quota.define("MONTHLY", 10, used=4)
    quota.set(used_count=0)
    trigger = f"break_{quota.tenant_id}"
    rows(
        quota.connection,
        f"CREATE TRIGGER {trigger} BEFORE INSERT ON quota_usage_records FOR EACH ROW"
        " BEGIN IF NEW.operation_type = 'ADJUST' THEN"
        " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the disk is on fire'; END IF; END",
    )
    try:
        with pytest.raises(pymysql.err.MySQLError, match="the disk is on fire"):
            reconcile(quota, repair=True)
    finally:
        rows(quota.connection, f"DROP TRIGGER {trigger}")
    assert no_transaction_is_open(quota.connection)
    assert quota.ledger() == [4]
