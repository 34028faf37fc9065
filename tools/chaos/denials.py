"""An exhausted quota under 32 callers: one alert, and after it nothing but a count now and then."""

from __future__ import annotations

import random
import time

from tests.helpers.server import connect
from tests.helpers.support import at_once, binlog_position, call, changes, rows, value

CALLERS = 32


def denials(url: str, seconds: int) -> list[str]:
    """Let them all be denied; the binlog tells what was written."""
    with connect(url, autocommit=True) as connection:
        for limit_type in ("MONTHLY", "TOTAL"):
            call(connection, "define_quota", "EMPTY", "UNITS", limit_type, 5, None, None)
        call(connection, "consume_quota", "EMPTY", "UNITS", 5, "ORDER", "all", None)
        before = binlog_position(connection)
    until = time.monotonic() + seconds

    def work(number: int) -> tuple[int, int]:
        chance, denied, alone = random.Random(number), 0, 0
        with connect(url, autocommit=True) as mine:
            while time.monotonic() < until:
                joins = chance.random() < 1 / 3
                if joins:
                    mine.begin()
                key = chance.choice((None, f"{number}-{denied}"))
                answer = call(mine, "consume_quota", "EMPTY", "UNITS", 1, "ORDER", key, None)
                assert answer.status == "EXCEEDED", answer
                denied += 1
                alone += not joins
                if joins:
                    mine.commit()
        return denied, alone

    denied, alone = (sum(each) for each in zip(*at_once(CALLERS, work), strict=True))
    with connect(url, autocommit=True) as connection:
        alerts = rows(
            connection, "SELECT limit_type, alert_level, COUNT(*) FROM quota_alerts GROUP BY 1, 2"
        )
        ledger = value(connection, "SELECT COUNT(*) FROM quota_usage_records")
        counted = value(
            connection, "SELECT CAST(SUM(denied_count) AS SIGNED) FROM quota_usage_monitor"
        )
        written = changes(connection, before)
    assert sorted(alerts) == [("MONTHLY", "EXCEEDED", 1), ("TOTAL", "EXCEEDED", 1)], alerts
    assert ledger == 2, ledger
    assert sorted(written) == ["quota_alerts"] + ["quota_denials"] * (counted // 100), written
    assert abs(counted - alone) <= 40 * alone**0.5, f"{alone} denials, counted as {counted}"
    return [
        f"exhausted quota: {CALLERS} callers, {seconds} s, {denied} denials, one EXCEEDED alert a limit,"
        f" no ledger row; {alone} of them outside of a transaction, counted as {counted}"
    ]
