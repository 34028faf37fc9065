"""What the model test draws from, and how it compares: tests/test_model.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
from pymysql.connections import Connection

from tests.model_data import Answer
from tests.support import call_out

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
ANCHORS = (None, "2001-01-31 00:00:00", "2000-02-29 02:30:00", "2031-05-15 01:30:00")
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

limits = st.fixed_dictionaries(
    {
        "limit_type": st.sampled_from(("MONTHLY", "DAILY", "TOTAL", "HOURLY", "WEEKLY", "RATE"))
        | st.sampled_from(("CONCURRENT", "QUARTERLY", "YEARLY", "CONCURRENT", "RATE")),
        "hard": st.integers(0, 12) | st.integers(3, 12),
        "soft": st.none() | st.integers(0, 12),
        "enforced": st.sampled_from((True, True, True, False)),
        "products": st.sampled_from((None, None, None, None, ("p",), ("p", "q"))),
        "effective": st.sampled_from((None, None, None, None, None, 2)),  # hours after the start
        "expire": st.sampled_from((None, None, None, None, None, 30)),
        "anchor": st.sampled_from(ANCHORS),
        "refill": st.sampled_from(("0.5", "1", "3", "0.333333", "0.0007")),
    }
)
tenants = st.sampled_from(TENANTS)
connections = st.integers(0, 2)
types = st.sampled_from(("UNITS", "UNITS", "TOKENS"))
keys = st.sampled_from((None, "k1", "k2", "k3", "k4", "k5", "k6"))
products = st.sampled_from((None, "p", "p", "q"))
amounts = st.integers(1, 5)
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


def answer_of(connection: Connection, procedure: str, *arguments: Any, outs: int) -> Answer:
    """CALL an internal procedure; its first nine OUT values are the answer's columns."""
    found = list(call_out(connection, procedure, *arguments, outs=outs))
    for number, each in enumerate(found):
        if isinstance(each, str) and each[:2] == "20" and each[4] == "-":
            found[number] = datetime.fromisoformat(each)
    holds = found[10:] if procedure == "charge_quota" else [None, *found[10:]]
    return Answer(bool(found[0]), *found[1:9], *holds[:2])


def assert_same(answer: Answer, expected: Answer) -> None:
    """Compare what the model says; it knows the retry of a bucket to a millisecond."""
    assert answer[:2] == expected[:2], f"{answer} but the model says {expected}"
    if answer.success and answer.remaining == expected.remaining == 0:
        return  # of several limits with nothing left, any may be shown
    columns: Any = zip(Answer._fields, answer, expected, strict=True)
    for name, found, wanted in columns:
        if name == "retry_after_ms" and found is not None and wanted is not None:
            assert abs(found - wanted) <= 1, f"{answer} but the model says {expected}"
        elif wanted is not None or expected.quota_id is not None:
            assert found == wanted, f"{name}: {answer} but the model says {expected}"
