"""One consumption at a time, whatever the limits: it does what the model of the rules does."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from fractions import Fraction

import pymysql
import pytest

from tests.helpers.holds import lapse, reserve
from tests.helpers.model import Model
from tests.helpers.model_data import Answer, Call, Limit, Tenant, period_of
from tests.helpers.model_draws import assert_same
from tests.helpers.support import Quota, Value, at_once, rows, value, wait_until, waiting

NOW = "2030-05-17 12:34:56.789"
THREE: dict[str, dict[str, Value]] = {"HOURLY": {}, "DAILY": {}, "MONTHLY": {}}
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


def modelled(quota: Quota) -> Model:
    """Return the model of what a tenant in UTC has now."""
    found = rows(
        quota.connection,
        "SELECT quota_id, quota_type, limit_type, hard_limit, soft_limit,"
        " enforcement = 'ENFORCE', CAST(product_codes AS CHAR), effective_time, expire_time,"
        " period_anchor, next_reset_time, used_count, COALESCE(refill_per_second, 0),"
        " slot_count, next_alert_count FROM tenant_quotas WHERE tenant_id = %s",
        quota.tenant_id,
    )
    model = Model({quota.tenant_id: Tenant(quota.tenant_id)})
    for quota_id, quota_type, limit_type, hard, soft, enforced, products, *rest in found:
        effective, expire, anchor, next_reset, used, refill, slots, next_alert = rest
        model.limits[quota_id] = Limit(
            quota_id,
            quota.tenant_id,
            timezone.utc,
            quota_type,
            limit_type,
            hard,
            soft,
            bool(enforced),
            products and tuple(json.loads(products)),
            effective,
            expire,
            anchor,
            next_reset,
            used=used,
            refill=Fraction(refill),
            slots=slots,
            next_alert=next_alert,
        )
    return model


def tables(quota: Quota) -> tuple[Held, Held, Held]:
    """Return the ledger, the limits' state and the alerts, as far as the model knows them."""
    ledger = rows(
        quota.connection,
        "SELECT quota_id, operation_type, delta_value, current_used, biz_id, product_code,"
        " period_start, created_at FROM quota_usage_records WHERE tenant_id = %s",
        quota.tenant_id,
    )
    limits = rows(
        quota.connection,
        "SELECT q.quota_id, CAST(q.used_count - COALESCE((SELECT SUM(s.remaining)"
        "   FROM quota_slots AS s"
        "   WHERE s.quota_id = q.quota_id AND s.next_reset_time <=> q.next_reset_time), 0)"
        "   AS SIGNED), q.next_reset_time, q.next_alert_count"
        " FROM tenant_quotas AS q WHERE q.tenant_id = %s",
        quota.tenant_id,
    )
    alerts = rows(
        quota.connection,
        "SELECT quota_id, period_start, alert_level FROM quota_alerts WHERE tenant_id = %s",
        quota.tenant_id,
    )
    return sorted(ledger), sorted(limits), sorted(alerts)


def modelled_tables(model: Model, now: datetime) -> tuple[Held, Held, Held]:
    """Return the same of the model."""
    limits = model.limits
    ledger = [
        (
            *(row.quota_id, row.operation, row.delta),
            None if limits[row.quota_id].slots and row.operation == "CONSUME" else row.current_used,
            *(row.key, row.product, row.period, row.at),
        )
        for row in model.ledger
    ]
    state = [
        (
            each.quota_id,
            each.use(now) if each.limit_type == "RATE" else each.used,
            *(each.next_reset, each.next_alert),
        )
        for each in limits.values()
    ]
    return sorted(ledger), sorted(state), sorted(model.alerts)


def consume_on_both_sides(
    quota: Quota, model: Model, amount: int, key: str | None, joins: bool
) -> Answer:
    """Consume BOOKs at NOW; the answer and the tables are the model's."""
    now = datetime.fromisoformat(f"{NOW}000")
    if joins:
        quota.connection.begin()
    found = vars(quota.consume_at(NOW, amount, key, "BOOK"))
    quota.connection.commit()
    assert found["transaction"] == ("JOINED" if joins else "OWN")
    boundary = found["next_reset_time"]
    found["next_reset_time"] = boundary and datetime.fromisoformat(str(boundary))
    answer = Answer(**{name: found[name] for name in Answer._fields if name in found})
    wanted = Call("CONSUME", quota.tenant_id, quota.quota_type, amount, now, key, "BOOK")
    has_slots = any(each.slots for each in model.limits.values())
    assert_same(answer._replace(success=bool(answer.success)), model.charge(wanted), has_slots)
    assert tables(quota) == modelled_tables(model, now)
    return answer


@pytest.mark.parametrize("joins", [False, True], ids=["OWN", "JOINED"])
@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("case", CASES)
def test_it_does_what_the_model_does(quota: Quota, case: str, key: str | None, joins: bool) -> None:
    quota.define_tenant(zone="UTC")
    define(quota, CASES[case])
    model = modelled(quota)
    answer = consume_on_both_sides(quota, model, 3, key, joins)
    if key and answer.success:
        again = consume_on_both_sides(quota, model, 3, key, joins)
        assert again.status == "REPLAYED"
    consume_on_both_sides(quota, model, 2, key and "another", joins)


@pytest.mark.parametrize("beside", [[], ["TOTAL"], ["TOTAL", "YEARLY"]])
@pytest.mark.parametrize(
    "anchor",
    [
        *("2001-01-01 00:00:00", "2020-02-15 10:30:00", "2020-01-28 23:59:59"),
        *("2020-02-29 00:00:00", "2020-01-31 08:00:01", "2031-03-30 00:00:00"),
    ],
)
def test_a_use_counts_in_the_period_that_the_model_names(
    quota: Quota, anchor: str, beside: list[str]
) -> None:
    """At several ends of a period each, on its boundaries and off them."""
    quota.define_tenant(zone="UTC")
    kinds = ["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "QUARTERLY", "YEARLY"]
    labels = set()
    for kind in kinds:
        _, end = period_of(
            kind, datetime.fromisoformat(anchor), datetime.fromisoformat(f"{NOW}000")
        )
        for moved in (0, 5, 86_400):
            one = quota.sibling(f"{kind[:2]}{moved}")
            one.define_tenant(zone="UTC")
            late = end + timedelta(seconds=moved)
            define(one, {kind: {"period_anchor": anchor, "next_reset_time": late}})
            define(one, {other: {} for other in beside if other != kind})
            model = modelled(one)
            for limit in model.limits.values():  # a period that lies ahead gives way to that of now
                if limit.limit_type == kind and (limit.period() or end) >= end:
                    limit.next_reset = end
            for joins in (False, True):
                consume_on_both_sides(one, model, 1, None, joins)
            labels |= {(kind, row.period) for row in model.ledger}
    assert len(labels) >= len(kinds)


def test_the_callers_last_insert_id_is_left_alone(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    rows(quota.connection, "SELECT LAST_INSERT_ID(4711)")
    assert quota.consume(3).used_count == 3
    assert value(quota.connection, "SELECT LAST_INSERT_ID()") == 4711


def test_the_callers_last_insert_id_is_left_alone_by_an_error(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    assert quota.consume(1, key="k").status == "GRANTED"
    rows(quota.connection, "SELECT LAST_INSERT_ID(4711)")
    with pytest.raises(pymysql.err.MySQLError, match="key_reused"):
        quota.consume(2, key="k")
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
