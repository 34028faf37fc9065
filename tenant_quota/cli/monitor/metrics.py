"""``monitor --format prometheus``: metrics for a node exporter's textfile collector.

The names and labels are those that monitoring/sql_exporter.yml leads to; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pymysql.cursors import DictCursor

from tenant_quota.cli.monitor.rows import Filter, Row, select
from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import ConnectionOptions

Sample = tuple[str, dict[str, str], object]  # a metric's name, its labels, its value

BUSIEST = 1000  # limits with series of their own, unless --limit says otherwise
_COUNTS = (
    "SELECT quota_type, limit_type, enforcement, status_level, COUNT(*) AS limits "
    "FROM quota_usage_monitor GROUP BY quota_type, limit_type, enforcement, status_level"
)
_HEALTH = "SELECT check_name, status, amount FROM quota_health"
_LIMIT = ("tenant_id", "quota_type", "limit_type", "enforcement")
_GROUP = ("quota_type", "limit_type", "enforcement", "status_level")
_SEVERITY = {"OK": 0, "WARNING": 1, "ERROR": 2}
_AMOUNTS = {
    "overdue_resets": "resets_overdue",
    "lapsed_reservations": "holds_overdue",
    "undelivered_alerts": "alerts_undelivered",
}
_HELP = {
    "used_units": "Units that are used of a limit.",
    "limit_units": "Units that a limit allows.",
    "usage_ratio": "Used share of a limit; 1: nothing is left.",
    "granted_units_total": "Units that a limit ever granted.",
    "denied_calls_total": "About how many calls a limit ever denied.",
    "limits": "Limits of all tenants, by level.",
    "health_status": "A check of quota_health: 0 OK, 1 WARNING, 2 ERROR.",
    "event_lag_seconds": "Seconds since an event last ended.",
    "event_failed": "1 if an event's last run failed.",
    "resets_overdue": "Periods that are over and not closed.",
    "holds_overdue": "Holds that have expired and are not given back.",
    "alerts_undelivered": "Alerts that wait in the outbox.",
}


def metrics(options: ConnectionOptions, wanted: Filter) -> Iterator[str]:
    """Give the lines of Prometheus' text format; a metric without samples is left out.

    They tell of the limits that are wanted, how many there are of each level, and every check.
    """
    server = {"host": options.place, "database": options.database}
    samples = list(_samples(options, replace(wanted, limit=wanted.limit or BUSIEST)))
    for name, text in _HELP.items():
        lines = [
            f"tenant_quota_{name}{{{_pairs(server | labels)}}} {value}"
            for each, labels, value in samples
            if each == name
        ]
        if lines:
            yield f"# HELP tenant_quota_{name} {text}"
            yield f"# TYPE tenant_quota_{name} {'counter' if name.endswith('_total') else 'gauge'}"
            yield from lines


def _pairs(labels: dict[str, str]) -> str:
    escape = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
    return ",".join(f'{key}="{text.translate(escape)}"' for key, text in labels.items())


def _samples(options: ConnectionOptions, wanted: Filter) -> Iterator[Sample]:
    with connect_to_database(options) as connection:
        with select(connection, wanted) as rows:
            for row in rows.fetchall():
                labels, rate = {name: row[name] for name in _LIMIT}, row["usage_rate"]
                yield "used_units", labels, row["used_count"]
                yield "limit_units", labels, row["hard_limit"]
                yield "usage_ratio", labels, 1 if rate is None else rate / 100
                if row["granted_count"] is not None:  # of RATE nobody counts it
                    yield "granted_units_total", labels, row["granted_count"]
                yield "denied_calls_total", labels, row["denied_count"]
        with connection.cursor(DictCursor) as cursor:
            cursor.execute(_COUNTS)
            for row in cursor.fetchall():
                yield "limits", {name: row[name] for name in _GROUP}, row["limits"]
            cursor.execute(_HEALTH)
            for row in cursor.fetchall():
                yield from _of_check(row)


def _of_check(row: Row) -> Iterator[Sample]:
    name, amount = row["check_name"], row["amount"]
    yield "health_status", {"check_name": name}, _SEVERITY[row["status"]]
    if name.startswith("job."):
        event = {"event": name.removeprefix("job.")}
        yield "event_failed", event, int(row["status"] == "ERROR")
        if amount is not None:
            yield "event_lag_seconds", event, amount
    elif name in _AMOUNTS:
        yield _AMOUNTS[name], {}, amount
