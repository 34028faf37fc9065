"""64 connections on quotas with slots: every test of many callers, and the last 20 units."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Callable

from tests.helpers.server import connect
from tests.helpers.support import Quota, at_once, call
from tests.rules import test_slots, test_slots_shared

CALLERS = 64


def slots(url: str, rounds: int) -> list[str]:
    """Run test_slots' crowds with twice the callers, then ``rounds`` times the last 20 units."""
    numbers = itertools.count()

    def fresh() -> Quota:
        return Quota(functools.partial(connect, url, autocommit=True), f"slots_{next(numbers)}")

    test_slots.CALLERS = test_slots_shared.CALLERS = CALLERS
    crowds: tuple[Callable[[Quota], None], ...] = (
        test_slots.test_n_units_3n_tries_exactly_n_grants,
        test_slots.test_amounts_of_1_to_7_fill_the_limit_and_never_pass_it,
        test_slots.test_one_key_at_once_is_charged_once,
        test_slots.test_everything_at_once_stays_exact,
        test_slots_shared.test_tokens_leases_and_releases_at_once_stay_exact,
        *(
            functools.partial(
                test_slots_shared.test_children_of_one_parent_fill_its_limit_and_never_pass_it,
                below=below,
            )
            for below in ("plain children", "children with slots")
        ),
    )
    for crowd in crowds:
        crowd(fresh())

    for last in (last_units, last_units_of_a_parent):
        last(fresh(), rounds)
    return [
        f"slots: {CALLERS} callers, {len(crowds)} crowds exact; {rounds} rounds of the last 20"
        f" units, and {rounds} of a parent's, half of them joined: 20 grants each, no 1213"
    ]


def last_units(quota: Quota, rounds: int) -> None:
    """So many times 20 more units, and 64 who want one each."""
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


def last_units_of_a_parent(quota: Quota, rounds: int) -> None:
    """The same for a parent's units; its children's callers ask, half of them in transactions."""
    quota.define_tenant()
    children = [quota.child(f"c{number}") for number in range(16)]
    for child in children:
        child.define("TOTAL", 10**6)
    connections = [quota.connect() for _ in range(CALLERS)]

    def ask(number: int) -> str:
        if number % 2:
            connections[number].begin()
        status = children[number % 16].consume(1, on=connections[number]).status
        connections[number].commit()
        return str(status)

    for turn in range(1, rounds + 1):
        quota.define("TOTAL", 20 * turn, slot_count=80)
        found = at_once(CALLERS, ask)
        assert Counter(found) == {"GRANTED": 20, "EXCEEDED": CALLERS - 20}, f"round {turn}: {found}"
        assert quota.used("TOTAL") == 20 * turn
    for each in (quota, *children):
        each.assert_adds_up(["TOTAL"])
