"""expire_quota_reservations: the sweep that the event calls; it gives back what has lapsed."""

from __future__ import annotations

import pymysql
import pytest

from tests.helpers.holds import (
    cancel,
    confirm,
    holds,
    in_utc,
    lapse,
    lease,
    period_use,
    release,
    reserve,
    reserve_at,
    sweep_at,
)
from tests.helpers.support import Quota, at_once, call, rows, state_of, value


@pytest.fixture(autouse=True)
def _nothing_else_has_lapsed(quota: Quota) -> None:
    """Forget what other tests left behind in the shared schema."""
    rows(quota.connection, "DELETE FROM quota_reservations")


def sweep(quota: Quota, batch: int = 100) -> tuple[str, int]:
    answer = call(quota.connection, "expire_quota_reservations", batch)
    return answer.status, answer.rows_done


def test_it_gives_back_lapsed_reservations_and_leases_that_nobody_misses(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10, used=1)
    quota.define("CONCURRENT", hard_limit=3)
    hold, held = reserve(quota, 4, "k"), lease(quota)
    lapse(quota)
    reserve(quota, 2, "live")
    answer = call(quota.connection, "expire_quota_reservations", 100)
    assert vars(answer) == {
        "success": 1,
        "status": "DONE",
        "rows_done": 2,
        "transaction": "OWN",
    }
    assert (quota.used(), quota.used("CONCURRENT")) == (3, 0)
    columns = "operation_type, delta_value, current_used, biz_id, reservation_id"
    assert quota.ledger(columns=columns)[-1] == ("EXPIRE", -4, 3, "k", hold.reservation_id)
    assert sorted(holds(quota)) == ["EXPIRED", "EXPIRED", "HELD"]
    assert (confirm(quota, hold).status, release(quota, held).status) == ("EXPIRED", "EXPIRED")
    assert sweep(quota) == ("DONE", 0)
    quota.assert_adds_up()


def test_every_limit_and_ancestor_gets_it_back(quota: Quota) -> None:
    child = quota.child()
    for each in (quota, child):
        each.define("MONTHLY", hard_limit=10)
        each.define("TOTAL", hard_limit=10)
    reserve(child, 4, "k")
    for each in (quota, child):
        lapse(each)
    assert sweep(quota) == ("DONE", 4)
    for each in (quota, child):
        assert (each.used(), each.used("TOTAL")) == (0, 0)
        each.assert_adds_up(["MONTHLY", "TOTAL"])


def test_what_was_held_in_a_closed_period_goes_back_into_it(quota: Quota) -> None:
    in_utc(quota)
    reserve_at(quota, "2030-05-31 23:59:00", 8, "k", ttl=120)
    quota.consume_at("2030-06-01 00:00:30", 2, "june")
    assert sweep_at(quota, "2030-06-01 00:00:59.999999") == 0
    assert sweep_at(quota, "2030-06-01 00:01:00") == 1
    assert quota.used() == 2
    may, june = "2030-05-01 00:00:00", "2030-06-01 00:00:00"
    assert (period_use(quota, may), period_use(quota, june)) == (0, 2)
    quota.assert_adds_up()


def lapsed(quota: Quota, count: int) -> list[Quota]:
    """Give tenants of which each holds a lapsed unit."""
    quotas = [quota.sibling(str(number)) for number in range(count)]
    for each in quotas:
        each.define("TOTAL", hard_limit=10)
        reserve(each, 1, "k")
        lapse(each)
    return quotas


def test_it_works_in_batches_until_nothing_is_left(quota: Quota) -> None:
    quotas = lapsed(quota, 7)
    assert sweep(quota, batch=2) == ("DONE", 7)
    assert [each.used("TOTAL") for each in quotas] == [0] * 7


@pytest.mark.parametrize("batch", [1, 100])
def test_it_neither_waits_for_a_quota_that_somebody_holds_nor_stops_there(
    quota: Quota, batch: int
) -> None:
    quotas = lapsed(quota, 3)
    holder = quota.connect(autocommit=False)
    lock = "SELECT 1 FROM tenant_quotas WHERE quota_id = %s FOR UPDATE"
    rows(holder, lock, quotas[0].column("quota_id", "TOTAL"))
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert sweep(quota, batch) == ("DONE", 2)
    assert [each.used("TOTAL") for each in quotas] == [1, 0, 0]
    holder.rollback()
    assert sweep(quota, batch) == ("DONE", 1)


@pytest.mark.parametrize("batch", [1, 100])
def test_holds_of_a_deleted_quota_neither_loop_forever_nor_stop_the_others(
    quota: Quota, batch: int
) -> None:
    quotas = lapsed(quota, 3)
    rows(quota.connection, "SET max_execution_time = 10000")
    delete = "DELETE FROM tenant_quotas WHERE tenant_id = %s"
    rows(quota.connection, delete, quotas[0].tenant_id)
    assert sweep(quota, batch)[0] == "DONE"
    assert [each.used("TOTAL") for each in quotas[1:]] == [0, 0]
    assert sweep(quota, batch)[0] == "DONE"


def test_a_hold_whose_quota_was_deleted_gives_the_other_limits_units_back(quota: Quota) -> None:
    quota.define("DAILY", hard_limit=10)
    quota.define("TOTAL", hard_limit=10)
    hold = reserve(quota, 4, "k")
    statement = "DELETE FROM tenant_quotas WHERE quota_id = %s"
    rows(quota.connection, statement, quota.column("quota_id", "DAILY"))
    assert cancel(quota, hold).status == "CANCELLED"
    assert quota.used("TOTAL") == 0
    quota.assert_adds_up(["TOTAL"])


def test_one_unknown_zone_does_not_stop_the_others(quota: Quota) -> None:
    quotas = [quota.sibling(str(number)) for number in range(3)]
    for each in quotas:
        each.define_tenant()
        each.define("MONTHLY", hard_limit=10)
        reserve(each, 1, "k")
        lapse(each)
    statement = "UPDATE tenants SET time_zone = %s WHERE tenant_id = %s"
    rows(quota.connection, statement, "Mars/Olympus", quotas[0].tenant_id)
    assert sweep(quota) == ("DONE", 2)
    assert [each.used() for each in quotas] == [1, 0, 0]
    rows(quota.connection, statement, "SYSTEM", quotas[0].tenant_id)
    assert sweep(quota) == ("DONE", 1)


def test_a_second_run_at_the_same_time_is_told_so(quota: Quota) -> None:
    name = value(
        quota.connection,
        "SELECT CONCAT('tenant_quota.expire.', LEFT(SHA2(DATABASE(), 256), 40))",
    )
    lapsed(quota, 1)
    other = quota.connect()
    assert value(other, "SELECT GET_LOCK(%s, 0)", name) == 1
    assert sweep(quota) == ("BUSY", 0)
    assert value(other, "SELECT RELEASE_LOCK(%s)", name) == 1
    assert sweep(quota) == ("DONE", 1)
    assert value(quota.connection, "SELECT IS_FREE_LOCK(%s)", name) == 1


HEARTBEAT = (
    "SELECT started_at, finished_at, rows_done, last_error FROM quota_jobs"
    " WHERE job_name = 'expire_quota_reservations'"
)


def test_it_leaves_a_heartbeat(quota: Quota) -> None:
    lapsed(quota, 2)
    before = value(quota.connection, "SELECT UTC_TIMESTAMP(6)")
    sweep(quota)
    ((started, finished, done, error),) = rows(quota.connection, HEARTBEAT)
    assert before <= started <= finished
    assert (done, error) == (2, None)


def test_an_error_is_kept_in_the_heartbeat_and_the_lock_is_given_back(quota: Quota) -> None:
    (other,) = lapsed(quota, 1)
    trigger = f"break_{quota.tenant_id}"
    rows(
        quota.connection,
        f"CREATE TRIGGER {trigger} BEFORE INSERT ON quota_usage_records FOR EACH ROW"
        " BEGIN IF NEW.operation_type = 'EXPIRE' THEN"
        " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the disk is on fire'; END IF; END",
    )
    try:
        with pytest.raises(pymysql.err.MySQLError, match="the disk is on fire"):
            sweep(quota)
        assert rows(quota.connection, HEARTBEAT)[0][2:] == (0, "the disk is on fire")
        assert (other.used("TOTAL"), holds(other)) == (1, ["HELD"])
    finally:
        rows(quota.connection, f"DROP TRIGGER {trigger}")
    assert sweep(quota) == ("DONE", 1)
    assert rows(quota.connection, HEARTBEAT)[0][2:] == (1, None)


def test_inside_a_transaction_it_is_part_of_it(quota: Quota) -> None:
    quotas = lapsed(quota, 3)
    quota.connection.begin()
    answer = call(quota.connection, "expire_quota_reservations", 2)
    assert (answer.transaction, answer.rows_done) == ("JOINED", 2), "one batch only"
    quota.connection.rollback()
    assert [each.used("TOTAL") for each in quotas] == [1, 1, 1]
    assert [holds(each) for each in quotas] == [["HELD"]] * 3


def test_inside_a_transaction_it_counts_what_it_gave_back_not_what_an_old_snapshot_shows(
    quota: Quota,
) -> None:
    (other,) = lapsed(quota, 1)
    session = quota.connect(autocommit=False)
    value(session, "SELECT COUNT(*) FROM quota_reservations")
    assert sweep(quota) == ("DONE", 1)
    answer = call(session, "expire_quota_reservations", 10)
    session.commit()
    assert answer.rows_done == 0
    assert other.ledger("TOTAL") == [1, -1]


@pytest.mark.parametrize("batch", [None, 0, -5])
def test_a_batch_has_at_least_one_row(quota: Quota, batch: int | None) -> None:
    with pytest.raises(pymysql.err.MySQLError, match="p_batch_size must be at least 1") as caught:
        call(quota.connection, "expire_quota_reservations", batch)
    assert state_of(caught.value) == ("45001", "invalid_argument")


def test_sweeps_and_those_who_need_the_units_at_once_give_each_hold_back_once(
    quota: Quota,
) -> None:
    quota.define("TOTAL", hard_limit=12)
    for number in range(12):
        reserve(quota, 1, f"old-{number}")
    lapse(quota)
    connections = [quota.connect() for _ in range(8)]

    def work(number: int) -> int:
        mine = connections[number]
        if number % 2:
            call(mine, "expire_quota_reservations", 3)
            return 0
        return sum(quota.consume(1, on=mine).success for _ in range(4))

    assert sum(at_once(8, work)) == quota.used("TOTAL") == 12
    assert holds(quota) == ["EXPIRED"] * 12
    assert quota.ledger("TOTAL", "operation_type").count("EXPIRE") == 12
    quota.assert_adds_up(["TOTAL"])
