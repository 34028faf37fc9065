"""The kinds of calls, each on tenants of its own: what calls.lua does, and for whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.measure import Figures
from benchmarks.prepared import make_first, prepare
from benchmarks.server import PLENTY, TYPE, Schema
from benchmarks.works import CONNECTIONS, FLOOR, SCENARIO_2, TENANTS, Works

ONE = "one limit"
JOINED = "one limit, joined"
PARENT = "with a parent"
GRANDPARENT = "with two ancestors"
THREE = "three limits"
CALENDAR = "three calendar limits"
SHADOW = "SHADOW"
SHADOW_OVER = "SHADOW, used up"
RATE = "RATE"
MONTHLY_AND_RATE = "MONTHLY and RATE"
ACQUIRE = "acquire a token"
ACQUIRE_AND_RELEASE = "acquire and release a token"
FROM_BUCKET = "acquire from a bucket"
TAKE_AND_RETURN = "take and return a token, with rows"
LEASE = "acquire_quota_lease"
LEASE_AND_BACK = "acquire and release a lease"
CONSUME = "consume_quota"
RESERVE = "reserve_quota"
CONFIRM = "confirm_quota_reservation"
REFUND = "refund_quota"
DENIED = "a denial that was told before"

MANY = 10**6  # of a limit that may not be PLENTY


@dataclass(frozen=True)
class Kind:
    """One kind of call, and the tenants that it is made for."""

    work: str  # of calls.lua
    prefix: str  # of its tenants
    limit_types: tuple[str, ...] = ("MONTHLY",)
    hard_limit: int = PLENTY
    enforcement: str = "ENFORCE"
    ancestors: int = 0  # above each tenant, with a MONTHLY limit each, and nobody else's
    status: str = "GRANTED"
    answers_row: bool = False
    ends: tuple[object, ...] = ()  # what the call ends: a procedure and its arguments make one
    used_up: bool = False

    def add(self, schema: Schema, tenants: int = TENANTS) -> None:
        """Create the tenants and all that they have before a run."""
        above = None
        for level in reversed(range(self.ancestors)):
            name = self.prefix + "up" * (level + 1)
            schema.add_tenants(name, tenants, parents=above)
            above = name
        schema.add_tenants(
            *(self.prefix, tenants, self.limit_types, self.hard_limit, above),
            enforcement=self.enforcement,
            refill_per_second=MANY,
        )
        if self.ends:
            procedure, *arguments = self.ends
            make_first(schema, self.prefix, str(procedure), *arguments)
        if self.used_up:  # what the first call beyond the limit writes is to be over, too
            for key in ("before", "too much"):
                schema.consume_once(self.prefix, tenants, key)

    def run(self, schema: Schema, seconds: int, connections: int, drains: bool) -> Figures:
        """Drive the call for some seconds; what it ends is prepared before."""
        return schema.sysbench(
            *(self.work, self.prefix, TENANTS),
            seconds=seconds,
            connections=connections,
            status=self.status,
            drains=drains,
            prepared=prepare(schema, self.prefix, TENANTS, seconds) if self.ends else 0,
        )


CALENDAR_TYPES = ("DAILY", "MONTHLY", "YEARLY")
HOLD = ("reserve_quota", TYPE, 1, 24 * 3600, "ORDER", "before", None)
CONSUMPTION = ("consume_quota", TYPE, 1, "ORDER", "before", None)

KINDS = {
    FLOOR: Kind("floor", "f"),
    SCENARIO_2: Kind("scenario2", "s"),
    ONE: Kind("consume", "one"),
    JOINED: Kind("joined", "join"),
    PARENT: Kind("consume", "child", ancestors=1),
    GRANDPARENT: Kind("consume", "grand", ancestors=2),
    THREE: Kind("consume", "three", ("DAILY", "MONTHLY", "TOTAL")),
    CALENDAR: Kind("consume", "cal", CALENDAR_TYPES),
    SHADOW: Kind("consume", "shadow", enforcement="SHADOW"),
    SHADOW_OVER: Kind("consume", "over", hard_limit=1, enforcement="SHADOW", used_up=True),
    RATE: Kind("consume", "rate", ("RATE",), MANY),
    MONTHLY_AND_RATE: Kind("consume", "both", ("MONTHLY", "RATE"), MANY),
    ACQUIRE: Kind("token", "token", ("CONCURRENT",), MANY),
    ACQUIRE_AND_RELEASE: Kind("token_and_back", "back", ("CONCURRENT",), MANY),
    FROM_BUCKET: Kind("token", "bucket", ("RATE",), MANY),
    TAKE_AND_RETURN: Kind(
        *("take_and_return", "take", ("CONCURRENT",), MANY), status="RELEASED", answers_row=True
    ),
    LEASE: Kind("lease", "lease", ("CONCURRENT",), MANY, answers_row=True),
    LEASE_AND_BACK: Kind(
        *("lease_and_back", "let", ("CONCURRENT",), MANY), status="RELEASED", answers_row=True
    ),
    CONSUME: Kind("consume_row", "row", answers_row=True),
    RESERVE: Kind("reserve", "hold", answers_row=True),
    CONFIRM: Kind("confirm", "keep", status="CONFIRMED", answers_row=True, ends=HOLD),
    REFUND: Kind("refund", "refund", answers_row=True, ends=CONSUMPTION),
    DENIED: Kind("consume", "denied", hard_limit=1, status="EXCEEDED", used_up=True),
}


def runs(schema: Schema, names: Sequence[str]) -> dict[str, Callable[..., Figures]]:
    """Add the tenants of these kinds; return a function of seconds and connections for each.

    Where one of them answers with a row, all are driven by the client that takes it, so
    that their ratios are fair.
    """
    drains = any(KINDS[name].answers_row for name in names)
    for name in names:
        KINDS[name].add(schema)
    return {name: partial(KINDS[name].run, schema, drains=drains) for name in names}


def works(schema: Schema, seconds: int, names: Sequence[str]) -> Works:
    """Return these kinds as works of a part, 32 connections each."""
    return {
        name: partial(run, seconds=seconds, connections=CONNECTIONS)
        for name, run in runs(schema, names).items()
    }
