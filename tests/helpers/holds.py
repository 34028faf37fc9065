"""Refunds, reservations and leases in one line each, also at a time of the test's choosing."""

from __future__ import annotations

from types import SimpleNamespace

from pymysql.connections import Connection

from tests.helpers.support import Quota, Value, at, call, charge, rows


def in_utc(quota: Quota, *limit_types: str, hard_limit: int = 10, **options: Value) -> None:
    """Define limits of a tenant in UTC whose first period begins with the first call."""
    quota.define_tenant(zone="UTC")
    for limit_type in limit_types or ("MONTHLY",):
        quota.define(limit_type, hard_limit, **options)
        quota.set(limit_type, next_reset_time=None, period_anchor=None)


def refund(
    quota: Quota,
    key: str,
    refund_id: str,
    amount: int | None = None,
    on: Connection | None = None,
) -> SimpleNamespace:
    arguments = (quota.tenant_id, quota.quota_type, amount, "ORDER", key, refund_id)
    return call(on or quota.connection, "refund_quota", *arguments)


def refund_at(
    quota: Quota, now: str, key: str, refund_id: str, amount: int | None = None
) -> SimpleNamespace:
    """Refund at a time of the test's choosing."""
    with at(quota.connection, now):
        return refund(quota, key, refund_id, amount)


def reserve(
    quota: Quota,
    amount: int = 1,
    key: str | None = None,
    ttl: int | None = 600,
    product: str | None = None,
    on: Connection | None = None,
) -> SimpleNamespace:
    arguments = (quota.tenant_id, quota.quota_type, amount, ttl, "ORDER", key, product)
    return call(on or quota.connection, "reserve_quota", *arguments)


def reserve_at(
    quota: Quota, now: str, amount: int = 1, key: str | None = None, ttl: int = 600
) -> SimpleNamespace:
    arguments = (quota.tenant_id, quota.quota_type, amount, "ORDER", key, None, ttl, None, now)
    return charge(quota.connection, "RESERVE", *arguments)


def confirm(
    quota: Quota, hold: SimpleNamespace, amount: int | None = None, on: Connection | None = None
) -> SimpleNamespace:
    arguments = (hold.reservation_id, amount)
    return call(on or quota.connection, "confirm_quota_reservation", *arguments)


def cancel(quota: Quota, hold: SimpleNamespace, on: Connection | None = None) -> SimpleNamespace:
    return call(on or quota.connection, "cancel_quota_reservation", hold.reservation_id)


def settle_at(
    quota: Quota,
    now: str,
    operation: str,
    hold: SimpleNamespace,
    amount: int | None = None,
    ttl: int | None = None,
) -> SimpleNamespace:
    """CONFIRM, CANCEL, RELEASE or RENEW at a time, through the ungranted inner procedure."""
    with at(quota.connection, now):
        arguments = (operation, hold.reservation_id, amount, ttl)
        return call(quota.connection, "settle_quota_hold", *arguments)


def lease(
    quota: Quota, ttl: int | None = 600, holder: str | None = "w", on: Connection | None = None
) -> SimpleNamespace:
    arguments = (quota.tenant_id, quota.quota_type, holder, ttl)
    return call(on or quota.connection, "acquire_quota_lease", *arguments)


def lease_at(quota: Quota, now: str, ttl: int = 600) -> SimpleNamespace:
    arguments = (quota.tenant_id, quota.quota_type, 1, None, None, None, ttl, "w", now)
    return charge(quota.connection, "LEASE", *arguments)


def renew(
    quota: Quota, held: SimpleNamespace, ttl: int | None = 600, on: Connection | None = None
) -> SimpleNamespace:
    return call(on or quota.connection, "renew_quota_lease", held.lease_id, ttl)


def release(quota: Quota, held: SimpleNamespace, on: Connection | None = None) -> SimpleNamespace:
    return call(on or quota.connection, "release_quota_lease", held.lease_id)


def sweep_at(quota: Quota, now: str, on: Connection | None = None) -> int:
    """Give back what has lapsed at a time; return how many holds."""
    mine = on or quota.connection
    with at(mine, now):
        return int(call(mine, "run_quota_job", "expire_quota_reservations", None, 100).rows_done)


def lapse(quota: Quota) -> None:
    """Let all that is held of this tenant's quotas have lapsed a second ago."""
    rows(
        quota.connection,
        "UPDATE quota_reservations SET expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND"
        " WHERE tenant_id = %s AND status = 'HELD'",
        quota.tenant_id,
    )


def holds(quota: Quota, columns: str = "status") -> list[Value]:
    """Return the holds on this tenant's quotas, one column or several."""
    found = rows(
        quota.connection,
        f"SELECT {columns} FROM quota_reservations WHERE tenant_id = %s"
        " ORDER BY created_at, reservation_id",
        quota.tenant_id,
    )
    return [row[0] if len(row) == 1 else row for row in found]


def period_use(quota: Quota, period_start: str, limit_type: str = "MONTHLY") -> int:
    """Sum one period without its RESET rows: what was really used (docs/design.md, section 4)."""
    found = quota.ledger(limit_type, "operation_type, delta_value, period_start")
    return sum(
        delta
        for operation, delta, start in found
        if operation != "RESET" and str(start) == period_start
    )


def consume_by_hand(connection: Connection, tenant: Quota, units: int) -> bool:
    """Do what scenario 2 does, on one limit; say whether it was charged."""
    ((quota_id,),) = rows(  # on this connection: others may be at work on the tenant's own
        connection,
        "SELECT quota_id FROM tenant_quotas"
        " WHERE tenant_id = %s AND quota_type = %s AND limit_type = 'MONTHLY' FOR UPDATE",
        *(tenant.tenant_id, tenant.quota_type),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenant_quotas SET used_count = used_count + %s"
            " WHERE quota_id = %s AND used_count <= hard_limit - %s",
            (units, quota_id, units),
        )
        charged = cursor.rowcount == 1
    if charged:
        rows(
            connection,
            "INSERT INTO quota_usage_records (quota_id, tenant_id, operation_type, delta_value)"
            " VALUES (%s, %s, 'CONSUME', %s)",
            *(quota_id, tenant.tenant_id, units),
        )
    return charged
