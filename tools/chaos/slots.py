"""64 connections on one quota with slots: every test of many callers, and the last 20 units."""

from __future__ import annotations

import functools
import itertools
from collections import Counter

from tests.helpers.server import connect
from tests.helpers.support import Quota, at_once, call
from tests.rules import test_slots

CALLERS = 64


def slots(url: str, rounds: int) -> list[str]:
    """Run test_slots' crowds with twice the callers, then ``rounds`` times the last 20 units."""
    numbers = itertools.count()

    def fresh() -> Quota:
        return Quota(functools.partial(connect, url, autocommit=True), f"slots_{next(numbers)}")

    test_slots.CALLERS = CALLERS
    crowds = (
        test_slots.test_n_units_3n_tries_exactly_n_grants,
        test_slots.test_amounts_of_1_to_7_fill_the_limit_and_never_pass_it,
        test_slots.test_one_key_at_once_is_charged_once,
        test_slots.test_everything_at_once_stays_exact,
    )
    for crowd in crowds:
        crowd(fresh())

    quota = fresh()
    connections = [quota.connect() for _ in range(CALLERS)]
    for turn in range(1, rounds + 1):
        units = 20 * turn
        call(
            quota.connection,
            *("define_quota", quota.tenant_id, quota.quota_type, "TOTAL", units, None),
            '{"slot_count": 80}',
        )
        found = at_once(CALLERS, lambda n: quota.consume(1, on=connections[n]).status)
        assert Counter(found) == {"GRANTED": 20, "EXCEEDED": CALLERS - 20}, f"round {turn}: {found}"
        assert quota.used("TOTAL") == units
    quota.assert_adds_up(["TOTAL"])
    return [
        f"slots: {CALLERS} callers, {len(crowds)} crowds exact; {rounds} rounds of the last 20"
        " units, 20 grants each, no 1213"
    ]
