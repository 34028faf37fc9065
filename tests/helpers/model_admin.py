"""The model's other half: what administrators do while limits are in use.

Numbers in brackets are the sections of docs/design.md. As in ``tests/helpers/model.py``, an error leaves the
model half changed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

from tests.helpers.model import InvalidArgument, Model
from tests.helpers.model_data import (
    CALENDAR,
    COUNTED,
    Answer,
    Hold,
    Limit,
    Row,
    local,
    utc,
    zone_of,
)

#: What an administrator says of a limit; its other fields are its state.
DEFINITION = (
    *("hard", "soft", "enforced", "products", "effective", "expire", "anchor", "refill"),
    "slots",
)


class Drift(NamedTuple):
    """A counter that is not what the ledger, or the leases, say [4]."""

    quota_id: int
    used_count: int
    ledger_sum: int
    status: str


# Definitions [2, 4]


def define_quota(model: Model, wanted: Limit, options: dict[str, Any], now: datetime) -> Answer:
    """Create a limit, or change it while it is in use: what was used stays used.

    ``wanted`` says which limit it is, and its hard and soft limit; an option left out
    keeps its value.
    """
    found = find_limit(model, wanted)
    limit = found or model.limits.setdefault(wanted.quota_id, wanted)
    before, old_period = None, None
    if found:
        model.close_period(limit, now)  # what is over is closed under the old definition
        before, old_period = definition(limit), limit.period()

    if limit.limit_type in CALENDAR and options.get("anchor", limit.anchor) != limit.anchor:
        limit.next_reset = None
    if options.get("refill", limit.refill) != limit.refill:
        # What has flowed back at the old rate stays; the token that was on its way starts anew.
        limit.debt, limit.debt_at = Fraction(ceil(limit.missing(now))), now
    for name, value in {"hard": wanted.hard, "soft": wanted.soft, **options}.items():
        setattr(limit, name, value)
    if limit.effective and limit.expire and limit.expire <= limit.effective:
        raise InvalidArgument
    limit.next_alert = limit.first_alert()
    model.close_period(limit, now)
    move_use(model, limit, old_period, now)

    status = "CREATED" if not found else "CHANGED"
    if before == definition(limit):
        status = "UNCHANGED"
    return model.figures(limit, status, now)._replace(success=True)


def find_limit(model: Model, wanted: Limit) -> Limit | None:
    """Return the limit of that tenant, quota type and limit type, if there is one."""
    for limit in model.limits.values():
        names = (limit.tenant_id, limit.quota_type, limit.limit_type)
        if names == (wanted.tenant_id, wanted.quota_type, wanted.limit_type):
            return limit
    return None


def definition(limit: Limit) -> list[Any]:
    """Return what an administrator said of it."""
    return [getattr(limit, name) for name in DEFINITION]


def move_use(model: Model, limit: Limit, old: datetime | None, now: datetime) -> None:
    """A billing day moved in mid-period: the use goes into the period that now is open [4].

    What is held goes with it. What was consumed stays where it was: refunding that is
    recorded and lowers nothing.
    """
    new = limit.period()
    if old is None or old == new:
        return
    if limit.used:
        for delta, period in ((-limit.used, old), (limit.used, new)):
            model.ledger.append(adjust(limit, delta, period, now))
    for hold in list(model.holds.values()):
        if (hold.quota_id, hold.status, hold.period) == (limit.quota_id, "HELD", old):
            model.holds[hold.hold_id, hold.quota_id] = replace(hold, period=new)


def adjust(limit: Limit, delta: int, period: datetime | None, at: datetime) -> Row:
    """Return an ADJUST row."""
    return Row(*(limit.quota_id, "ADJUST", delta, limit.used, None, None, period, None, "", "", at))


def define_tenant(model: Model, tenant_id: str, zone: str) -> Answer:
    """Move a tenant's wall clock; the times of its limits stay as they are written [2].

    But when a limit was last reset is a moment, and gets its new name.
    """
    before = model.tenants[tenant_id]
    model.tenants[tenant_id] = replace(before, zone=zone)
    for limit in model.limits.values():
        if limit.tenant_id == tenant_id:
            if limit.reset_time and before.zone != zone:
                limit.reset_time = local(utc(limit.reset_time, limit.zone), zone_of(zone))
            limit.zone = zone_of(zone)
    return Answer(True, "UNCHANGED" if before.zone == zone else "CHANGED")


# Jobs [4]


def reconcile(model: Model, tenant_id: str, repair: bool, now: datetime) -> list[Drift]:
    """Compare counters with the ledger; the counter decides, so a repair writes the ledger."""
    found = []
    for limit in model.limits.values():
        rows = sum(row.delta for row in model.ledger if row.quota_id == limit.quota_id)
        leased = sum(
            hold.amount
            for hold in model.holds.values()
            if (hold.quota_id, hold.status) == (limit.quota_id, "HELD") and hold.expires_at > now
        )
        if limit.tenant_id != tenant_id:
            continue
        if limit.limit_type in COUNTED and limit.used != rows:
            found.append(Drift(limit.quota_id, limit.used, rows, "REPAIRED" if repair else "DRIFT"))
            if repair:
                model.ledger.append(adjust(limit, limit.used - rows, limit.period(), now))
        if limit.limit_type == "CONCURRENT" and limit.used < leased:  # it has no ledger
            found.append(Drift(limit.quota_id, limit.used, leased, "DRIFT"))
    return found


def purge(model: Model, keep_days: int, now: datetime) -> int:
    """Delete what is old and over; return how many rows and holds that were.

    Ledger rows leave their sum behind, one ADJUST row a period. A key is remembered as
    long as its youngest row and its reservation, an open period as a whole.
    """
    cutoff = now - timedelta(days=keep_days)

    def is_old(hold: Hold) -> bool:
        return hold.ended_at is not None and max(hold.ended_at, hold.expires_at) < cutoff

    young = {(row.quota_id, row.key) for row in model.ledger if row.key and row.at >= cutoff}
    held = {key for key, hold in model.holds.items() if not is_old(hold)}

    def goes(row: Row) -> bool:
        open_period = model.limits[row.quota_id].period()
        is_over = row.period is None or open_period is None or row.period < open_period
        return (
            row.at < cutoff
            and is_over
            and (row.quota_id, row.key) not in young
            and (row.hold_id, row.quota_id) not in held
        )

    old = [row for row in model.ledger if goes(row)]
    gone = [row for row in old if row.operation != "ADJUST"]
    for quota_id, period in {(row.quota_id, row.period) for row in gone}:
        of_period = [row for row in old if (row.quota_id, row.period) == (quota_id, period)]
        model.ledger = [row for row in model.ledger if row not in of_period]
        delta = sum(row.delta for row in of_period)
        if delta:
            last = max(row.at for row in of_period)
            model.ledger.append(adjust(model.limits[quota_id], delta, period, last))

    remembered = {(row.hold_id, row.quota_id) for row in model.ledger if row.key}
    ended = [key for key, hold in model.holds.items() if is_old(hold) and key not in remembered]
    for key in ended:
        del model.holds[key]
    return len(gone) + len(ended)
