"""consume_quota_batch: many items in one call, all of them or none."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pymysql
import pytest
from pymysql.connections import Connection

from tests.helpers.holds import lapse, reserve
from tests.helpers.support import Quota, at_once, call, rows, state_of, wait_until, waiting

Item = dict[str, Any]


def item(amount: int = 1, key: str | None = None, product: str | None = None, **more: Any) -> Item:
    """Return one item of the default quota type."""
    found: Item = {"quota_type": "REDEEM_CODE", "amount": amount, **more}
    if key is not None:
        found.update(biz_type="ORDER", biz_id=key)
    if product is not None:
        found["product_code"] = product
    return found


def batch(quota: Quota, *items: Item, on: Connection | None = None) -> SimpleNamespace:
    arguments = (quota.tenant_id, json.dumps(items))
    return call(on or quota.connection, "consume_quota_batch", *arguments)


def other_type(quota: Quota, quota_type: str) -> Quota:
    return Quota(lambda: quota.connection, quota.tenant_id, quota_type)


def test_every_item_is_charged_with_a_ledger_row_and_key_of_its_own(quota: Quota) -> None:
    quota.define("MONTHLY", 10, product_codes=["a", "b"])
    sms = other_type(quota, "SMS")
    sms.define("TOTAL", 100)
    answer = batch(quota, item(2, "k1", "a"), item(3, "k2", "b"), item(7, "k3", quota_type="SMS"))
    assert (answer.success, answer.status, answer.item_index) == (1, "GRANTED", None)
    assert (answer.limit_type, answer.used_count, answer.remaining) == ("MONTHLY", 5, 5)
    columns = "delta_value, current_used, biz_id, product_code"
    assert sorted(quota.ledger(columns=columns)) == [(2, 2, "k1", "a"), (3, 5, "k2", "b")]
    assert sms.ledger("TOTAL", columns) == [(7, 7, "k3", None)]
    assert quota.consume(2, key="k1", product="a").status == "REPLAYED"


def test_it_answers_one_row_with_the_columns_of_the_contract_and_the_item(quota: Quota) -> None:
    quota.define()
    assert list(vars(batch(quota, item()))) == [
        *("success", "status", "quota_id", "limit_type", "hard_limit", "used_count", "remaining"),
        *("next_reset_time", "retry_after_ms", "transaction", "item_index"),
    ]


def test_a_replay_shows_the_limits_as_they_stand(quota: Quota) -> None:
    """An expired hold counts until it is taken back, and a limit that is not in force is a limit."""
    child = quota.child()
    quota.define("DAILY", 10)
    child.define("MONTHLY", 12)
    assert reserve(child, 5).status == "GRANTED"
    lapse(child)
    items = (item(1, "k1"), item(1, "k2"))
    for session in (child.connection, child.connect(autocommit=False)):
        assert batch(child, *items, on=session).success
        answer = batch(child, *items, on=session)
        assert answer.status == "REPLAYED"
        assert (answer.limit_type, answer.used_count, answer.remaining) == ("DAILY", 7, 3)
    session.commit()
    quota.set("DAILY", hard_limit=100)
    answer = batch(child, *items)
    assert (answer.limit_type, answer.used_count, answer.remaining) == ("MONTHLY", 7, 5)
    quota.set("DAILY", hard_limit=10, effective_time="2099-01-01 00:00:00")
    assert batch(child, *items).limit_type == "DAILY"


def test_a_period_that_ends_between_two_products_keeps_what_it_was_charged(quota: Quota) -> None:
    ((boundary,),) = rows(quota.connection, "SELECT NOW() + INTERVAL 2 SECOND")
    quota.define("HOURLY", 10**6, period_anchor=str(boundary))
    quota.define(
        "TOTAL", 10**6, enforcement="SHADOW", product_codes=["p1"]
    )  # so each product apart
    rows(
        quota.connection,
        "DO SLEEP(TIMESTAMPDIFF(MICROSECOND, NOW(6), %s) / 1000000 - 0.2)",
        boundary,
    )
    answer = batch(quota, *(item(1, f"k{n}", f"p{n}") for n in range(1000)))
    assert answer.status == "GRANTED"
    found = quota.ledger("HOURLY", f"operation_type, period_start = '{boundary}', delta_value")
    charged = [
        [delta for kind, late, delta in found if (kind, late) == ("CONSUME", each)]
        for each in (0, 1)
    ]
    assert sum(charged[0]) > 0 < sum(charged[1])
    assert [delta for kind, _, delta in found if kind == "RESET"] == [-sum(charged[0])]
    assert quota.used("HOURLY") == sum(charged[1])
    quota.assert_adds_up(["HOURLY"])


def test_one_denied_item_denies_all_and_is_named(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    quota.define("DAILY", 6, used=2)
    sms = other_type(quota, "SMS")
    sms.define("TOTAL", 100)
    answer = batch(quota, item(1, quota_type="SMS"), item(2), item(2), item(1))
    assert (answer.success, answer.status, answer.limit_type) == (0, "EXCEEDED", "DAILY")
    assert answer.item_index == 3
    assert answer.retry_after_ms > 0
    assert (quota.used(), quota.used("DAILY"), sms.used("TOTAL")) == (2, 2, 0)
    assert (quota.ledger(), sms.ledger("TOTAL")) == ([2], [])


def test_a_denial_gives_back_what_types_before_it_were_charged(quota: Quota) -> None:
    quota.define("MONTHLY", 1)
    first = other_type(quota, "A")  # types are charged in the order of their names
    first.define("TOTAL", 100)
    answer = batch(quota, item(2), item(1, quota_type="A"))
    assert (answer.status, answer.item_index) == ("EXCEEDED", 0)
    assert (first.used("TOTAL"), first.ledger("TOTAL")) == (0, [])


def test_a_sub_channels_batch_is_replayed_from_its_parents_ledger(quota: Quota) -> None:
    child = quota.child()
    quota.define("MONTHLY", 10)
    assert [batch(child, item(3, "k")).status for _ in range(2)] == ["GRANTED", "REPLAYED"]
    assert quota.ledger() == [3]


@pytest.mark.parametrize(
    ("items", "status", "index"),
    [
        ([item(1, product="a"), item(1, product="x")], "PRODUCT_NOT_COVERED", 1),
        ([item(1, product="a"), item(1)], "PRODUCT_NOT_COVERED", 1),
        ([item(1, product="a"), item(1, quota_type="NOWHERE")], "NO_QUOTA", 1),
        ([item(11, product="a")], "EXCEEDED", 0),
    ],
)
def test_the_first_item_that_was_denied_is_named(
    quota: Quota, items: list[Item], status: str, index: int
) -> None:
    quota.define("MONTHLY", 10, product_codes=["a"])
    answer = batch(quota, *items)
    assert (answer.success, answer.status, answer.item_index) == (0, status, index)
    assert quota.ledger() == []


def test_a_suspended_tenant_gets_nothing(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    quota.suspend()
    assert batch(quota, item(1)).status == "SUSPENDED"


def test_what_a_suspended_tenant_was_given_before_is_replayed(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    batch(quota, item(3, "k"))
    quota.suspend()
    assert batch(quota, item(3, "k")).status == "REPLAYED"
    assert quota.ledger() == [3]


def test_the_same_batch_again_is_replayed(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    items = [item(2, "k1"), item(3, "k2")]
    assert [batch(quota, *items).status for _ in range(2)] == ["GRANTED", "REPLAYED"]
    assert sorted(quota.ledger()) == [2, 3]


def test_a_replay_shows_the_limits_as_they_now_stand(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    quota.define("RATE", 12, refill_per_second=1000)
    items = [item(7, "k1")]
    batch(quota, *items)
    quota.set("RATE", refilled_at="2020-01-01")  # full again long since
    quota.set(next_reset_time="2020-01-01")
    again = batch(quota, *items)
    assert (again.status, again.limit_type) == ("REPLAYED", "MONTHLY")
    assert (again.used_count, again.remaining) == (0, 10)
    assert again.next_reset_time == quota.column("next_reset_time")
    assert quota.ledger() == [7, -7]
    quota.define("MONTHLY", 100)
    again = batch(quota, *items)
    assert (again.limit_type, again.used_count) == ("MONTHLY", 0), "what the ledger knows is first"


def test_items_that_were_charged_before_count_as_nothing(quota: Quota) -> None:
    quota.define("MONTHLY", 6)
    quota.consume(4, key="k1")
    assert batch(quota, item(4, "k1"), item(2, "k2")).status == "GRANTED"
    assert sorted(quota.ledger()) == [2, 4]
    assert batch(quota, item(4, "k1"), item(2, "k2")).status == "REPLAYED"


def test_a_key_twice_in_one_batch_is_charged_once(quota: Quota) -> None:
    quota.define("MONTHLY", 6)
    assert batch(quota, item(4, "k"), item(4, "k")).status == "GRANTED"
    assert quota.ledger() == [4]


def test_a_key_twice_counts_once_where_no_ledger_row_would_tell(quota: Quota) -> None:
    quota.define("RATE", 10, refill_per_second=0.000001)
    assert batch(quota, item(3, "k"), item(3, "k")).used_count == 3
    with pytest.raises(pymysql.err.MySQLError, match="key_reused"):
        batch(quota, item(1, "n"), item(2, "n"))
    assert quota.used("RATE") == 3


def test_a_key_that_only_a_shadow_limit_out_of_force_knows_is_known(quota: Quota) -> None:
    quota.define("TOTAL", 10, enforcement="SHADOW")
    quota.define("RATE", 10, refill_per_second=0.000001)
    batch(quota, item(3, "k"))
    quota.define("TOTAL", 10, enforcement="SHADOW", expire_time="2020-01-01")
    assert batch(quota, item(3, "k")).status == "REPLAYED"
    assert batch(quota, item(3, "k"), item(2)).status == "GRANTED"
    assert quota.used("RATE") == 5


def test_of_several_types_the_tightest_enforced_limit_is_shown(quota: Quota) -> None:
    quota.define("MONTHLY", 3)
    for quota_type, enforcement in (("A", "SHADOW"), ("B", "ENFORCE"), ("Z", "SHADOW")):
        other_type(quota, quota_type).define("TOTAL", 2, enforcement=enforcement)
    items = [item(1, quota_type=each) for each in "ABZ"]
    shown = batch(quota, *items, item(1))
    assert (shown.limit_type, shown.remaining) == ("TOTAL", 1)
    assert shown.quota_id == other_type(quota, "B").column("quota_id", "TOTAL")


def test_a_key_twice_in_one_batch_opens_one_transaction(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    begun = "SHOW SESSION STATUS LIKE 'Com_begin'"
    ((_, before),) = rows(quota.connection, begun)
    batch(quota, item(1, "k"), item(1, "k"))
    assert rows(quota.connection, begun) == [("Com_begin", str(int(before) + 1))]


def test_a_denial_shows_no_units_that_it_undid(quota: Quota) -> None:
    """Products are charged one by one where a SHADOW limit is for some of them."""
    quota.define("TOTAL", 5)
    call(
        quota.connection,
        "define_quota",
        *(quota.tenant_id, "OTHER", "TOTAL", 5, None),
        json.dumps({"enforcement": "SHADOW", "product_codes": ["p"]}),
    )
    answer = batch(quota, item(3), item(3, product="p"))
    assert (answer.status, answer.used_count, answer.item_index) == ("EXCEEDED", 0, 1)
    assert quota.used("TOTAL") == 0


@pytest.mark.parametrize(
    "items", [[item(3, "k1")], [item(2, "k1", "p")], [item(1, "n"), item(2, "n")]]
)
def test_a_key_for_something_else_is_refused_and_nothing_charged(
    quota: Quota, items: list[Item]
) -> None:
    quota.define("MONTHLY", 60)
    quota.consume(2, key="k1")
    with pytest.raises(pymysql.err.MySQLError, match=r"p_items\[") as caught:
        batch(quota, item(1, "fresh"), *items)
    assert state_of(caught.value) == ("45002", "key_reused")
    assert quota.ledger() == [2]


def test_ancestors_rate_and_shadow_limits_take_part(quota: Quota) -> None:
    child = quota.child()
    quota.define("TOTAL", 9)
    child.define("RATE", 8, refill_per_second=0.0001)
    child.define("MONTHLY", 1, enforcement="SHADOW", product_codes=["a"])
    assert batch(child, item(3, "k1", "a"), item(4, "k2", "b")).status == "GRANTED"
    assert (quota.used("TOTAL"), child.used("RATE"), child.used()) == (7, 7, 3)
    assert (sorted(quota.ledger("TOTAL")), child.ledger()) == ([3, 4], [3])
    denied = batch(child, item(1), item(1))
    assert (denied.limit_type, denied.item_index) == ("RATE", 1)


def test_a_lapsed_period_is_closed_first(quota: Quota) -> None:
    quota.define("MONTHLY", 5, used=5)
    quota.set(next_reset_time="2020-01-01")
    assert batch(quota, item(2), item(3)).status == "GRANTED"
    assert sorted(quota.ledger()) == [-5, 2, 3, 5]
    assert quota.used() == 5


def test_a_denied_batch_leaves_a_lapsed_period_that_it_only_replays_as_it_was(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    batch(quota, item(7, "k"))
    quota.set(next_reset_time="2020-01-01")
    other_type(quota, "SMS").define("TOTAL", 1)
    for quota_type, status in (("SMS", "EXCEEDED"), ("NOT_DEFINED", "NO_QUOTA")):
        denied = batch(quota, item(7, "k"), item(2, quota_type=quota_type))
        assert (denied.status, denied.item_index) == (status, 1)
        assert (quota.used(), quota.ledger()) == (7, [7])


def test_a_replay_in_a_transaction_closes_a_lapsed_period_too(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    batch(quota, item(7, "k"))
    quota.set(next_reset_time="2020-01-01")
    quota.connection.begin()
    assert batch(quota, item(7, "k")).status == "REPLAYED"
    quota.connection.commit()
    assert (quota.used(), sorted(quota.ledger())) == (0, [-7, 7])


def test_it_is_part_of_the_callers_transaction(quota: Quota) -> None:
    quota.define("MONTHLY", 5)
    quota.connection.begin()
    assert batch(quota, item(2, "k"), item(3)).transaction == "JOINED"
    quota.connection.rollback()
    assert (quota.used(), quota.ledger()) == (0, [])


def test_in_a_transaction_it_locks_its_quotas_before_it_looks_for_keys(quota: Quota) -> None:
    """The look locks the ledger's gaps: who charges with a quota in hand must not meet them."""
    quota.define("MONTHLY", 100)
    quota.define("TOTAL", 100, enforcement="SHADOW", expire_time="2020-01-01")  # it looks first
    first, second, third = (quota.connect(autocommit=False) for _ in range(3))
    quota.consume(1, key="a", on=first)

    def ask() -> str:
        answer = batch(quota, item(1, "k"), item(1, "l"), on=second)
        second.commit()
        return str(answer.status)

    def charge() -> None:  # next in the queue for the quota's row
        for turn in range(20):
            quota.consume(1, key=f"c{turn}", on=third)
        third.commit()

    with ThreadPoolExecutor(2) as pool:
        asking = pool.submit(ask)
        assert wait_until(lambda: waiting(quota, second))
        charging = pool.submit(charge)
        assert wait_until(lambda: waiting(quota, third))
        quota.consume(1, key="b", on=first)
        first.commit()
        charging.result(timeout=60)
        assert asking.result(timeout=60) == "GRANTED"
    assert quota.used() == 24
    quota.assert_adds_up()


def test_a_thousand_items_are_one_call(quota: Quota) -> None:
    quota.define("MONTHLY", 5000)
    items = [item(1 + n % 3, f"k{n}") for n in range(1000)]
    answer = batch(quota, *items)
    assert (answer.status, answer.used_count) == ("GRANTED", 1999)
    assert len(quota.ledger()) == 1000
    quota.assert_adds_up()


BAD_ITEMS = [
    ("[", "malformed JSON"),
    (None, "p_items is NULL"),
    ("{}", "array of 1 to 1000"),
    ("[]", "array of 1 to 1000"),
    (json.dumps([item()] * 1001), "array of 1 to 1000"),
    ("[7]", r"p_items\[0\] must be an object"),
    (json.dumps([item(), item(foo=1)]), r"p_items\[1\] has a key that is not known"),
    ('[{"amount": 1}]', r"p_items\[0\] needs a quota_type"),
    (json.dumps([item(quota_type="x" * 33)]), r"p_items\[0\] needs a quota_type"),
    ('[{"quota_type": "REDEEM_CODE"}]', r"p_items\[0\] needs an amount"),
    (json.dumps([item(0)]), r"p_items\[0\] needs an amount"),
    (json.dumps([item(), item(-1)]), r"p_items\[1\] needs an amount"),
    (json.dumps([item(amount=1.5)]), r"p_items\[0\] needs an amount"),  # type: ignore[arg-type]
    (json.dumps([item(amount="1")]), r"p_items\[0\] needs an amount"),  # type: ignore[arg-type]
    (json.dumps([item(2**63)]), r"p_items\[0\] needs an amount"),
    (json.dumps([item(biz_id="k")]), r"p_items\[0\] needs a biz_type"),
    (json.dumps([item(key=" ")]), r"p_items\[0\] has a biz_id"),
    (json.dumps([item(key="x" * 129)]), r"p_items\[0\] has a biz_id"),
    (json.dumps([item(biz_type="ORDER", biz_id=7)]), r"p_items\[0\] has a biz_id"),
    (json.dumps([item(biz_type="ORDER", biz_id=[])]), r"p_items\[0\] has a biz_id"),
    (json.dumps([item(product="")]), r"p_items\[0\] has a product_code"),
]


@pytest.mark.parametrize(("items", "why"), BAD_ITEMS, ids=[why for _, why in BAD_ITEMS])
def test_it_refuses_malformed_batches_and_charges_nothing(
    quota: Quota, items: str | None, why: str
) -> None:
    quota.define("MONTHLY", 5)
    with pytest.raises(pymysql.err.MySQLError, match=why) as caught:
        call(quota.connection, "consume_quota_batch", quota.tenant_id, items)
    assert state_of(caught.value) == ("45001", "invalid_argument")
    assert quota.ledger() == []


def test_amounts_that_add_up_beyond_bigint_are_denied(quota: Quota) -> None:
    quota.define("MONTHLY", 2**63 - 2)
    assert batch(quota, item(2**63 - 1), item(2**63 - 1)).status == "EXCEEDED"
    assert quota.used() == 0


def test_batches_and_single_calls_at_once_are_exact(quota: Quota) -> None:
    quota.define("MONTHLY", 150)
    quota.define("TOTAL", 160)
    connections = [quota.connect() for _ in range(16)]

    def work(number: int) -> int:
        mine, granted = connections[number], 0
        for turn in range(8):
            key = f"{number}-{turn}"
            if number % 2:
                granted += quota.consume(1, key=key, on=mine).success
            else:
                items = [item(1, f"{key}-{n}") for n in range(4)]
                granted += 4 * batch(quota, *items, on=mine).success
        return granted

    granted = sum(at_once(16, work))
    while quota.consume(1).success:
        granted += 1
    assert granted == quota.used() == 150
    quota.assert_adds_up(["MONTHLY", "TOTAL"])


def test_the_same_batch_from_16_connections_at_once_is_charged_once(quota: Quota) -> None:
    quota.define("MONTHLY", 1000)
    connections = [quota.connect(autocommit=n % 2 == 0) for n in range(16)]

    def work(number: int) -> str:
        answer = batch(quota, item(2, "k1"), item(3, "k2"), on=connections[number])
        connections[number].commit()
        return str(answer.status)

    assert sorted(at_once(16, work)) == ["GRANTED"] + ["REPLAYED"] * 15
    assert sorted(quota.ledger()) == [2, 3]
