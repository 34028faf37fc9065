"""What the model of the rules keeps: tenants, limits, ledger rows, holds; and the calendar.

Numbers in brackets are the sections of docs/design.md. Times are UTC; a limit's own times (``anchor``,
``next_reset``, ``effective``, ``expire``, period labels) are its tenant's wall clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from fractions import Fraction
from math import ceil
from typing import NamedTuple
from zoneinfo import ZoneInfo

SECONDS = {"HOURLY": 3600, "DAILY": 86400, "WEEKLY": 604800}
MONTHS = {"MONTHLY": 1, "QUARTERLY": 3, "YEARLY": 12}
CALENDAR = (*SECONDS, *MONTHS)
COUNTED = (*CALENDAR, "TOTAL")
#: Where no period begins: a Monday, and the first of a month, a quarter and a year [4].
CALENDAR_ANCHOR = datetime(2001, 1, 1)
#: Which limits each operation charges: the last column of the table in docs/design.md [2].
CHARGED_BY = {
    "CONSUME": (*COUNTED, "RATE"),
    "RESERVE": COUNTED,
    "ACQUIRE": ("CONCURRENT", "RATE"),
    "LEASE": ("CONCURRENT",),
    "BATCH": (*COUNTED, "RATE"),
}
ENDED = {"CONFIRM": "CONFIRMED", "CANCEL": "CANCELLED", "RELEASE": "RELEASED", "EXPIRE": "EXPIRED"}


@dataclass(frozen=True)
class Tenant:
    """Whoever is limited; what it consumes is charged to its ancestors too [2]."""

    tenant_id: str
    zone: str = "UTC"
    parent: str | None = None
    suspended: bool = False


@dataclass
class Limit:
    """One quota: how much of what, and how its use comes down again [2]."""

    quota_id: int
    tenant_id: str
    zone: tzinfo
    quota_type: str
    limit_type: str
    hard: int
    soft: int | None = None
    enforced: bool = True  # SHADOW counts and reports, and never denies
    products: tuple[str, ...] | None = None
    effective: datetime | None = None
    expire: datetime | None = None
    anchor: datetime | None = None
    next_reset: datetime | None = None  # None: the first touch schedules it [4]
    reset_time: datetime | None = None  # when its use last came down to 0
    used: int = 0
    refill: Fraction = Fraction(0)  # RATE: tokens per second
    slots: int = 0  # decides nothing: with slots every answer is what it is without [7]
    next_alert: int | None = None  # the use from which an alert is due; None: none [6]
    debt: Fraction = Fraction(0)  # RATE: what is missing from a full bucket at debt_at
    debt_at: datetime | None = None

    def covers(self, product: str | None) -> bool:
        """Whether the limit is on this product; None: on no product in particular."""
        return self.products is None or product in self.products

    def missing(self, now: datetime) -> Fraction:
        """RATE: what is missing from a full bucket now; it refills continuously [2]."""
        seconds = (now - (self.debt_at or now)) // timedelta(microseconds=1)
        return max(self.debt - self.refill * seconds / 1_000_000, Fraction(0))

    def use(self, now: datetime) -> int:
        """Units in use, in whole numbers."""
        return ceil(self.missing(now)) if self.limit_type == "RATE" else self.used

    def first_alert(self) -> int | None:
        """Return the use from which the first alert of a period is due [6]."""
        found = [self.soft, None if self.enforced else self.hard + 1]
        return min((each for each in found if each is not None), default=None)

    def reaches_alert(self, used: int) -> bool:
        """Whether an alert is due at this use."""
        return self.next_alert is not None and used >= self.next_alert

    def period(self) -> datetime | None:
        """Return the label of the open period: where the one that ends at next_reset began."""
        if self.next_reset is None:
            return None
        before_its_end = self.next_reset - timedelta(microseconds=1)
        return period_of(self.limit_type, self.anchor or CALENDAR_ANCHOR, before_its_end)[0]


class Row(NamedTuple):
    """One row of the ledger; rows are never changed [2]."""

    quota_id: int
    operation: str
    delta: int
    current_used: int
    key: str | None
    product: str | None
    period: datetime | None
    hold_id: str | None
    refund_id: str
    origin: str  # the sub-channel that consumed; empty: the quota's own tenant
    at: datetime


@dataclass(frozen=True)
class Hold:
    """Units of one quota held until a time: by a reservation, or a lease on a token [2]."""

    hold_id: str
    quota_id: int
    kind: str
    status: str
    amount: int
    confirmed: int | None
    expires_at: datetime
    charge: Row | None  # what held them; a lease has no ledger row
    period: datetime | None  # where they come back; it moves with the billing day [4]
    ended_at: datetime | None = None


class Call(NamedTuple):
    """A request to charge."""

    operation: str  # CONSUME, RESERVE, ACQUIRE, LEASE; BATCH: what a batch asks of one limit
    tenant_id: str
    quota_type: str
    amount: int
    now: datetime
    key: str | None = None  # (biz_type, biz_id); None: not idempotent
    product: str | None = None
    ttl: int = 0  # seconds; RESERVE and LEASE
    hold_id: str | None = None  # the reservation_id or lease_id that it would get


class Answer(NamedTuple):
    """The columns of a procedure's row [3]; None where the model does not say."""

    success: bool
    status: str
    quota_id: int | None = None
    limit_type: str | None = None
    hard_limit: int | None = None
    used_count: int | None = None
    remaining: int | None = None
    next_reset_time: datetime | None = None
    retry_after_ms: int | None = None
    hold_id: str | None = None
    expires_at: datetime | None = None
    item_index: int | None = None  # of a batch: the first item that was denied


class Judged(NamedTuple):
    """What a call asks of one limit, and what that says to it."""

    limit: Limit
    call: Call
    verdict: str


def zone_of(name: str) -> tzinfo:
    """Return ``UTC``, an offset such as ``+08:00``, or a named zone."""
    if name[0] in "+-":
        return timezone(timedelta(hours=int(name[:3]), minutes=int(name[4:])))
    return ZoneInfo(name)


def local(now: datetime, zone: tzinfo) -> datetime:
    """Return the wall clock at a moment."""
    return now.replace(tzinfo=timezone.utc).astimezone(zone).replace(tzinfo=None)


def utc(wall: datetime, zone: tzinfo) -> datetime:
    """Return the moment when a wall clock reaches a time, or jumps over it."""
    moment = wall.replace(tzinfo=zone).astimezone(timezone.utc).replace(tzinfo=None)
    if local(moment, zone) != wall:  # spring: that time never comes
        moment = wall.replace(tzinfo=zone, fold=1).astimezone(timezone.utc).replace(tzinfo=None)
        while local(moment, zone) < wall:
            moment += timedelta(minutes=15)
    return moment


def boundary(limit_type: str, anchor: datetime, number: int) -> datetime:
    """Anchor + n intervals, each from the anchor itself: the 31st stays the 31st [4]."""
    if limit_type in SECONDS:
        return anchor + timedelta(seconds=SECONDS[limit_type] * number)
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + MONTHS[limit_type] * number, 12)
    for day in range(anchor.day, 27, -1):
        try:
            return anchor.replace(year=year, month=month + 1, day=day)
        except ValueError:  # the month is shorter
            continue
    return anchor.replace(year=year, month=month + 1)


def period_of(limit_type: str, anchor: datetime, wall: datetime) -> tuple[datetime, datetime]:
    """Return the boundaries around a moment: start <= moment < end [4]."""
    number = (wall - anchor) // (
        timedelta(seconds=SECONDS[limit_type])
        if limit_type in SECONDS
        else timedelta(days=31 * MONTHS[limit_type])
    )
    while boundary(limit_type, anchor, number) > wall:
        number -= 1
    while boundary(limit_type, anchor, number + 1) <= wall:
        number += 1
    return boundary(limit_type, anchor, number), boundary(limit_type, anchor, number + 1)


def time_until(wall: datetime, now: datetime, zone: tzinfo) -> timedelta:
    """Return how long it is until a wall clock shows a time next."""
    left = wall - local(now, zone)
    if local(now + left, zone) != wall:  # the clocks change until then
        left = utc(wall, zone) - now
    return left


def was_reset_since(limit: Limit, charge: Row, ledger: list[Row]) -> bool:
    """Whether the open use was reset in mid-period since the charge.

    Then it has a RESET row of its own, or none was written at reset_time (by hand).
    """
    period, reset_time = limit.period(), limit.reset_time
    if period is None or reset_time is None or reset_time <= period:
        return False
    mine = [r for r in ledger if r[:2] == (limit.quota_id, "RESET") and r.delta <= 0]
    walls = [abs(local(r.at, limit.zone) - reset_time) for r in mine]
    is_midway = period in [r.period for r in mine] or not any(
        wall < timedelta(seconds=1) for wall in walls
    )
    return is_midway and charge.at < utc(reset_time, limit.zone)


#: One of a batch, and its place there from 0.
Item = tuple[int, Call]


def expiry(call: Call) -> datetime:
    """Until when a hold is held: at that moment it has lapsed."""
    return call.now + timedelta(seconds=call.ttl)


def first_lapse(holds: Iterable[Hold], denied: Judged) -> int | None:
    """Milliseconds until a lease lapses that a denied one waits for; None: waiting does not help."""
    limit, call, verdict = denied
    held = [
        hold.expires_at
        for hold in holds
        if (hold.quota_id, hold.status) == (limit.quota_id, "HELD")
    ]
    if not held or call.operation != "LEASE" or verdict != "EXCEEDED" or not limit.hard:
        return None
    return max((min(held) - call.now) // timedelta(milliseconds=1) + 1, 1)


def tightness(limit: Limit, now: datetime) -> tuple[bool, bool, int, int]:
    """Order grants for showing: enforced first, counted first, least left first [3]."""
    left = limit.hard - limit.use(now)
    return not limit.enforced, limit.limit_type == "RATE", left, limit.quota_id


def by_type(items: list[Item]) -> list[list[Item]]:
    """Part a batch by quota type, in the order of their names."""
    types = sorted({call.quota_type for _, call in items})
    return [[item for item in items if item[1].quota_type == each] for each in types]


def left_of(answer: Answer) -> int:
    """What the limit that is shown has left; below zero where it counts on beyond."""
    return (answer.hard_limit or 0) - (answer.used_count or 0)
