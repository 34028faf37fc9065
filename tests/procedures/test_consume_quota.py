"""consume_quota: all limits or none, once per key, and a status that says why."""

import json
from typing import Any

import pymysql
import pytest

from tests.helpers.support import Quota, call, call_out, rows, state_of


def test_a_grant_charges_the_quota_and_writes_one_ledger_row(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    answer = quota.consume(3, key="k1", product="app_mall")
    assert (answer.success, answer.status, answer.limit_type) == (1, "GRANTED", "MONTHLY")
    assert (answer.hard_limit, answer.used_count, answer.remaining) == (10, 3, 7)
    assert answer.quota_id == quota.column("quota_id")
    assert answer.next_reset_time == quota.column("next_reset_time")
    assert (answer.retry_after_ms, answer.transaction) == (None, "OWN")
    columns = "operation_type, delta_value, current_used, biz_type, biz_id, product_code, tenant_id"
    assert quota.ledger(columns=columns) == [
        ("CONSUME", 3, 3, "ORDER", "k1", "app_mall", quota.tenant_id)
    ]
    assert quota.used() == 3


def test_the_answer_has_the_columns_of_the_contract_in_their_order(quota: Quota) -> None:
    quota.define()
    assert list(vars(quota.consume())) == [
        *("success", "status", "quota_id", "limit_type", "hard_limit", "used_count", "remaining"),
        *("next_reset_time", "retry_after_ms", "transaction"),
    ]


def test_a_denial_charges_nothing_and_leaves_no_ledger_row(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3, used=3)
    answer = quota.consume(1)
    assert (answer.success, answer.status) == (0, "EXCEEDED")
    assert (answer.used_count, answer.remaining) == (3, 0)
    assert quota.used() == 3
    assert quota.ledger() == [3]


def test_the_last_unit_is_granted_and_no_amount_beyond_it(quota: Quota) -> None:
    quota.define("TOTAL", hard_limit=10, used=9)
    assert quota.consume(2).status == "EXCEEDED"
    assert quota.consume(1).status == "GRANTED"
    assert quota.consume(1).status == "EXCEEDED"
    assert quota.used("TOTAL") == 10


def test_nothing_defined_is_denied(quota: Quota) -> None:
    answer = quota.consume(1)
    assert (answer.success, answer.status, answer.quota_id) == (0, "NO_QUOTA", None)


def test_a_concurrency_limit_alone_is_no_quota_to_consume(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=5)
    assert quota.consume(1).status == "NO_QUOTA"
    assert quota.used("CONCURRENT") == 0


def test_all_limits_are_charged_together(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=100)
    quota.define("DAILY", hard_limit=10)
    quota.define("TOTAL", hard_limit=1000)
    quota.define("RATE", hard_limit=50, refill_per_second=0.001)
    answer = quota.consume(4)
    assert (answer.status, answer.limit_type, answer.remaining) == ("GRANTED", "DAILY", 6)
    assert [quota.used(t) for t in ("MONTHLY", "DAILY", "TOTAL", "RATE")] == [4, 4, 4, 4]
    assert [quota.ledger(t) for t in ("MONTHLY", "DAILY", "TOTAL", "RATE")] == [[4], [4], [4], []]


@pytest.mark.parametrize("tight", ["MONTHLY", "DAILY", "TOTAL", "RATE"])
def test_one_limit_that_denies_keeps_all_others_as_they_were(quota: Quota, tight: str) -> None:
    for limit_type in ("MONTHLY", "DAILY", "TOTAL", "RATE"):
        options: dict[str, Any] = {"refill_per_second": 0.001} if limit_type == "RATE" else {}
        quota.define(limit_type, hard_limit=5 if limit_type == tight else 100, **options)
    answer = quota.consume(6)
    assert (answer.status, answer.limit_type) == ("EXCEEDED", tight)
    assert [quota.used(t) for t in ("MONTHLY", "DAILY", "TOTAL", "RATE")] == [0, 0, 0, 0]
    assert quota.ledger("MONTHLY") == []


def test_of_several_denials_the_one_that_lasts_longest_is_shown(quota: Quota) -> None:
    quota.define("DAILY", hard_limit=5, used=5)
    quota.define("RATE", hard_limit=5, refill_per_second=1)
    daily = quota.consume(5)
    assert daily.limit_type == "DAILY"
    assert 0 < daily.retry_after_ms <= 86_400_000
    quota.define("TOTAL", hard_limit=3)
    total = quota.consume(5)
    assert (total.limit_type, total.retry_after_ms) == ("TOTAL", None)


def test_waiting_does_not_help_where_the_limit_is_too_small_for_the_amount(quota: Quota) -> None:
    quota.define("DAILY", hard_limit=5)
    assert quota.consume(6).retry_after_ms is None


# Idempotency


@pytest.mark.parametrize("others", [{}, {"TOTAL": 100}, {"TOTAL": 100, "DAILY": 50, "HOURLY": 20}])
def test_the_same_key_again_is_replayed_with_the_first_figures(
    quota: Quota, others: dict[str, int]
) -> None:
    quota.define("MONTHLY", hard_limit=10)
    for limit_type, hard_limit in others.items():
        quota.define(limit_type, hard_limit)
    first = quota.consume(3, key="k1", product="p")
    quota.consume(2, key="k2")
    again = quota.consume(3, key="k1", product="p")
    assert (again.success, again.status) == (1, "REPLAYED")
    for column in (
        "quota_id",
        "limit_type",
        "hard_limit",
        "used_count",
        "remaining",
        "next_reset_time",
    ):
        assert getattr(again, column) == getattr(first, column), column
    assert quota.ledger() == [3, 2]
    assert quota.used() == 5


def test_a_key_is_replayed_even_when_nothing_is_left(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3)
    quota.consume(3, key="k1")
    assert quota.consume(3, key="k1").status == "REPLAYED"
    assert quota.consume(3, key="k2").status == "EXCEEDED"


@pytest.mark.parametrize("product", ["p", None])
def test_a_new_key_with_a_product_is_denied_like_any_other(
    quota: Quota, product: str | None
) -> None:
    quota.define("MONTHLY", hard_limit=3)
    assert quota.consume(4, key="k1", product=product).status == "EXCEEDED"
    quota.suspend()
    assert quota.consume(1, key="k1", product=product).status == "SUSPENDED"
    nobody = quota.sibling()
    assert nobody.consume(1, key="k1", product=product).status == "NO_QUOTA"


def test_a_key_is_replayed_after_the_tenant_was_suspended(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=3)
    quota.consume(1, key="k1")
    quota.suspend()
    assert quota.consume(1, key="k1").status == "REPLAYED"
    assert quota.consume(1, key="k2").status == "SUSPENDED"


@pytest.mark.parametrize(("amount", "product"), [(2, "p"), (1, "q"), (1, None)])
def test_a_key_for_another_amount_or_product_is_refused(
    quota: Quota, amount: int, product: str | None
) -> None:
    quota.define("MONTHLY", hard_limit=10)
    quota.consume(1, key="k1", product="p")
    with pytest.raises(pymysql.err.MySQLError) as caught:
        quota.consume(amount, key="k1", product=product)
    assert state_of(caught.value) == ("45002", "key_reused")
    assert quota.ledger() == [1]


def test_without_a_key_every_call_charges(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    assert [quota.consume(1).status for _ in range(3)] == ["GRANTED"] * 3
    assert quota.used() == 3


def test_a_key_is_replayed_when_the_limit_that_it_charged_only_reports_and_has_ended(
    quota: Quota,
) -> None:
    """Whatever other limit would be charged by now."""
    quota.define("MONTHLY", 10, enforcement="SHADOW")
    quota.define("TOTAL", 10, enforcement="SHADOW", effective_time="2999-01-01 00:00:00")
    assert quota.consume(1, key="k").status == "GRANTED"
    quota.set("MONTHLY", expire_time="2001-01-01")
    assert quota.consume(1, key="k").status == "REPLAYED"
    with pytest.raises(pymysql.err.MySQLError, match="key_reused"):
        quota.consume(2, key="k")
    quota.set("TOTAL", effective_time=None)
    assert quota.consume(1, key="k").status == "REPLAYED"
    assert (quota.ledger("MONTHLY"), quota.ledger("TOTAL")) == ([1], [])


def test_a_key_belongs_to_its_tenant_and_quota_type(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10)
    other_type = Quota(quota.connect, quota.tenant_id, "OTHER")
    other_type.define("MONTHLY", hard_limit=10)
    assert quota.consume(1, key="k1").status == "GRANTED"
    assert other_type.consume(1, key="k1").status == "GRANTED"


def charge_by_hand(quota: Quota, amount: int, key: str, product: str | None = None) -> None:
    """Write what scenario 2 writes: no product and no period, unless a product is named."""
    quota.set(used_count=quota.used() + amount)
    rows(
        quota.connection,
        "INSERT INTO quota_usage_records (quota_id, tenant_id, operation_type, delta_value,"
        " current_used, biz_id, biz_type, product_code)"
        " VALUES (%s, %s, 'CONSUME', %s, %s, %s, 'ORDER', %s)",
        *(quota.column("quota_id"), quota.tenant_id, amount, quota.used(), key, product),
    )


@pytest.mark.parametrize("how", ["consume", "try_consume", "batch"])
@pytest.mark.parametrize("is_child", [False, True], ids=["alone", "a child"])
@pytest.mark.parametrize("joins", [False, True], ids=["OWN", "JOINED"])
def test_a_key_that_scenario_2_wrote_by_hand_is_not_charged_again(
    quota: Quota, joins: bool, is_child: bool, how: str
) -> None:
    """By key and amount, whatever product is named: an application moves over in mid-flight."""
    mine = quota.child() if is_child else quota
    mine.define("MONTHLY", 10, product_codes=["app_mall", "wx_miniprogram"])
    quota.define("TOTAL", 10)
    charge_by_hand(mine, 2, "k1")
    session = quota.connect()

    def status(amount: int, key: str, product: str | None) -> str:
        who = (mine.tenant_id, mine.quota_type, amount, "ORDER", key, product)
        if how == "consume":
            return str(mine.consume(amount, key=key, product=product, on=session).status)
        if how == "try_consume":
            return str(call_out(session, "try_consume_quota", *who, outs=2)[1])
        names = ("quota_type", "amount", "biz_type", "biz_id", "product_code")
        items = json.dumps([dict(zip(names, who[1:], strict=True))])
        return str(call(session, "consume_quota_batch", mine.tenant_id, items).status)

    if joins:
        session.begin()
    for product in ("app_mall", None, "wx_miniprogram"):
        assert status(2, "k1", product) == "REPLAYED"
    with pytest.raises(pymysql.err.MySQLError, match="key_reused"):
        status(3, "k1", "app_mall")
    assert status(1, "k2", "app_mall") == "GRANTED"
    session.commit()
    assert (mine.used(), mine.ledger(), quota.ledger("TOTAL")) == (3, [2, 1], [1])


@pytest.mark.parametrize("how", ["consume", "batch"])
def test_a_product_that_was_written_by_hand_counts(quota: Quota, how: str) -> None:
    quota.define("MONTHLY", hard_limit=10)
    charge_by_hand(quota, 1, "k1", "app_mall")
    item = {"quota_type": quota.quota_type, "amount": 1, "biz_type": "ORDER", "biz_id": "k1"}

    def status(product: str) -> str:
        if how == "consume":
            return str(quota.consume(1, key="k1", product=product).status)
        items = json.dumps([{**item, "product_code": product}])
        return str(call(quota.connection, "consume_quota_batch", quota.tenant_id, items).status)

    assert status("app_mall") == "REPLAYED"
    with pytest.raises(pymysql.err.MySQLError, match="key_reused"):
        status("wx_miniprogram")


def test_a_key_is_looked_for_once_it_was_refused(quota: Quota) -> None:
    """And not charged again and again until the limit, which is far, ends it."""
    quota.define("TOTAL", 10**15)
    quota.consume(1, key="k")
    caller = quota.connect(read_timeout=10)
    try:
        assert quota.consume(1, key="k", on=caller).status == "REPLAYED"
    finally:
        rows(quota.connection, f"KILL {caller.thread_id()}")


@pytest.mark.parametrize("how", ["consume", "batch"])
@pytest.mark.parametrize("first", [None, "app_mall"])
def test_a_key_of_a_total_limit_is_of_one_product(
    quota: Quota, first: str | None, how: str
) -> None:
    """Its rows have no period, and yet were not written by hand."""
    quota.define("TOTAL", hard_limit=10)
    quota.consume(1, key="k1", product=first)
    item = {"quota_type": quota.quota_type, "amount": 1, "biz_type": "ORDER", "biz_id": "k1"}

    def status(product: str | None) -> str:
        if how == "consume":
            return str(quota.consume(1, key="k1", product=product).status)
        items = json.dumps([{**item, "product_code": product}])
        return str(call(quota.connection, "consume_quota_batch", quota.tenant_id, items).status)

    assert status(first) == "REPLAYED"
    with pytest.raises(pymysql.err.MySQLError, match="key_reused"):
        status("wx_miniprogram")
    assert quota.ledger("TOTAL") == [1]


def test_a_ledger_that_refuses_a_row_for_another_reason_charges_nothing(quota: Quota) -> None:
    # A restart with the clock set back may repeat UUID_SHORT() and the time.
    quota.define("MONTHLY", hard_limit=10)
    trigger = f"collide_{quota.tenant_id}"
    rows(
        quota.connection,
        f"CREATE TRIGGER {trigger} BEFORE INSERT ON quota_usage_records FOR EACH ROW"
        f" IF NEW.tenant_id = '{quota.tenant_id}'"
        " THEN SET NEW.record_id = 7, NEW.created_at = '2001-01-01'; END IF",
    )
    try:
        assert quota.consume(1, key="k1").status == "GRANTED"
        with pytest.raises(pymysql.err.MySQLError, match="nothing was charged; call again"):
            quota.consume(1, key="k2")
    finally:
        rows(quota.connection, f"DROP TRIGGER {trigger}")
    assert (quota.used(), quota.ledger()) == (1, [1])
    assert quota.consume(1, key="k2").status == "GRANTED"


# Ancestors


def test_a_sub_channel_is_charged_to_all_its_ancestors(quota: Quota) -> None:
    child = quota.child()
    grandchild = child.child("g")
    quota.define("MONTHLY", hard_limit=5)
    grandchild.define("MONTHLY", hard_limit=100)
    assert grandchild.consume(3, key="k1").status == "GRANTED"
    assert (quota.used(), grandchild.used()) == (3, 3)
    denied = grandchild.consume(3, key="k2")
    assert (denied.status, denied.quota_id) == ("EXCEEDED", quota.column("quota_id"))
    assert (quota.ledger(), grandchild.ledger()) == ([3], [3])


def test_a_sub_channel_without_limits_of_its_own_uses_its_parents(quota: Quota) -> None:
    child = quota.child()
    quota.define("MONTHLY", hard_limit=2)
    assert [child.consume(1, key=k).status for k in "aab"] == ["GRANTED", "REPLAYED", "GRANTED"]
    assert child.consume(1).status == "EXCEEDED"


def test_siblings_may_use_the_same_key_and_both_are_charged(quota: Quota) -> None:
    one, two = quota.child("1"), quota.child("2")
    quota.define("MONTHLY", hard_limit=10)
    assert [one.consume(1, key="k").status, two.consume(2, key="k").status] == ["GRANTED"] * 2
    assert quota.consume(4, key="k").status == "GRANTED"
    assert quota.used() == 7
    assert [q.consume(n, key="k").status for q, n in ((one, 1), (two, 2))] == ["REPLAYED"] * 2
    assert quota.ledger(columns="delta_value, origin_tenant_id") == [
        *((1, one.tenant_id), (2, two.tenant_id), (4, "")),
    ]


def test_a_sub_channels_rate_limit_alone_shows_what_its_bucket_holds_now(quota: Quota) -> None:
    child = quota.child()
    child.define("RATE", 10, refill_per_second=2)
    assert child.consume_at("2030-01-01 00:00:00", 5).used_count == 5
    assert child.consume_at("2030-01-01 00:00:01", 1).used_count == 4


def test_the_tightest_limit_is_shown_whichever_level_it_is_on(quota: Quota) -> None:
    child = quota.child()
    child.define("DAILY", 5)
    child.define("MONTHLY", 3, enforcement="SHADOW", product_codes=["p"])
    quota.define("TOTAL", 50)
    assert child.consume(1).limit_type == "DAILY"
    quota.set("TOTAL", hard_limit=2)
    assert child.consume(1).limit_type == "TOTAL"


def test_a_suspended_parent_suspends_its_sub_channels(quota: Quota) -> None:
    child = quota.child()
    child.define("MONTHLY", hard_limit=5)
    quota.suspend()
    assert child.consume(1).status == "SUSPENDED"
    assert child.used() == 0


def test_a_suspended_child_without_limits_does_not_use_its_parents(quota: Quota) -> None:
    child = quota.child()
    quota.define("MONTHLY", hard_limit=5)
    child.suspend()
    assert child.consume(1).status == "SUSPENDED"
    assert quota.used() == 0


def test_a_suspension_is_told_before_what_is_exhausted(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=1, used=1)
    assert [quota.consume(1).status for _ in range(2)] == ["EXCEEDED"] * 2
    quota.suspend()
    assert quota.consume(1).status == "SUSPENDED"


def test_a_key_that_only_the_parents_ledger_knows_is_replayed(quota: Quota) -> None:
    child = quota.child()
    quota.define("MONTHLY", hard_limit=5)
    assert child.consume(1, key="k").status == "GRANTED"
    child.define("MONTHLY", hard_limit=5)
    assert child.consume(1, key="k").status == "REPLAYED"
    assert (quota.used(), child.used(), child.ledger()) == (1, 0, [])


def test_ancestors_in_a_circle_are_an_error_not_an_endless_loop(quota: Quota) -> None:
    child = quota.child()
    rows(
        quota.connection,
        "UPDATE tenants SET parent_tenant_id = %s WHERE tenant_id = %s",
        *(child.tenant_id, quota.tenant_id),
    )
    with pytest.raises(pymysql.err.MySQLError) as caught:
        child.consume(1)
    assert state_of(caught.value) == ("45001", "invalid_argument")


# Products and times


def test_a_product_must_be_covered_by_every_limit(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=10, product_codes=["app_mall", "wx_miniprogram"])
    quota.define("TOTAL", hard_limit=10)
    assert quota.consume(1, product="app_mall").status == "GRANTED"
    for product in ("web", "APP_MALL", "app_mal", None):
        answer = quota.consume(1, product=product)
        assert (answer.status, answer.limit_type) == ("PRODUCT_NOT_COVERED", "MONTHLY"), product
    assert (quota.used(), quota.used("TOTAL")) == (1, 1)


def test_a_quota_counts_from_its_effective_time_until_its_expire_time(quota: Quota) -> None:
    quota.define_tenant(zone="Asia/Shanghai")
    quota.define(
        "TOTAL", 10, effective_time="2030-05-01 08:00:00", expire_time="2030-06-01 08:00:00"
    )
    assert quota.consume_at("2030-04-30 23:59:59.999999").status == "NOT_EFFECTIVE"
    assert quota.consume_at("2030-04-30 23:59:59").retry_after_ms == 1000
    assert quota.consume_at("2030-05-01 00:00:00").status == "GRANTED"
    assert quota.consume_at("2030-05-31 23:59:59.999999").status == "GRANTED"
    assert quota.consume_at("2030-06-01 00:00:00").status == "EXPIRED"
    assert quota.used("TOTAL") == 2


# SHADOW


def test_a_shadow_limit_counts_on_and_never_denies(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=2, enforcement="SHADOW")
    quota.define("TOTAL", hard_limit=5)
    assert [quota.consume(1).status for _ in range(5)] == ["GRANTED"] * 5
    assert quota.used() == 5
    assert quota.consume(1).status == "EXCEEDED"
    quota.assert_adds_up(["MONTHLY", "TOTAL"])


def test_a_shadow_limit_is_not_charged_for_what_it_does_not_cover(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=2, enforcement="SHADOW", product_codes=["a"])
    quota.define("TOTAL", hard_limit=5)
    assert quota.consume(1, product="b").status == "GRANTED"
    assert (quota.used(), quota.used("TOTAL")) == (0, 1)


def test_the_tightest_enforced_limit_is_shown_before_a_shadow_one(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=1, enforcement="SHADOW")
    quota.define("TOTAL", hard_limit=50)
    assert quota.consume(1).limit_type == "TOTAL"


# Edges


def test_amounts_up_to_the_edge_of_bigint_are_answered_not_overflowed(quota: Quota) -> None:
    edge = 2**63 - 1
    quota.define("TOTAL", hard_limit=edge)
    quota.define("MONTHLY", hard_limit=10, enforcement="SHADOW")
    assert quota.consume(edge - 1).status == "GRANTED"
    assert quota.consume(2).status == "EXCEEDED"
    assert quota.consume(1).status == "GRANTED"
    assert quota.used("TOTAL") == edge
    quota.assert_adds_up(["MONTHLY", "TOTAL"])


def test_identifiers_differ_in_case_accents_and_trailing_blanks(quota: Quota) -> None:
    quota.define("MONTHLY", hard_limit=5)
    for other in (quota.tenant_id.lower(), quota.tenant_id + " "):
        answer = call(
            quota.connection, "consume_quota", other, quota.quota_type, 1, None, None, None
        )
        assert answer.status == "NO_QUOTA", other
    assert quota.consume(1, key="clé").status == "GRANTED"
    assert quota.consume(1, key="cle").status == "GRANTED"
    assert quota.consume(1, key="cle ").status == "GRANTED"


def test_four_byte_characters_are_characters(quota: Quota) -> None:
    emoji = Quota(quota.connect, "😀" * 24, "配额🎫")
    emoji.define("MONTHLY", hard_limit=5)
    try:
        assert emoji.consume(1, key="订单🧾", product="商品🛒").status == "GRANTED"
        assert emoji.consume(1, key="订单🧾", product="商品🛒").status == "REPLAYED"
        assert emoji.ledger(columns="biz_id, product_code") == [("订单🧾", "商品🛒")]
    finally:
        rows(emoji.connection, "DELETE FROM quota_usage_records WHERE tenant_id = %s", "😀" * 24)
        rows(emoji.connection, "DELETE FROM tenant_quotas WHERE tenant_id = %s", "😀" * 24)


@pytest.mark.parametrize("slot_count", [0, 4])
def test_a_replay_is_found_where_everybody_is_denied(quota: Quota, slot_count: int) -> None:
    quota.define("MONTHLY", 10, slot_count=slot_count)
    first = quota.consume(10, key="k")
    assert quota.consume(1).status == "EXCEEDED"
    assert quota.consume(1).status == "EXCEEDED"
    again = quota.consume(10, key="k")
    assert (again.status, again.used_count) == ("REPLAYED", first.used_count)
    with pytest.raises(pymysql.err.MySQLError) as caught:
        quota.consume(9, key="k")
    assert state_of(caught.value) == ("45002", "key_reused")
