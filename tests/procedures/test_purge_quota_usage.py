"""purge_quota_usage: what is old and over goes, and every sum stays."""

from datetime import datetime, timedelta

import pymysql
import pytest

from tests.helpers.holds import confirm, holds, refund, reserve
from tests.helpers.support import (
    Quota,
    at_once,
    call,
    no_transaction_is_open,
    rows,
    state_of,
    value,
)

NOW = datetime.utcnow().replace(microsecond=0)
OLD = NOW - timedelta(days=500)


def age(quota: Quota) -> None:
    """Make all that this tenant did, and what ended of it, 500 days older."""
    for table, columns in (
        ("quota_usage_records", ("created_at",)),
        ("quota_reservations", ("created_at", "updated_at", "expires_at")),
    ):
        older = ", ".join(f"{column} = {column} - INTERVAL 500 DAY" for column in columns)
        rows(quota.connection, f"UPDATE {table} SET {older} WHERE tenant_id = %s", quota.tenant_id)


def purge(quota: Quota, days: int = 400, batch: int = 500) -> tuple[str, int]:
    answer = call(quota.connection, "purge_quota_usage", days, batch)
    return answer.status, answer.rows_done


def days_ago(days: int) -> str:
    return str(NOW - timedelta(days=days))


def old_days(quota: Quota, first: int = 500, count: int = 3) -> None:
    """Define 10 a day, and use 1, 2, 3 ... units ``first`` days ago and on the days after."""
    quota.define("DAILY", 10)
    quota.set(
        "DAILY",
        next_reset_time=(NOW - timedelta(days=first - 1)).replace(hour=0, minute=0, second=0),
    )
    for number in range(count):
        quota.consume_at(days_ago(first - number), number + 1, key=f"day {number}")
    quota.consume(1, key="today")


def test_old_closed_periods_go_whole_and_leave_nothing(quota: Quota) -> None:
    old_days(quota)
    assert len(quota.ledger("DAILY")) == 7
    purge(quota)
    # The last old day was closed today: what it used is still to be seen against its RESET.
    assert quota.ledger("DAILY", "operation_type, delta_value") == [
        ("ADJUST", 3),
        ("RESET", -3),
        ("CONSUME", 1),
    ]
    quota.assert_adds_up(["DAILY"])


def test_what_is_young_or_open_stays(quota: Quota) -> None:
    old_days(quota, first=300)
    before = quota.ledger("DAILY", "record_id")
    purge(quota)
    assert quota.ledger("DAILY", "record_id") == before

    quota.define("YEARLY", 10)
    year = value(quota.connection, "SELECT period_anchor FROM tenant_quotas WHERE limit_type = 'YEARLY'"
                 " AND tenant_id = %s", quota.tenant_id)  # fmt: skip
    assert year == datetime(2001, 1, 1)
    quota.consume(1, key="open")
    rows(
        quota.connection,
        "UPDATE quota_usage_records SET created_at = %s WHERE quota_id = %s",
        *(days_ago(30), quota.column("quota_id", "YEARLY")),
    )
    purge(quota, days=5)
    kept = quota.ledger("YEARLY", "operation_type, delta_value")
    assert kept == [("CONSUME", 1)], "its period is open, however old the row"


def test_total_limits_keep_one_row_of_the_sum(quota: Quota) -> None:
    quota.define("TOTAL", 100)
    for days in (900, 800, 700, 450, 20):
        quota.consume_at(days_ago(days), 2, key=str(days))
    for batch in (1, 3):
        purge(quota, batch=batch)
        assert quota.ledger("TOTAL", "operation_type, delta_value, biz_id") == [
            ("ADJUST", 8, None),
            ("CONSUME", 2, "20"),
        ]
    quota.assert_adds_up(["TOTAL"])


@pytest.mark.parametrize("batch", [1, 2, 3, 1000])
def test_every_batch_keeps_the_sum(quota: Quota, batch: int) -> None:
    old_days(quota, count=6)
    rows(quota.connection, "SET @at = '1000-01-01', @id = 0, @quota = 0")
    for _ in range(1000):
        quota.connection.begin()
        rows(
            quota.connection,
            "CALL delete_old_quota_rows(%s, %s, @at, @id, @quota, @gone)",
            batch,
            days_ago(400),
        )
        quota.connection.commit()
        quota.assert_adds_up(["DAILY"])
        if value(quota.connection, "SELECT @quota IS NULL"):
            break
    assert len(quota.ledger("DAILY")) == 3


def test_rows_written_by_hand_are_carried_forward(quota: Quota) -> None:
    quota.define("DAILY", 10)
    quota.set(
        "DAILY",
        used_count=4,
        next_reset_time=OLD.replace(hour=0, minute=0, second=0) + timedelta(days=1),
    )
    rows(
        quota.connection,
        "INSERT INTO quota_usage_records (quota_id, tenant_id, operation_type, delta_value, created_at)"
        " VALUES (%s, %s, 'CONSUME', 4, %s)",
        *(quota.column("quota_id", "DAILY"), quota.tenant_id, OLD),
    )
    quota.consume_at(str(OLD + timedelta(days=2)), 1, key="a")
    quota.consume_at(str(OLD + timedelta(days=4)), 1, key="b")
    purge(quota)
    kinds = quota.ledger("DAILY", "operation_type, delta_value, period_start IS NULL")
    assert ("ADJUST", 4, 1) in kinds
    assert ("ADJUST", -4, 0) in kinds
    quota.assert_adds_up(["DAILY"])
    before = quota.ledger("DAILY", "record_id")
    assert purge(quota)[0] == "DONE"
    assert quota.ledger("DAILY", "record_id") == before, "what is carried is not carried again"


def test_a_key_lives_as_long_as_its_youngest_row(quota: Quota) -> None:
    old_days(quota)
    quota_id = quota.column("quota_id", "DAILY")
    ((start, _),) = rows(
        quota.connection,
        "SELECT period_start, 1 FROM quota_usage_records WHERE quota_id = %s AND biz_id = 'day 1'",
        quota_id,
    )
    refund = (
        "INSERT INTO quota_usage_records (quota_id, tenant_id, operation_type, delta_value,"
        " period_start, biz_type, biz_id, refund_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
    )
    who = (quota_id, quota.tenant_id)
    rows(quota.connection, refund, *who, "REFUND", -1, start, "ORDER", "day 1", "r")
    rows(quota.connection, refund, *who, "RESET", 1, start, None, None, "")
    purge(quota)
    keys = sorted(filter(None, quota.ledger("DAILY", "biz_id")))
    assert keys == ["day 1", "day 1", "today"]
    quota.assert_adds_up(["DAILY"])


def test_rows_of_a_reservation_that_is_still_held_stay(quota: Quota) -> None:
    quota.define("TOTAL", 10)
    held = call(
        quota.connection, "reserve_quota", quota.tenant_id, quota.quota_type, 3, 900, "O", "h", None
    )
    done = call(
        quota.connection, "reserve_quota", quota.tenant_id, quota.quota_type, 2, 900, "O", "d", None
    )
    call(quota.connection, "confirm_quota_reservation", done.reservation_id, None)
    aged = "UPDATE {} SET {} = %s WHERE tenant_id = %s"
    rows(quota.connection, aged.format("quota_usage_records", "created_at"), OLD, quota.tenant_id)
    rows(quota.connection, aged.format("quota_reservations", "updated_at"), OLD, quota.tenant_id)
    count = "SELECT status FROM quota_reservations WHERE tenant_id = %s"
    purge(quota)
    assert len(rows(quota.connection, count, quota.tenant_id)) == 2, "it might still have been held"
    assert sorted(quota.ledger("TOTAL")) == [0, 2, 3], "its key stays as long"
    rows(quota.connection, "UPDATE quota_reservations SET expires_at = %s WHERE tenant_id = %s"
         " AND status = 'CONFIRMED'", OLD, quota.tenant_id)  # fmt: skip
    purge(quota)
    assert quota.ledger("TOTAL", "operation_type, delta_value") in (
        [("CONSUME", 3), ("ADJUST", 2)],
        [("ADJUST", 2), ("CONSUME", 3)],
    )
    assert rows(quota.connection, count, quota.tenant_id) == [("HELD",)]
    cancelled = call(quota.connection, "cancel_quota_reservation", held.reservation_id)
    assert cancelled.status == "CANCELLED"
    quota.assert_adds_up(["TOTAL"])


def test_rows_of_a_hold_that_lapsed_long_ago_unnoticed_stay(quota: Quota) -> None:
    quota.define("TOTAL", 10)
    call(quota.connection, "reserve_quota", quota.tenant_id, quota.quota_type, 3, 9, "O", "h", None)
    for table, columns in (
        ("quota_usage_records", "created_at = %s"),
        ("quota_reservations", "updated_at = %s, expires_at = updated_at"),
    ):
        aged = f"UPDATE {table} SET {columns} WHERE tenant_id = %s"
        rows(quota.connection, aged, OLD, quota.tenant_id)
    purge(quota)
    assert quota.ledger("TOTAL", "operation_type, delta_value, biz_id") == [("CONSUME", 3, "h")]
    call(quota.connection, "expire_quota_reservations", 1000)
    assert quota.used("TOTAL") == 0
    quota.assert_adds_up(["TOTAL"])


def test_a_key_is_kept_as_long_as_its_reservation(quota: Quota) -> None:
    quota.define("TOTAL", 10)
    reserve = (quota.tenant_id, quota.quota_type, 3, 900, "O", "h", None)
    held = call(quota.connection, "reserve_quota", *reserve)
    rows(
        quota.connection,
        "UPDATE quota_usage_records SET created_at = %s WHERE tenant_id = %s",
        *(OLD, quota.tenant_id),
    )
    call(quota.connection, "confirm_quota_reservation", held.reservation_id, None)  # long after
    purge(quota)
    again = call(quota.connection, "reserve_quota", *reserve)
    assert (again.status, again.reservation_id) == ("REPLAYED", held.reservation_id)
    assert quota.used("TOTAL") == 3


def test_a_confirmed_reservation_is_kept_as_long_as_its_key(quota: Quota) -> None:
    quota.define("TOTAL", 10)
    held = call(
        quota.connection, "reserve_quota", quota.tenant_id, quota.quota_type, 3, 900, "O", "h", None
    )
    call(quota.connection, "confirm_quota_reservation", held.reservation_id, None)
    rows(
        quota.connection,
        "UPDATE quota_reservations SET updated_at = %s, expires_at = %s WHERE tenant_id = %s",
        *(OLD, OLD, quota.tenant_id),
    )
    purge(quota)
    again = call(
        quota.connection, "reserve_quota", quota.tenant_id, quota.quota_type, 3, 900, "O", "h", None
    )
    assert (again.status, again.reservation_id) == ("REPLAYED", held.reservation_id)
    assert again.expires_at is not None
    refund = call(
        quota.connection, "refund_quota", quota.tenant_id, quota.quota_type, 1, "O", "h", "r"
    )
    assert refund.status == "GRANTED"


@pytest.mark.parametrize("batch", [1, 2, 3, 500])
@pytest.mark.parametrize("kind", ["refunded", "confirmed"])
def test_a_key_goes_whole_with_its_hold(quota: Quota, kind: str, batch: int) -> None:
    """After each batch the key is as it was, or new: a part of it would answer a call wrongly."""
    quota.define("TOTAL", 100)
    quota.consume(1, key="older")
    if kind == "refunded":
        quota.consume(6, key="k")
    else:
        held = reserve(quota, 6, key="k")
    quota.consume(1, key="between")
    if kind == "refunded":
        refund(quota, "k", "r1", 2)
    else:
        confirm(quota, held, 4)
    quota.consume(1, key="younger")
    age(quota)
    rows(quota.connection, "SET @at = '1000-01-01', @id = 0, @quota = 0")
    while value(quota.connection, "SELECT @quota") is not None:
        rows(quota.connection, "CALL delete_old_quota_rows(%s, %s, @at, @id, @quota, @gone)",
             batch, days_ago(400))  # fmt: skip
        kinds = [row for row in quota.ledger("TOTAL", "operation_type, biz_id") if row[1] == "k"]
        assert (len(kinds), len(holds(quota))) in ((2, kind == "confirmed"), (0, 0))
        quota.assert_adds_up(["TOTAL"])
    assert quota.ledger("TOTAL") == [7]
    again = quota.consume(6, key="k") if kind == "refunded" else reserve(quota, 6, key="k")
    assert again.status == "GRANTED"
    if kind == "refunded":
        assert refund(quota, "k", "r2").status == "GRANTED"
    assert quota.used("TOTAL") == (7 if kind == "refunded" else 13)


@pytest.mark.parametrize("held", ["CONSUME", "REFUND"])
def test_a_key_of_which_somebody_holds_a_row_stays_whole_and_is_not_waited_for(
    quota: Quota, held: str
) -> None:
    quota.define("TOTAL", 100)
    quota.consume(6, key="k")
    refund(quota, "k", "r1", 2)
    age(quota)
    holder = quota.connect()
    holder.begin()
    rows(
        holder,
        "SELECT 1 FROM quota_usage_records WHERE quota_id = %s AND biz_type = 'ORDER'"
        " AND biz_id = 'k' AND operation_type = %s FOR SHARE",
        *(quota.column("quota_id", "TOTAL"), held),
    )
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert purge(quota) == ("DONE", 0)
    assert sorted(quota.ledger("TOTAL")) == [-2, 6]
    holder.rollback()
    assert purge(quota) == ("DONE", 2)
    assert quota.ledger("TOTAL") == [4]


def test_one_key_of_many_sub_channels_is_each_ones_own(quota: Quota) -> None:
    quota.define("TOTAL", 1000)
    children = [quota.child(f"c{number}") for number in range(30)]
    for child in children:
        assert child.consume(1, key="welcome").success
    age(quota)
    young = "UPDATE quota_usage_records SET created_at = %s WHERE tenant_id = %s"
    rows(quota.connection, f"{young} AND origin_tenant_id = %s", days_ago(1), quota.tenant_id,
         children[7].tenant_id)  # fmt: skip
    for batch in (1, 7, 500):
        purge(quota, batch=batch)
        assert sorted(quota.ledger("TOTAL")) == [1, 29]
    assert [child.consume(1, key="welcome").status for child in children[6:9]] == [
        "GRANTED",
        "REPLAYED",
        "GRANTED",
    ]


def test_delivered_alerts_go_when_their_period_is_over(quota: Quota) -> None:
    alert = (
        "INSERT INTO quota_alerts (quota_id, tenant_id, quota_type, limit_type, alert_level,"
        " period_start, hard_limit, delivered_at) VALUES (%s, %s, %s, %s, 'WARNING', %s, 1, %s)"
    )
    for number, (limit_type, start, delivered) in enumerate(
        [
            ("DAILY", days_ago(500), days_ago(450)),  # goes
            ("DAILY", days_ago(501), None),  # not delivered
            ("YEARLY", days_ago(500), days_ago(450)),  # its year may have been open at the cutoff
            ("TOTAL", "1000-01-01", days_ago(450)),  # never over
            ("DAILY", days_ago(300), days_ago(300)),  # young
        ]
    ):
        rows(
            quota.connection,
            alert,
            10**9 + number,
            quota.tenant_id,
            "U",
            limit_type,
            start,
            delivered,
        )
    purge(quota)
    left = "SELECT quota_id - 1000000000 FROM quota_alerts WHERE tenant_id = %s ORDER BY 1"
    assert [number for (number,) in rows(quota.connection, left, quota.tenant_id)] == [1, 2, 3, 4]


def test_it_does_not_wait_for_a_quota_that_somebody_holds(quota: Quota) -> None:
    quota.define("TOTAL", 100)
    quota.consume_at(days_ago(500), 2, key="a")
    holder = quota.connect(autocommit=False)
    rows(holder, "SELECT 1 FROM tenant_quotas WHERE tenant_id = %s FOR UPDATE", quota.tenant_id)
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert purge(quota)[0] == "DONE"
    assert quota.ledger("TOTAL", "operation_type") == ["CONSUME"]
    holder.rollback()
    purge(quota)
    assert quota.ledger("TOTAL", "operation_type") == ["ADJUST"]


def test_purging_while_others_consume_and_refund_loses_nothing(quota: Quota) -> None:
    quotas = [quota.sibling(str(number)) for number in range(4)]
    for each in quotas:
        each.define("TOTAL", 10_000)
        for number in range(30):
            each.consume_at(days_ago(500 - number), 2, key=f"old {number}")
    connections = [quota.connect() for _ in range(6)]

    def work(number: int) -> None:
        on = connections[number]
        for turn in range(30):
            if number < 2:
                call(on, "purge_quota_usage", 400, 7)
            elif number < 4:
                quotas[turn % 4].consume(1, key=f"{number} {turn}", on=on)
            else:
                who = (quotas[turn % 4].tenant_id, quota.quota_type)
                call(on, "refund_quota", *who, 1, "ORDER", f"old {turn}", f"r{number}")

    at_once(6, work)
    call(quota.connection, "purge_quota_usage", 400, 7)
    for each in quotas:
        each.assert_adds_up(["TOTAL"])


def test_a_second_run_is_told_so_and_a_heartbeat_is_left(quota: Quota) -> None:
    name = value(
        quota.connection, "SELECT CONCAT('tenant_quota.purge.', LEFT(SHA2(DATABASE(), 256), 40))"
    )
    other = quota.connect()
    assert value(other, "SELECT GET_LOCK(%s, 0)", name) == 1
    assert purge(quota) == ("BUSY", 0)
    assert value(other, "SELECT RELEASE_LOCK(%s)", name) == 1
    assert purge(quota)[0] == "DONE"
    assert value(quota.connection, "SELECT IS_FREE_LOCK(%s)", name) == 1
    beat = "SELECT finished_at >= started_at FROM quota_jobs WHERE job_name = 'purge_quota_usage'"
    assert value(quota.connection, beat) == 1


def test_an_error_undoes_its_batch_and_is_kept_in_the_heartbeat(quota: Quota) -> None:
    quota.define("TOTAL", 100)
    quota.consume_at(days_ago(500), 2, key="a")
    trigger = f"break_{quota.tenant_id}"
    rows(
        quota.connection,
        f"CREATE TRIGGER {trigger} BEFORE DELETE ON quota_usage_records FOR EACH ROW"
        " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the disk is on fire'",
    )
    try:
        with pytest.raises(pymysql.err.MySQLError, match="the disk is on fire"):
            purge(quota)
    finally:
        rows(quota.connection, f"DROP TRIGGER {trigger}")
    error = "SELECT last_error FROM quota_jobs WHERE job_name = 'purge_quota_usage'"
    assert value(quota.connection, error) == "the disk is on fire"
    assert no_transaction_is_open(quota.connection)
    assert quota.ledger("TOTAL", "operation_type") == ["CONSUME"]


def test_inside_a_transaction_it_is_part_of_it(quota: Quota) -> None:
    quota.define("TOTAL", 100)
    quota.consume_at(days_ago(500), 2, key="a")
    quota.connection.begin()
    assert call(quota.connection, "purge_quota_usage", 400, 10).transaction == "JOINED"
    quota.connection.rollback()
    assert quota.ledger("TOTAL", "operation_type") == ["CONSUME"]


@pytest.mark.parametrize(("days", "batch"), [(None, 1), (0, 1), (1, None), (1, 0)])
def test_it_refuses_what_would_delete_everything_or_nothing(
    quota: Quota, days: int | None, batch: int | None
) -> None:
    with pytest.raises(pymysql.err.MySQLError, match="must be at least 1") as caught:
        call(quota.connection, "purge_quota_usage", days, batch)
    assert state_of(caught.value) == ("45001", "invalid_argument")
    rows(quota.connection, "SET @at = NULL, @id = 0, @quota = NULL")
    rows(quota.connection, "CALL delete_old_quota_rows(1, '2000-01-01', @at, @id, @quota, @gone)")
    assert value(quota.connection, "SELECT @gone") == 0
