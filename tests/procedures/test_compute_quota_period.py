"""compute_quota_period: anchor + n intervals, compared with Python's own calendar."""

from calendar import monthrange
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.support import Quota, call_out

MONTHS = {"MONTHLY": 1, "QUARTERLY": 3, "YEARLY": 12}
SPANS = {"HOURLY": timedelta(hours=1), "DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}


def boundary(limit_type: str, anchor: datetime, number: int) -> datetime:
    """Return anchor + number intervals, the day clamped to the month's last."""
    if limit_type in SPANS:
        return anchor + number * SPANS[limit_type]
    months = anchor.year * 12 + anchor.month - 1 + number * MONTHS[limit_type]
    year, month = divmod(months, 12)
    day = min(anchor.day, monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)


def period(
    quota: Quota, limit_type: str, anchor: datetime, instant: datetime
) -> tuple[datetime, ...]:
    arguments = (limit_type, str(anchor), str(instant))
    answer = call_out(quota.connection, "compute_quota_period", *arguments, outs=2)
    return tuple(datetime.fromisoformat(str(each)) for each in answer)


@pytest.mark.parametrize(
    ("limit_type", "anchor", "instant", "start", "end"),
    [
        ("MONTHLY", "2023-01-31", "2023-02-27 23:59:59.999999", "2023-01-31", "2023-02-28"),
        ("MONTHLY", "2023-01-31", "2023-02-28", "2023-02-28", "2023-03-31"),
        ("MONTHLY", "2024-01-31", "2024-02-29", "2024-02-29", "2024-03-31"),
        ("MONTHLY", "2024-01-31", "2024-05-30 12:00", "2024-04-30", "2024-05-31"),
        ("MONTHLY", "2024-01-31", "2023-12-01", "2023-11-30", "2023-12-31"),
        ("YEARLY", "2024-02-29", "2025-02-28", "2025-02-28", "2026-02-28"),
        ("YEARLY", "2024-02-29", "2028-02-28 23:59:59", "2027-02-28", "2028-02-29"),
        ("QUARTERLY", "2001-01-01", "2024-12-31 23:59:59", "2024-10-01", "2025-01-01"),
        ("WEEKLY", "2001-01-01", "2026-11-22 23:59:59", "2026-11-16", "2026-11-23"),
        (
            "DAILY",
            "2001-01-01 05:30",
            "2026-11-22 05:29:59",
            "2026-11-21 05:30",
            "2026-11-22 05:30",
        ),
        ("HOURLY", "2030-01-01 00:15", "2026-11-22 10:00", "2026-11-22 09:15", "2026-11-22 10:15"),
    ],
)
def test_boundaries_that_are_easily_got_wrong(
    quota: Quota, limit_type: str, anchor: str, instant: str, start: str, end: str
) -> None:
    found = period(
        quota, limit_type, datetime.fromisoformat(anchor), datetime.fromisoformat(instant)
    )
    assert found == (datetime.fromisoformat(start), datetime.fromisoformat(end))


moments = st.datetimes(datetime(1995, 1, 1), datetime(2060, 1, 1))


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from([*MONTHS, *SPANS]), moments, moments, st.integers(-60, 60))
def test_every_instant_lies_in_the_period_that_python_computes(
    quota: Quota, limit_type: str, anchor: datetime, instant: datetime, near: int
) -> None:
    anchor = anchor.replace(microsecond=0)
    if near % 2:  # half of the cases stand on a boundary, or one microsecond before it
        instant = boundary(limit_type, anchor, near) - timedelta(microseconds=near % 4 - 1 >> 1)
    start, end = period(quota, limit_type, anchor, instant)
    assert start <= instant < end
    if limit_type in SPANS:
        number = (instant - anchor) // SPANS[limit_type]
    else:
        months = (instant.year - anchor.year) * 12 + instant.month - anchor.month
        number = months // MONTHS[limit_type]
        if boundary(limit_type, anchor, number) > instant:
            number -= 1
    assert start == boundary(limit_type, anchor, number)
    assert end == boundary(limit_type, anchor, number + 1)


def test_a_sessions_division_precision_does_not_move_a_boundary(quota: Quota) -> None:
    with quota.connection.cursor() as cursor:
        cursor.execute("SET div_precision_increment = 0")
    found = period(quota, "QUARTERLY", datetime(2001, 1, 1), datetime(2024, 6, 30, 23))
    assert found == (datetime(2024, 4, 1), datetime(2024, 7, 1))
