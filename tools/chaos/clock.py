"""The server's clock moves under load: an hour back, a day ahead, and right again."""

from __future__ import annotations

import functools
import random
import time
from collections import Counter

from pymysql.connections import Connection

from tenant_quota.sandbox.cache import Unavailable
from tests.helpers.server import connect, fresh_schema
from tests.helpers.support import apply_everything, call, rows
from tools.chaos.evidence import Limit, check_everything, define, prove_that_it_can_fail
from tools.chaos.faketime import Clock, server_with_a_clock
from tools.chaos.load import under_load
from tools.chaos.notes import BIZ, HELD
from tools.chaos.witness import Caller

CALLERS, FAMILIES = 10, 2
HOUR, DAY = 3600, 24 * 3600
#: How many seconds the clock is ahead, and for how long. In the end it is right.
STEPS = ((0, 3), (-HOUR, 4), (0, 3), (DAY, 5), (0, 5), (31 * DAY, 4), (0, 5))
#: A call that the clock moved in the midst of is refused: its session looks as if SET timestamp.
REFUSED = "clock_pinned"
LIMITS: tuple[Limit, ...] = (
    ("root", "UNITS", "MONTHLY", 100_000, {"slot_count": 4}),
    ("child", "UNITS", "HOURLY", 100_000, {}),
    ("child", "UNITS", "RATE", 300, {"refill_per_second": 100}),
    ("root", "FEW", "DAILY", 60, {}),
    ("root", "FEW", "TOTAL", 100_000, {}),
    ("child", "FEW", "HOURLY", 30, {}),
    ("child", "FEW", "MONTHLY", 150, {}),
    ("root", HELD, "CONCURRENT", 6, {}),
    ("child", HELD, "CONCURRENT", 4, {}),
)


def clock(server_url: str) -> list[str]:
    """Move it, and look at every period afterwards; where it cannot be moved, say so."""
    del server_url
    try:
        with server_with_a_clock() as (url, moved), fresh_schema(url) as schema:
            apply_everything(schema)
            return move(schema, moved)
    except Unavailable as error:
        return [f"clock: skipped, the server's clock cannot be moved here: {error}"]


def move(url: str, moved: Clock) -> list[str]:
    open_connection = functools.partial(connect, url, autocommit=True)
    families = [f"0x{number}" for number in range(FAMILIES)]
    callers = [
        Caller(
            *(number, open_connection, families, random.Random(number)),
            undone_by=frozenset({REFUSED}),
        )
        for number in range(CALLERS)
    ]
    shown: list[str] = []
    with open_connection() as connection:
        for family in families:
            define(connection, family, limits=LIMITS)

        def steps() -> None:
            for ahead, seconds in STEPS:
                moved.set(ahead)
                before = sum(len(each.granted_at) for each in callers)
                time.sleep(seconds)
                granted = sum(len(each.granted_at) for each in callers) - before
                shown.append(f"{ahead / HOUR:+.0f} h {granted}")

        sweeps = under_load(callers, steps, comes_back=False)
        check_everything(connection, callers)
        prove_that_it_can_fail(connection, callers)
        served(connection, families)
        moved_use = rows(
            connection,
            "SELECT COUNT(*), COALESCE(SUM(delta_value), 0) FROM quota_usage_records"
            " WHERE operation_type = 'ADJUST'",
        )
        early, limit = closed_too_early(connection, moved)
        twice = opened_twice(connection)
        behind = rows(
            connection,
            "SELECT -SUM(used) FROM (SELECT SUM(delta_value) AS used FROM quota_usage_records"
            " WHERE operation_type <> 'RESET' GROUP BY quota_id, period_start"
            " HAVING used < 0) AS below",
        )[0][0]
    calls = sum((each.seen for each in callers), Counter[str]())
    return [
        f"clock: {CALLERS + 1} connections, {sum(calls.values())} calls, {sweeps} sweeps; granted"
        " by where the clock was: " + ", ".join(shown),
        *(f"  {count:6} {name}" for name, count in sorted(calls.items())),
        f"  {moved_use[0][0]} ADJUST rows, their sum {moved_use[0][1]}; {len(twice)} periods opened"
        f" twice, the most of such a period {max(twice, default=0):.0%} of its limit",
        f"  a period that a clock a day ahead closed, opened again: {early} units of a limit of {limit}",
        f"  {behind or 0} units were refunded after their use had moved: recorded, and not given back",
        "  every acknowledged call found once, counters and ledger agree, no opening of a period above"
        " its limit; with the clock right each period is that of now, and each bucket refills",
    ]


def served(connection: Connection, families: list[str]) -> None:
    """With the clock right, every period is that of now once a call came by, and RATE refills."""
    time.sleep(3.2)  # a bucket of 300 that gets 100 a second
    for family in families:
        for tenant in (f"child_{family}", f"root_{family}"):
            few = call(connection, "consume_quota", tenant, "FEW", 1, None, None, None)
            assert few.status in ("GRANTED", "EXCEEDED"), few
            many = call(connection, "consume_quota", tenant, "UNITS", 250, None, None, None)
            assert many.status == "GRANTED", many
    wrong = rows(
        connection,
        "SELECT tenant_id, quota_type, limit_type, period_start, period_end, NOW() FROM"
        " tenant_quotas WHERE limit_type IN ('HOURLY', 'DAILY', 'MONTHLY')"
        " AND NOT (period_start <= NOW() AND NOW() < period_end AND period_end = next_reset_time)",
    )
    assert not wrong, f"periods that are not of now: {wrong}"


def opened_twice(connection: Connection) -> list[float]:
    """Return, of each period that was opened more than once, its use as a part of its limit."""
    return [
        float(part)
        for (part,) in rows(
            connection,
            "SELECT SUM(IF(r.operation_type IN ('RESET', 'ADJUST'), 0, r.delta_value))"
            " / MAX(q.hard_limit)"
            " FROM quota_usage_records AS r JOIN tenant_quotas AS q USING (quota_id)"
            " WHERE r.period_start IS NOT NULL GROUP BY q.quota_id, r.period_start"
            " HAVING SUM(r.operation_type = 'RESET' AND r.delta_value <= 0)"
            "        + MAX(q.period_start <=> r.period_start) > 1",
        )
    ]


def closed_too_early(connection: Connection, moved: Clock) -> tuple[int, int]:
    """Use a day's limit up, once more while the clock is a day ahead, and then what is left.

    Return the units that the day of now granted, and its limit: the day that gave way brings
    its own use along, so that at most one limit is granted beyond the first.
    """
    limit, ahead = 10, 3

    def consume(amount: int) -> str:
        answer = call(connection, "consume_quota", "EARLY", "UNITS", amount, BIZ, None, None)
        return str(answer.status)

    call(connection, "define_quota", "EARLY", "UNITS", "DAILY", limit, None, None)
    assert (consume(limit), consume(1)) == ("GRANTED", "EXCEEDED")
    moved.set(DAY)
    assert consume(ahead) == "GRANTED"
    moved.set(0)
    assert consume(limit) == "EXCEEDED", "the use of the day ahead did not come along"
    more = sum(consume(1) == "GRANTED" for _ in range(limit))
    assert more <= limit - ahead, f"{more} more, beside the {ahead} of the day ahead"
    return limit + more, limit
