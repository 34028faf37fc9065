"""The short ways of a consumption decide, answer and write what the general one does."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from tests.holds import lapse, reserve
from tests.support import Quota, Value, at_once, rows, value, wait_until, waiting

NOW = "2030-05-17 12:34:56.789"
THREE: dict[str, dict[str, Value]] = {"HOURLY": {}, "DAILY": {}, "MONTHLY": {}}
COLUMNS = (
    "quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type,"
    " product_code, period_start, origin_tenant_id, created_at"
)

Held = list[tuple[Value, ...]]  # rows of a table

#: Limits of one tenant, and what is special about them. Columns are written by hand.
CASES: dict[str, dict[str, dict[str, Value]]] = {
    "one": {"MONTHLY": {}},
    "one TOTAL": {"TOTAL": {}},
    "one WEEKLY": {"WEEKLY": {}},
    "two": {"DAILY": {"hard_limit": 50}, "MONTHLY": {}},
    "three": THREE,
    "three, none by the clock alone": {"TOTAL": {}, "WEEKLY": {}, "YEARLY": {}},
    "equally tight": {"TOTAL": {"hard_limit": 7}, "DAILY": {"hard_limit": 7}},
    "four": THREE | {"TOTAL": {}},
    "two and tokens": {"DAILY": {}, "MONTHLY": {}, "CONCURRENT": {}},
    "two and a bucket": {"DAILY": {}, "MONTHLY": {}, "RATE": {"refill_per_second": 1}},
    "one is exhausted": THREE | {"DAILY": {"used_count": 100}},
    "one is exhausted by this": THREE | {"DAILY": {"used_count": 97}},
    "one can never hold it": THREE | {"HOURLY": {"hard_limit": 2}},
    "a soft limit is crossed": THREE | {"DAILY": {"soft_limit": 3}},
    "a soft limit was crossed": THREE | {"DAILY": {"soft_limit": 3, "used_count": 4}},
    "one only reports": THREE | {"DAILY": {"enforcement": "SHADOW", "hard_limit": 2}},
    "one covers it": THREE | {"DAILY": {"product_codes": '["BOOK"]'}},
    "one covers it not": THREE | {"DAILY": {"product_codes": '["PEN"]', "used_count": 100}},
    "one has slots": THREE | {"MONTHLY": {"slot_count": 4}},
    "one has ended": THREE | {"DAILY": {"expire_time": "2030-05-17 12:34:56"}},
    "one has not begun": THREE | {"DAILY": {"effective_time": "2030-05-17 12:34:57"}},
    "one was never scheduled": THREE | {"DAILY": {"next_reset_time": None, "period_anchor": None}},
    "one has lapsed": THREE | {"HOURLY": {"next_reset_time": "2030-05-17 12:00:00"}},
    "all have lapsed long ago": {
        kind: {"next_reset_time": "2029-01-01 00:00:00", "used_count": 9} for kind in THREE
    },
    "one ends late": THREE | {"MONTHLY": {"next_reset_time": "2030-06-01 00:00:05"}},
}


def define(quota: Quota, limits: dict[str, dict[str, Value]]) -> None:
    """Insert limits whose periods are open at NOW, with the columns that a case names."""
    ends = {
        "HOURLY": "2030-05-17 13:00:00",
        "DAILY": "2030-05-18 00:00:00",
        "WEEKLY": "2030-05-20 00:00:00",
        "MONTHLY": "2030-06-01 00:00:00",
        "YEARLY": "2031-01-01 00:00:00",
    }
    for limit_type, special in limits.items():
        columns: dict[str, Value] = {"hard_limit": 100}
        if limit_type in ends:
            columns |= {"next_reset_time": ends[limit_type], "period_anchor": "2001-01-01"}
        columns |= special
        rows(
            quota.connection,
            f"INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type, {', '.join(columns)})"
            f" VALUES (%s, %s, %s{', %s' * len(columns)})",
            *(quota.tenant_id, quota.quota_type, limit_type, *columns.values()),
        )


def outcome(quota: Quota, **arguments: Value) -> tuple[SimpleNamespace, Held, Held, Held]:
    """Consume at NOW; return the answer, what ledger and outbox hold then, and the limits' state."""
    answer = quota.consume_at(NOW, **arguments)
    del answer.transaction
    found = rows(
        quota.connection,
        f"SELECT {COLUMNS} FROM quota_usage_records WHERE tenant_id = %s"
        " ORDER BY quota_id, operation_type",
        quota.tenant_id,
    )
    limits = rows(
        quota.connection,
        "SELECT q.limit_type, q.used_count - COALESCE((SELECT SUM(s.remaining) FROM quota_slots AS s"
        " WHERE s.quota_id = q.quota_id AND s.next_reset_time <=> q.next_reset_time), 0),"
        " q.next_reset_time FROM tenant_quotas AS q WHERE q.tenant_id = %s ORDER BY q.quota_id",
        quota.tenant_id,
    )
    alerts = rows(
        quota.connection,
        "SELECT quota_id, period_start, alert_level, used_count FROM quota_alerts"
        " WHERE tenant_id = %s ORDER BY quota_id, alert_level",
        quota.tenant_id,
    )
    return answer, list(found), list(limits), list(alerts)


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("case", CASES)
def test_it_does_what_the_general_way_does(quota: Quota, case: str, key: str | None) -> None:
    quota.define_tenant(zone="UTC")
    define(quota, CASES[case])
    quota.connection.begin()
    general = outcome(quota, amount=3, key=key, product="BOOK")
    quota.connection.rollback()
    assert outcome(quota, amount=3, key=key, product="BOOK") == general
    if key and general[0].success:
        first, *before = general
        answer, *state = outcome(quota, amount=3, key=key, product="BOOK")
        assert (answer.status, state) == ("REPLAYED", before)
        if case != "one has slots":  # what a limit with slots had left is not in the ledger
            assert answer.quota_id == first.quota_id


@pytest.mark.parametrize("beside", [[], ["TOTAL"], ["TOTAL", "YEARLY"]])
@pytest.mark.parametrize(
    "anchor",
    [
        *("2001-01-01 00:00:00", "2020-02-15 10:30:00", "2020-01-28 23:59:59"),
        *("2020-02-29 00:00:00", "2020-01-31 08:00:01", "2031-03-30 00:00:00"),
    ],
)
def test_a_use_counts_in_the_period_that_the_general_way_names(
    quota: Quota, anchor: str, beside: list[str]
) -> None:
    """At several ends of a period each, on its boundaries and off them."""
    quota.define_tenant(zone="UTC")
    kinds = ["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "QUARTERLY", "YEARLY"]
    labels = []
    for kind in kinds:
        end = end_of_period(quota, kind, anchor)
        for moved in (0, 5, 86_400):
            one = quota.sibling(f"{kind[:2]}{moved}")
            one.define_tenant(zone="UTC")
            late = end + timedelta(seconds=moved)
            define(one, {kind: {"period_anchor": anchor, "next_reset_time": late}})
            define(one, {other: {} for other in beside if other != kind})
            quota.connection.begin()
            general = outcome(one, amount=1)
            quota.connection.rollback()
            assert outcome(one, amount=1) == general, (kind, moved)
            labels += [row[8] for row in general[1]]
    assert len(set(labels)) >= len(kinds)


def end_of_period(quota: Quota, kind: str, anchor: str) -> datetime:
    """Return when the period of this kind ends that holds NOW."""
    rows(
        quota.connection,
        "CALL compute_quota_period(%s, %s, %s, @start, @end)",
        *(kind, anchor, NOW),
    )
    end = value(quota.connection, "SELECT CAST(@end AS DATETIME)")
    assert isinstance(end, datetime)
    return end


def test_the_callers_last_insert_id_is_left_alone(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    rows(quota.connection, "SELECT LAST_INSERT_ID(4711)")
    assert quota.consume(3).used_count == 3
    assert value(quota.connection, "SELECT LAST_INSERT_ID()") == 4711


def test_who_waited_while_the_billing_day_moved_counts_in_the_new_period(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    quota.define("MONTHLY", 10, period_anchor="2020-01-01")
    holder, waiter = quota.connect(autocommit=False), quota.connect()
    other = Quota(lambda: holder, quota.tenant_id, quota.quota_type)
    other.define("MONTHLY", 10, period_anchor="2020-01-15")

    def consume(number: int) -> None:
        if number:
            assert wait_until(lambda: waiting(quota, waiter))
            holder.commit()
        else:
            assert quota.consume(4, on=waiter).status == "GRANTED"

    at_once(2, consume)
    start = value(
        quota.connection,
        "SELECT next_reset_time - INTERVAL 1 MONTH FROM tenant_quotas WHERE tenant_id = %s",
        quota.tenant_id,
    )
    assert start.day == 15
    assert quota.ledger(columns="period_start, delta_value") == [(start, 4)]


def test_a_replay_that_comes_first_in_a_new_period_closes_the_old_one(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    define(quota, {"MONTHLY": {}})
    assert quota.consume_at(NOW, 3, key="k").status == "GRANTED"
    assert quota.consume_at("2030-06-01 00:00:00", 3, key="k").status == "REPLAYED"
    assert (quota.used(), sorted(quota.ledger())) == (0, [-3, 3])


def test_a_denial_that_was_told_ends_with_its_period(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    define(quota, {"MONTHLY": {"hard_limit": 1, "used_count": 1}})
    last_moment = "2030-05-31 23:59:59.999999"
    for _ in range(2):
        assert quota.consume_at(last_moment).status == "EXCEEDED"
    assert quota.consume_at("2030-06-01 00:00:00").status == "GRANTED"
    assert quota.used() == 1


def test_a_denial_that_was_told_ends_where_its_limit_does(quota: Quota) -> None:
    quota.define_tenant(zone="UTC")
    define(
        quota, {"MONTHLY": {"hard_limit": 1, "used_count": 1, "expire_time": "2030-05-20 00:00:00"}}
    )
    for _ in range(2):
        assert quota.consume_at("2030-05-19 23:59:59.999999").status == "EXCEEDED"
    assert quota.consume_at("2030-05-20 00:00:00").status == "EXPIRED"


def test_a_denial_that_was_told_ends_where_a_hold_lapses(quota: Quota) -> None:
    quota.define("MONTHLY", 1)
    reserve(quota, 1)
    for _ in range(2):
        assert quota.consume(1).status == "EXCEEDED"
    lapse(quota)
    assert quota.consume(1).status == "GRANTED"
