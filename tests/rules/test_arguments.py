"""Bad arguments: the stated error, nothing changed, nothing left behind."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pymysql
import pytest

from tests.helpers.support import (
    Quota,
    Value,
    call,
    call_out,
    no_transaction_is_open,
    rows,
    state_of,
    value,
)

EDGE = 2**63

BAD_CONSUMPTIONS = [
    # tenant, type, amount, biz type, biz id, product, message
    ((None, "U", 1, None, None, None), "p_tenant_id is NULL"),
    (("", "U", 1, None, None, None), "p_tenant_id is blank"),
    (("   ", "U", 1, None, None, None), "p_tenant_id is blank"),
    (("T", None, 1, None, None, None), "p_quota_type is NULL"),
    (("T", " ", 1, None, None, None), "p_quota_type is blank"),
    (("T", "U", None, None, None, None), "p_amount must be at least 1, not NULL"),
    (("T", "U", 0, None, None, None), "p_amount must be at least 1, not 0"),
    (("T", "U", -1, None, None, None), "p_amount must be at least 1, not -1"),
    (("T", "U", -EDGE, None, None, None), "p_amount must be at least 1, not -9223372036854775808"),
    (("T", "U", Decimal("1.5"), None, None, None), "p_amount must be a whole number, not 1.5"),
    (("T", "U", 1, None, "k", None), "p_biz_type is NULL"),
    (("T", "U", 1, " ", "k", None), "p_biz_type is blank"),
    (("T", "U", 1, "ORDER", "", None), "p_biz_id is blank"),
    (("T", "U", 1, "ORDER", "k", ""), "p_product_code is blank"),
]


@pytest.mark.parametrize("in_transaction", [False, True])
@pytest.mark.parametrize(("arguments", "why"), BAD_CONSUMPTIONS)
def test_what_cannot_be_consumed_is_refused(
    quota: Quota, arguments: tuple[object, ...], why: str, in_transaction: bool
) -> None:
    quota.define("MONTHLY", 10)
    names: dict[object, object] = {"T": quota.tenant_id, "U": quota.quota_type}
    mine = tuple(names.get(each, each) for each in arguments)
    if in_transaction:
        quota.connection.begin()
    with pytest.raises(pymysql.err.MySQLError, match=why) as caught:
        call(quota.connection, "consume_quota", *mine)
    assert state_of(caught.value) == ("45001", "invalid_argument")
    assert no_transaction_is_open(quota.connection) is not in_transaction
    quota.connection.rollback()
    with pytest.raises(pymysql.err.MySQLError, match=why):
        call_out(quota.connection, "try_consume_quota", *mine, outs=2)
    assert (quota.used(), quota.ledger()) == (0, [])


TOO_LONG = [
    (("x" * 65, "U", None, None, None), "p_tenant_id is longer than 64 characters"),
    (("T", "x" * 33, None, None, None), "p_quota_type is longer than 32 characters"),
    (("T", "U", "x" * 33, "k", None), "p_biz_type is longer than 32 characters"),
    (("T", "U", "ORDER", "x" * 129, None), "p_biz_id is longer than 128 characters"),
    (("T", "U", None, None, "x" * 65), "p_product_code is longer than 64 characters"),
    (("T", "U", "ORDER", "😀" * 129, None), "p_biz_id is longer than 128 characters"),
    (("T", "U", "ORDER", "x" * 300, None), "p_biz_id"),
]


@pytest.mark.parametrize("mode", ["", "STRICT_TRANS_TABLES"])
@pytest.mark.parametrize(("names", "why"), TOO_LONG)
def test_what_is_too_long_is_refused_not_cut(
    quota: Quota, names: tuple[str, ...], why: str, mode: str
) -> None:
    quota.define("MONTHLY", 10)
    rows(quota.connection, "SET sql_mode = %s", mode)
    tenant, quota_type, *rest = names
    tenant = quota.tenant_id if tenant == "T" else tenant
    quota_type = quota.quota_type if quota_type == "U" else quota_type
    with pytest.raises(pymysql.err.MySQLError, match=why) as caught:
        call(quota.connection, "consume_quota", tenant, quota_type, 1, *rest)
    # Longer than any parameter: in a strict session the server refuses it before we can.
    assert state_of(caught.value)[0] == "45001" or caught.value.args[0] == 1406
    assert (quota.used(), quota.ledger()) == (0, [])


LONG = "x" * 300  # longer than any parameter
LONG_CALLS = [
    ("consume_quota", (LONG, "U", 1, "O", "k", None)),
    ("consume_quota", ("T", "U", 1, "O", "k", LONG)),
    ("consume_quota", ("T", "U", 1, "O", "😀" * 300, None)),
    ("consume_quota_batch", (LONG, '[{"quota_type": "U", "amount": 1}]')),
    ("check_quota", ("T", LONG, 1, None)),
    ("reserve_quota", ("T", "U", 1, 60, LONG, "k", None)),
    ("refund_quota", ("T", "U", 1, "O", "k", LONG)),
    ("confirm_quota_reservation", (LONG, None)),
    ("cancel_quota_reservation", (LONG,)),
    ("acquire_quota_lease", ("T", "U", LONG, 60)),
    ("renew_quota_lease", (LONG, 60)),
    ("release_quota_lease", (LONG,)),
    ("define_tenant", ("T", LONG, None, None)),
    ("define_tenant", ("T", "n", LONG, None)),
    ("define_quota", ("T", "U", LONG, 1, None, None)),
    ("reconcile_quotas", (LONG, True)),
]


@pytest.mark.parametrize(("procedure", "arguments"), LONG_CALLS)
def test_what_is_longer_than_a_parameter_is_refused_by_us_or_by_the_server(
    quota: Quota, procedure: str, arguments: tuple[Value, ...]
) -> None:
    """A strict session's server refuses it before the call begins: then with its own 1406."""
    names = {"T": quota.tenant_id, "U": quota.quota_type}
    mine = [names.get(each, each) for each in arguments]
    quota.define("TOTAL", 10)
    for mode, expected in (("", ("45001", 1644)), ("STRICT_TRANS_TABLES", ("22001", 1406))):
        rows(quota.connection, "SET sql_mode = %s", mode)
        with pytest.raises(pymysql.err.MySQLError) as caught:
            call(quota.connection, procedure, *mine)
        assert (state_of(caught.value)[0], caught.value.args[0]) == expected
    assert (quota.used("TOTAL"), quota.ledger("TOTAL")) == (0, [])
    statement = "SELECT COUNT(*) FROM tenants WHERE tenant_id = %s"
    assert value(quota.connection, statement, quota.tenant_id) == 0


@pytest.mark.parametrize("amount", [EDGE, -EDGE - 1, 10**30, 1e300])
def test_an_amount_beyond_bigint_is_refused(quota: Quota, amount: float) -> None:
    quota.define("MONTHLY", EDGE - 1)
    with pytest.raises(pymysql.err.MySQLError, match=r"p_amount must be at|Out of range") as caught:
        quota.consume(amount)  # type: ignore[arg-type]
    assert state_of(caught.value)[0] in ("45001", "22003")
    assert quota.used() == 0


@pytest.mark.parametrize("amount", [EDGE, -EDGE - 1, 10**30, "x", "0.4"])
def test_what_a_lax_session_makes_of_an_amount_is_not_granted(quota: Quota, amount: object) -> None:
    quota.define("MONTHLY", EDGE - 2)
    rows(quota.connection, "SET sql_mode = ''")
    try:
        assert quota.consume(amount).status == "EXCEEDED"  # type: ignore[arg-type]
    except pymysql.err.MySQLError as error:
        assert state_of(error) == ("45001", "invalid_argument")  # noqa: PT017 - either will do
    assert (quota.used(), quota.ledger()) == (0, [])


def test_the_edge_of_bigint_itself_is_an_amount(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    assert quota.consume(EDGE - 1).status == "EXCEEDED"
    quota.define("MONTHLY", EDGE - 1)
    assert quota.consume(EDGE - 1).status == "GRANTED"
    assert quota.consume(1).status == "EXCEEDED"
    assert quota.used() == EDGE - 1


def test_names_of_full_length_are_kept_whole(quota: Quota) -> None:
    long = Quota(lambda: quota.connection, (quota.tenant_id + "x" * 24)[:24], "配" * 32)
    long.define("MONTHLY", 10)
    answer = call(
        quota.connection,
        "consume_quota",
        long.tenant_id,
        "配" * 32,
        1,
        "类" * 32,
        "号" * 64,
        "品" * 64,
    )
    assert answer.status == "GRANTED"
    assert long.ledger(columns="biz_type, biz_id, product_code") == [
        ("类" * 32, "号" * 64, "品" * 64)
    ]


@pytest.mark.parametrize("procedure", ["acquire_quota_token", "release_quota_token"])
@pytest.mark.parametrize(("tenant", "quota_type"), [(None, "U"), ("", "U"), ("T", None), ("T", "")])
def test_tokens_need_a_tenant_and_a_type(
    quota: Quota, procedure: str, tenant: str | None, quota_type: str | None
) -> None:
    with pytest.raises(pymysql.err.MySQLError) as caught:
        call_out(quota.connection, procedure, tenant, quota_type, outs=1)
    assert state_of(caught.value) == ("45001", "invalid_argument")
    row = {"acquire": "take", "release": "return"}[procedure.partition("_")[0]]
    with pytest.raises(pymysql.err.MySQLError) as caught:
        call(quota.connection, f"{row}_quota_token", tenant, quota_type)
    assert state_of(caught.value) == ("45001", "invalid_argument")


@pytest.mark.parametrize(
    "arguments", [(None, "U", 1, None), ("T", "", 1, None), ("T", "U", 0, None), ("T", "U", 1, " ")]
)
def test_check_refuses_what_consume_refuses(quota: Quota, arguments: tuple[object, ...]) -> None:
    with pytest.raises(pymysql.err.MySQLError) as caught:
        call(quota.connection, "check_quota", *arguments)
    assert state_of(caught.value) == ("45001", "invalid_argument")


def test_a_zone_that_became_unknown_is_named(quota: Quota) -> None:
    quota.define_tenant()
    quota.define("MONTHLY", 10)
    rows(
        quota.connection,
        "UPDATE tenants SET time_zone = 'Mars/Olympus' WHERE tenant_id = %s",
        quota.tenant_id,
    )
    with pytest.raises(pymysql.err.MySQLError, match="unknown time zone Mars/Olympus") as caught:
        quota.consume(1)
    assert state_of(caught.value) == ("45001", "invalid_argument")
    assert no_transaction_is_open(quota.connection)


def test_text_that_looks_like_sql_is_text(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    nasty = "'; DROP TABLE tenants; -- %s \\ \" `"
    assert quota.consume(1, key=nasty).status == "GRANTED"
    assert quota.consume(1, key=nasty).status == "REPLAYED"
    assert value(quota.connection, "SELECT COUNT(*) >= 0 FROM tenants") == 1


GIFT, CAKE = "order-🎁", "order-🎂"


@pytest.mark.parametrize(
    ("charset", "mode", "kept"),
    [
        ("utf8mb3", "", ["order-????"]),  # the warning of docs/applications.md: two keys become one
        ("utf8mb4", "", [GIFT, CAKE]),
        ("utf8mb4", "STRICT_TRANS_TABLES", [GIFT, CAKE]),
        ("utf8mb3", "STRICT_TRANS_TABLES", []),  # 1366: refused by the server
    ],
)
def test_which_sessions_the_server_lets_send_what_they_did_not_mean(
    quota: Quota, charset: str, mode: str, kept: list[str]
) -> None:
    """All before the call begins; the test below shows why a procedure cannot refuse it."""
    quota.define("TOTAL", 10)
    session = quota.connect()
    rows(session, f"SET NAMES {charset}")
    rows(session, "SET sql_mode = %s", mode)
    who = f"'{quota.tenant_id}', '{quota.quota_type}'"
    for key in (GIFT, CAKE):
        text = f"CALL consume_quota({who}, 1, 'ORDER', '{key}', NULL)"
        with suppress(pymysql.err.DataError):
            rows(session, text)
    assert quota.ledger("TOTAL", "biz_id") == kept
    amount = f"CALL consume_quota({who}, '5x', 'ORDER', 'amount', NULL)"
    if mode:
        with pytest.raises(pymysql.err.DataError):
            rows(session, amount)
    else:
        rows(session, amount)
    assert quota.ledger("TOTAL")[len(kept) :] == ([] if mode else [5])


def test_a_procedure_sees_its_makers_modes_and_not_its_callers(quota: Quota) -> None:
    name = f"modes_{quota.tenant_id}"
    rows(
        quota.connection,
        f"CREATE PROCEDURE {name} () SELECT @@character_set_client, @@sql_mode LIKE '%%STRICT%%'",
    )
    session = quota.connect()
    rows(session, "SET NAMES utf8mb3")
    rows(session, "SET sql_mode = ''")
    try:
        assert rows(session, f"CALL {name}()") == [("utf8mb4", 1)]
    finally:
        rows(quota.connection, f"DROP PROCEDURE {name}")
