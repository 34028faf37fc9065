"""return_quota_token: what release_quota_token does, answered with a row."""

from types import SimpleNamespace

import pymysql
import pytest

from tests.helpers.holds import lease
from tests.helpers.support import Quota, call, rows, state_of


def give_back(quota: Quota) -> SimpleNamespace:
    return call(quota.connection, "return_quota_token", quota.tenant_id, quota.quota_type)


def test_a_token_goes_back_once(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=3)
    quota.acquire()
    quota.acquire()
    answer = give_back(quota)
    assert (answer.success, answer.status, answer.limit_type) == (1, "RELEASED", "CONCURRENT")
    assert (answer.hard_limit, answer.used_count, answer.remaining) == (3, 1, 2)
    assert give_back(quota).success
    late = give_back(quota)
    assert (late.success, late.status, late.used_count) == (0, "NOT_FOUND", 0)
    assert quota.used("CONCURRENT") == 0


def test_the_answer_has_the_columns_of_the_contract_in_their_order(quota: Quota) -> None:
    quota.define("CONCURRENT")
    assert list(vars(give_back(quota))) == [
        *("success", "status", "quota_id", "limit_type", "hard_limit", "used_count", "remaining"),
        *("next_reset_time", "retry_after_ms", "transaction"),
    ]


def test_nothing_defined_is_not_found(quota: Quota) -> None:
    answer = give_back(quota)
    assert (answer.success, answer.status, answer.quota_id) == (0, "NOT_FOUND", None)
    quota.define("RATE", hard_limit=2, refill_per_second=0.0001)
    quota.acquire()
    assert (give_back(quota).status, quota.used("RATE")) == ("NOT_FOUND", 1)


def test_a_leases_token_is_not_given_back(quota: Quota) -> None:
    quota.define("CONCURRENT", hard_limit=2)
    lease(quota)
    answer = give_back(quota)
    assert (answer.status, answer.used_count, answer.remaining) == ("NOT_FOUND", 1, 1)


def test_the_ancestors_tokens_go_back_with_it_and_the_tightest_limit_is_shown(
    quota: Quota,
) -> None:
    child = quota.child()
    quota.define("CONCURRENT", hard_limit=2)
    child.define("CONCURRENT", hard_limit=5)
    child.acquire()
    quota.acquire()
    answer = give_back(child)
    assert (answer.status, answer.hard_limit, answer.remaining) == ("RELEASED", 2, 1)
    assert (quota.used("CONCURRENT"), child.used("CONCURRENT")) == (1, 0)


@pytest.mark.parametrize("begins", [True, False])
def test_it_says_whose_transaction_it_was(quota: Quota, begins: bool) -> None:
    quota.define("CONCURRENT")
    quota.acquire()
    if begins:
        quota.connection.begin()
    assert give_back(quota).transaction == ("JOINED" if begins else "OWN")
    quota.connection.rollback()
    assert quota.used("CONCURRENT") == begins


def test_ancestors_in_a_circle_give_nothing_back(quota: Quota) -> None:
    child = quota.child()
    for each in (quota, child):
        each.define("CONCURRENT", hard_limit=5)
        each.set("CONCURRENT", used_count=3)
    rows(
        quota.connection,
        "UPDATE tenants SET parent_tenant_id = %s WHERE tenant_id = %s",
        *(child.tenant_id, quota.tenant_id),
    )
    with pytest.raises(pymysql.err.MySQLError, match="run in a circle"):
        give_back(child)
    assert (quota.used("CONCURRENT"), child.used("CONCURRENT")) == (3, 3)


def test_a_mistake_leaves_no_transaction_open(quota: Quota) -> None:
    quota.connection.begin()
    with pytest.raises(pymysql.err.MySQLError) as caught:
        call(quota.connection, "return_quota_token", quota.tenant_id, " ")
    assert state_of(caught.value) == ("45001", "invalid_argument")
    rows(quota.connection, "SAVEPOINT still_open")
    rows(quota.connection, "RELEASE SAVEPOINT still_open")
    quota.connection.rollback()
