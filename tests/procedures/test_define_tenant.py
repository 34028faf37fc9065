"""define_tenant: creates or changes, and refuses what could not work."""

import json

import pymysql
import pytest

from tests.helpers.support import Quota, call, rows, state_of


def tenant(quota: Quota) -> list[tuple[object, ...]]:
    return rows(
        quota.connection,
        "SELECT tenant_name, time_zone, parent_tenant_id, status FROM tenants WHERE tenant_id = %s",
        quota.tenant_id,
    )


def test_it_creates_then_changes_then_has_nothing_to_do(quota: Quota) -> None:
    define = (quota.connection, "define_tenant", quota.tenant_id)
    assert call(*define, "One", None, None).status == "CREATED"
    assert tenant(quota) == [("One", "SYSTEM", None, "ACTIVE")]
    assert call(*define, "one", "Asia/Shanghai", None).status == "CHANGED"
    assert call(*define, "one", "Asia/Shanghai", None).status == "UNCHANGED"
    assert tenant(quota) == [("one", "Asia/Shanghai", None, "ACTIVE")]


def test_who_changed_what_is_kept(quota: Quota) -> None:
    parent = quota.sibling("p")
    parent.define_tenant()
    define = (quota.connection, "define_tenant", quota.tenant_id)
    call(*define, "One", None, parent.tenant_id)
    call(*define, "One", None, parent.tenant_id)
    call(*define, "One", "UTC", None)
    changes = rows(
        quota.connection,
        "SELECT former_parent_id, old_definition, new_definition, changed_by = USER(), changed_at <= UTC_TIMESTAMP(6)"
        " FROM tenant_definition_changes WHERE tenant_id = %s ORDER BY changed_at",
        quota.tenant_id,
    )
    created = {"tenant_name": "One", "time_zone": "SYSTEM", "parent_tenant_id": parent.tenant_id}
    changed = {"tenant_name": "One", "time_zone": "UTC", "parent_tenant_id": None}
    assert [
        (former, old and json.loads(old), json.loads(new), *rest)
        for former, old, new, *rest in changes
    ] == [
        (None, None, created, 1, 1),
        (parent.tenant_id, created, changed, 1, 1),
    ]


def test_it_leaves_a_suspended_tenant_suspended(quota: Quota) -> None:
    quota.suspend()
    quota.define_tenant()
    assert tenant(quota)[0][3] == "SUSPENDED"


def test_it_is_part_of_the_callers_transaction(quota: Quota) -> None:
    quota.connection.begin()
    assert quota.define_tenant().transaction == "JOINED"
    quota.connection.rollback()
    assert tenant(quota) == []


@pytest.mark.parametrize(
    ("name", "zone", "parent", "why"),
    [
        (None, None, None, "p_tenant_name is NULL"),
        (" ", None, None, "p_tenant_name is blank"),
        ("x", "Mars/Olympus", None, "unknown time zone Mars/Olympus"),
        ("x", "", None, "p_time_zone is blank"),
        ("x", "z" * 65, None, "p_time_zone is longer than 64 characters"),
        ("n" * 129, None, None, "p_tenant_name is longer than 128 characters"),
        ("x", None, "", "p_parent_tenant_id is blank"),
        ("x", None, "nobody_there", "is no tenant"),
    ],
)
def test_it_refuses_what_could_not_work(
    quota: Quota, name: str | None, zone: str | None, parent: str | None, why: str
) -> None:
    with pytest.raises(pymysql.err.MySQLError, match=why) as caught:
        call(quota.connection, "define_tenant", quota.tenant_id, name, zone, parent)
    assert state_of(caught.value) == ("45001", "invalid_argument")
    assert tenant(quota) == []


def test_it_refuses_a_circle_of_parents(quota: Quota) -> None:
    grandchild = quota.child().child("g")
    for parent in (quota.tenant_id, grandchild.tenant_id):
        with pytest.raises(pymysql.err.MySQLError, match="itself or below it"):
            quota.define_tenant(parent=parent)
    assert tenant(quota)[0][2] is None
