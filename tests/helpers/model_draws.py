"""What the model test draws from, and how it compares: tests/rules/test_model.py."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
from pymysql.connections import Connection

from tests.helpers.model_data import Answer
from tests.helpers.support import call, call_out

#: Family -> its tenants' parents. Families share nothing, so that transactions of
#: several connections are open at once and nobody has to wait.
FAMILIES = {
    family: {f"{family}0": None, f"{family}1": f"{family}0", f"{family}2": f"{family}0"}
    | {f"{family}3": f"{family}1"}
    for family in ("A", "B")
}
TENANTS = [tenant for tree in FAMILIES.values() for tenant in tree]
ZONES = ("UTC", "+08:00", "America/New_York")
STARTS = (
    datetime(2030, 3, 10, 5, 30),  # New York leaves 01:59 for 03:00 at 07:00
    datetime(2030, 11, 3, 4, 30),  # and lives 01:00 to 02:00 twice from 05:00 to 07:00
    datetime(2030, 12, 31, 15, 59, 59, 999000),  # the year ends at +08:00
    datetime(2032, 2, 28, 23, 59, 59),
)
ANCHORS = (
    None,
    datetime(2001, 1, 31),
    datetime(2000, 2, 29, 2, 30),
    datetime(2031, 5, 15, 1, 30),
)
PASSING = {
    "an instant": timedelta(microseconds=1),
    "a moment": timedelta(milliseconds=333),
    "seconds": timedelta(seconds=4),
    "minutes": timedelta(minutes=7),
    "hours": timedelta(hours=5),
    "a day": timedelta(days=1),
    "a month": timedelta(days=31),
    "a quarter": timedelta(days=100),
}

STEPS_OF_TIME = (*tuple(PASSING)[:5] * 3, *PASSING, *("to a boundary", "to an expiry") * 4)

limit_types = st.sampled_from(
    ("MONTHLY", "DAILY", "TOTAL", "HOURLY", "WEEKLY", "RATE")
) | st.sampled_from(("CONCURRENT", "QUARTERLY", "YEARLY", "CONCURRENT", "RATE"))
hards = st.integers(0, 12) | st.integers(3, 12)
softs = st.none() | st.integers(0, 12)
refills = st.sampled_from([Fraction(each) for each in ("0.5", "1", "3", "0.333333", "0.0007")])
OPTIONS = {
    "enforced": "enforcement",
    "products": "product_codes",
    "effective": "effective_time",
    "expire": "expire_time",
    "anchor": "period_anchor",
    "refill": "refill_per_second",
    "slots": "slot_count",
}
#: What define_quota leaves as it is, or as it is by default, where it is not said.
options = st.fixed_dictionaries(
    {},
    optional={
        "enforced": st.sampled_from((True, True, False)),
        "products": st.sampled_from((None, None, ("p",), ("p", "q"))),
        "effective": st.sampled_from((None, None, None, timedelta(hours=2))),  # from now
        "expire": st.sampled_from((None, None, None, timedelta(hours=30))),
        "anchor": st.sampled_from(ANCHORS),
        "refill": refills,
        "slots": st.sampled_from((0, 0, 0, 2)),
    },
)
tenants = st.sampled_from(TENANTS)
connections = st.integers(0, 2)
types = st.sampled_from(("UNITS", "UNITS", "TOKENS"))
keys = st.sampled_from((None, "k1", "k2", "k3", "k4", "k5", "k6"))
products = st.sampled_from((None, "p", "p", "q"))
amounts = st.integers(1, 5)
#: One item of a batch: quota type, amount, key and product.
Wanted = tuple[str, int, "str | None", "str | None"]
items: st.SearchStrategy[list[Wanted]] = st.lists(
    st.tuples(types, st.integers(1, 3), keys, products), min_size=1, max_size=4
)
#: Who asks for how much of which product.
Asked = tuple[str, int, "str | None"]
asked: st.SearchStrategy[Asked] = st.tuples(tenants, amounts, products)
ttls = st.sampled_from((1, 3600, 86400, 86400 * 40, 86400 * 40))


def assert_equal(what: str, found: Iterable[Any], expected: Iterable[Any]) -> None:
    """Compare two tables, and show the rows that only one of them has."""
    really, wanted = Counter(found), Counter(expected)
    assert really == wanted, f"{what}: {really - wanted} but the model says {wanted - really}"


def nth_last(found: list[Any], number: int, nothing: Any) -> Any:
    """Return one of the last of what there is, without doubles."""
    each = list(dict.fromkeys(found))
    return each[-1 - number % len(each)] if each and number < 4 else nothing


def as_json(said: dict[str, Any]) -> str | None:
    """Spell a limit's options as define_quota reads them."""
    found = {OPTIONS[name]: value for name, value in said.items()}
    if "enforcement" in found:
        found["enforcement"] = "ENFORCE" if found["enforcement"] else "SHADOW"

    def spell(value: Any) -> Any:
        return float(value) if isinstance(value, Fraction) else str(value)

    return json.dumps(found, default=spell) if found else None


def answer_of(connection: Connection, procedure: str, *arguments: Any) -> Answer:
    """CALL a public procedure, and return its row as far as the model knows it."""
    row = vars(call(connection, procedure, *arguments))
    hold_id = row.get("reservation_id") or row.get("lease_id")
    known = {name: row[name] for name in Answer._fields if name in row}
    return Answer(**known | {"success": bool(row["success"]), "hold_id": hold_id})


def outcome_of(connection: Connection, procedure: str, *arguments: Any, outs: int) -> Answer:
    """CALL one that answers with OUT values: success, and perhaps the status."""
    success, *status = call_out(connection, procedure, *arguments, outs=outs)
    return Answer(bool(success), *(status or ["done" if success else "not done"]))


def assert_same(answer: Answer, expected: Answer, has_slots: bool) -> None:
    """Compare what the model says; it knows the retry of a bucket to a millisecond.

    Where limits have slots, nobody knows the use after a grant, nor which limit is tightest.
    """
    assert answer[:2] == expected[:2], f"{answer} but the model says {expected}"
    if has_slots and (answer.success or answer.used_count is None):
        return
    if answer.success and expected.quota_id not in (None, answer.quota_id):
        assert answer.remaining == expected.remaining, f"{answer} but the model says {expected}"
        return  # of several limits with as little left, any may be shown
    columns: Any = zip(Answer._fields, answer, expected, strict=True)
    for name, found, wanted in columns:
        if name == "retry_after_ms" and found is not None and wanted is not None:
            assert abs(found - wanted) <= 1, f"{answer} but the model says {expected}"
        elif wanted is not None or expected.quota_id is not None:
            assert found == wanted, f"{name}: {answer} but the model says {expected}"
