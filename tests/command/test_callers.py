"""Callers at work see an upgrade as a moment of 1305, and never a wrong answer."""

from __future__ import annotations

from collections.abc import Callable

import pymysql
import pytest

from tenant_quota.apply import migrate
from tenant_quota.apply.object_files import pins_of
from tenant_quota.connection_options import resolve
from tenant_quota.paths import sql_root
from tests.helpers.callers import call_during, installed
from tests.helpers.holds import cancel, confirm, lease, refund, release, reserve
from tests.helpers.releases import next_release
from tests.helpers.server import connect
from tests.helpers.support import Quota, call, no_transaction_is_open, rows

CALLERS = 16
#: What consume_quota calls, and what ends its transactions.
REPLACED = (
    "charge_quota",
    "charge_quota_levels",  # with a parent: whoever waits in it must not keep its caller out
    "consume_quota",
    "keep_quota_transaction",
    "open_quota_transaction",
    "undo_quota_transaction",
)
LONGEST = 3.0  # seconds that a call takes with all its errors; seen: 0.4 on two busy cores
ERRORS = 20  # of a caller, for each procedure, that tries again every 5 ms; seen: 1


def test_16_callers_at_work_while_what_they_call_is_replaced(server_url, tmp_path):
    root = next_release(tmp_path / "sql", REPLACED)
    with installed(server_url) as (url, prefix):
        definer = f"{prefix}_definer@localhost"

        def upgrade() -> None:
            done = migrate.apply(resolve(url=url), root=root, definer=definer)
            (pins,) = (pins_of(root / "migrations")[name] for name in done)
            assert len(pins) == len(REPLACED)

        seen = call_during(url, prefix, CALLERS, upgrade)
    seen.assert_right()
    assert seen.calls > CALLERS
    assert seen.longest < LONGEST
    assert seen.errors.total() < ERRORS * CALLERS * len(REPLACED)


INTERNAL = sorted(
    path.stem
    for path in (sql_root() / "procedures/internal").rglob("*.sql")
    # Who undoes cannot be undone, and one call alone begins with who opens.
    if path.stem not in ("undo_quota_transaction", "open_quota_transaction")
)


@pytest.mark.parametrize("missing", INTERNAL)
@pytest.mark.parametrize("joins", [False, True], ids=["OWN", "JOINED"])
def test_a_call_that_misses_a_procedure_leaves_nothing_behind(own_schema, missing, joins):
    """It may be between DROP and CREATE: the caller that commits all the same keeps nothing."""
    quota = Quota(lambda: connect(own_schema, autocommit=True), f"T_{missing}_{joins}"[:64])
    quota.define_tenant()
    quota.define("MONTHLY", 20, 15)
    quota.define("DAILY", 20, slot_count=2)
    quota.define("RATE", 20, refill_per_second=0.001)
    quota.define("CONCURRENT", 20)
    slotted = Quota(lambda: quota.connection, quota.tenant_id, "SLOTTED")
    slotted.define("MONTHLY", 1000, slot_count=2)
    quota.consume(2, key="k1")
    held, kept, leased = reserve(quota, 2, "k2"), reserve(quota, 2, "k3"), lease(quota)
    assert quota.acquire()
    lapsed = reserve(slotted, 2)
    rows(
        quota.connection,
        "UPDATE quota_reservations SET expires_at = created_at WHERE reservation_id = %s",
        lapsed.reservation_id,
    )
    items = f'[{{"quota_type": "{quota.quota_type}", "amount": 2, "biz_type": "B", "biz_id": "b"}}]'
    again = items.replace('"B"', '"ORDER"').replace('"b"', '"k1"')
    calls: dict[str, Callable[[], object]] = {
        "consume": lambda: quota.consume(1, key="k4"),
        "consume from a slot": lambda: slotted.consume(1),
        "consume over": lambda: quota.consume(19, key="k5"),
        "consume again": lambda: quota.consume(2, key="k1"),
        "batch": lambda: call(quota.connection, "consume_quota_batch", quota.tenant_id, items),
        "batch again": lambda: call(
            quota.connection, "consume_quota_batch", quota.tenant_id, again
        ),
        "reserve": lambda: reserve(quota, 1, "k6"),
        "confirm": lambda: confirm(quota, held, 1),
        "cancel": lambda: cancel(quota, kept),
        "refund": lambda: refund(quota, "k1", "r1"),
        "acquire": quota.acquire,
        "release": quota.release,
        "lease": lambda: lease(quota),
        "release lease": lambda: release(quota, leased),
        "define": lambda: quota.define("TOTAL", 5),
        "define again": lambda: quota.define("MONTHLY", 25),
        "define tenant": lambda: quota.define_tenant(zone="Asia/Tokyo"),
        "reset": lambda: call(quota.connection, "reset_due_quotas", 10),
        "expire": lambda: call(quota.connection, "expire_quota_reservations", 10),
        "purge": lambda: call(quota.connection, "purge_quota_usage", 1, 10),
        "reset one": lambda: call(
            quota.connection, "reset_quota", quota.tenant_id, quota.quota_type, "MONTHLY"
        ),
    }
    ((_, _, text, *_),) = rows(quota.connection, f"SHOW CREATE PROCEDURE {missing}")
    failed = set()
    rows(quota.connection, f"DROP PROCEDURE {missing}")
    try:
        before = everything(quota)
        for name, work in calls.items():
            if joins:
                quota.connection.begin()
            number = error_of(work)
            if number is not None:
                assert number == 1305, name
                failed.add(name)
                if not joins:
                    assert no_transaction_is_open(quota.connection), name
                quota.connection.commit()
                assert everything(quota) == before, name
            else:
                quota.connection.rollback()  # OWN: nothing to roll back
                before = everything(quota)
    finally:
        rows(quota.connection, "SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin")
        rows(quota.connection, text.replace("%", "%%"))
    is_for_own = missing == "spend_quota_slot"  # a caller's transaction charges no slot
    assert failed or (joins and is_for_own), "no call needs this procedure"


def error_of(work: Callable[[], object]) -> int | None:
    """Return the number of the error that it raises, if it does."""
    try:
        work()
    except pymysql.err.MySQLError as error:
        return int(error.args[0])
    return None


def everything(quota: Quota) -> list[object]:
    """Read all that calls write of one tenant's."""
    ids = "(SELECT quota_id FROM tenant_quotas WHERE tenant_id = %s)"
    return [
        rows(quota.connection, f"SELECT * FROM {table} WHERE {of}", quota.tenant_id)
        for table, of in (
            ("tenants", "tenant_id = %s"),
            ("tenant_quotas", "tenant_id = %s ORDER BY quota_id"),
            ("quota_usage_records", "tenant_id = %s ORDER BY created_at, record_id"),
            ("quota_reservations", "tenant_id = %s ORDER BY reservation_id, quota_id"),
            ("quota_slots", f"quota_id IN {ids} ORDER BY quota_id, slot_number"),
            ("quota_alerts", f"quota_id IN {ids} ORDER BY quota_id, alert_level"),
        )
    ]
