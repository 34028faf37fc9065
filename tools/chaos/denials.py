"""An exhausted quota under 32 callers: one alert, and after it nothing is written at all."""

from __future__ import annotations

import random
import time

from tests.helpers.server import connect
from tests.helpers.support import at_once, call, rows, value

CALLERS = 32


def binlog_position(url: str) -> tuple[str, int]:
    """Return the binary log's file and position; the statement's name changed in 8.4."""
    with connect(url, autocommit=True) as connection:
        version = tuple(int(part) for part in value(connection, "SELECT VERSION()").split(".")[:2])
        name = "SHOW BINARY LOG STATUS" if version >= (8, 2) else "SHOW MASTER STATUS"
        ((file, position, *_),) = rows(connection, name)
        return file, position


def denials(url: str, seconds: int) -> list[str]:
    """Let them all be denied; the server is ours alone, so the binlog tells what was written."""
    with connect(url, autocommit=True) as connection:
        for limit_type in ("MONTHLY", "TOTAL"):
            call(connection, "define_quota", "EMPTY", "UNITS", limit_type, 5, None, None)
        call(connection, "consume_quota", "EMPTY", "UNITS", 5, "ORDER", "all", None)
        assert call(connection, "consume_quota", "EMPTY", "UNITS", 1, None, None, None).success == 0
    before, until = binlog_position(url), time.monotonic() + seconds

    def work(number: int) -> int:
        chance, denied = random.Random(number), 0
        with connect(url, autocommit=True) as mine:
            while time.monotonic() < until:
                joins = chance.random() < 1 / 3
                if joins:
                    mine.begin()
                key = chance.choice((None, f"{number}-{denied}"))
                answer = call(mine, "consume_quota", "EMPTY", "UNITS", 1, "ORDER", key, None)
                assert answer.status == "EXCEEDED", answer
                denied += 1
                if joins:
                    mine.commit()
        return denied

    denied = sum(at_once(CALLERS, work))
    after = binlog_position(url)
    with connect(url, autocommit=True) as connection:
        alerts = rows(
            connection, "SELECT limit_type, alert_level, COUNT(*) FROM quota_alerts GROUP BY 1, 2"
        )
        ledger = value(connection, "SELECT COUNT(*) FROM quota_usage_records")
    assert sorted(alerts) == [("MONTHLY", "EXCEEDED", 1), ("TOTAL", "EXCEEDED", 1)], alerts
    assert ledger == 2, ledger
    assert after == before, f"the binlog grew from {before} to {after}"
    return [
        f"exhausted quota: {CALLERS} callers, {seconds} s, {denied} denials, one EXCEEDED alert a limit,"
        " no ledger row, binlog unchanged"
    ]
