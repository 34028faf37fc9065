"""``monitor --format prometheus``: the text format, for a node exporter's textfile collector.

The names and labels are those that monitoring/sql_exporter.yml leads to; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]
Sample = tuple[str, dict[str, str], object]  # a metric's name, its labels, its value

BUSIEST = 1000  # limits with series of their own, unless --limit says otherwise
COUNTS = (
    "SELECT quota_type, limit_type, enforcement, status_level, COUNT(*) AS limits "
    "FROM quota_usage_monitor GROUP BY quota_type, limit_type, enforcement, status_level"
)
HEALTH = "SELECT check_name, status, amount FROM quota_health"
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
    "limits": "Limits of all tenants, by level.",
    "health_status": "A check of quota_health: 0 OK, 1 WARNING, 2 ERROR.",
    "event_lag_seconds": "Seconds since an event last ended.",
    "event_failed": "1 if an event's last run failed.",
    "resets_overdue": "Periods that are over and not closed.",
    "holds_overdue": "Holds that have expired and are not given back.",
    "alerts_undelivered": "Alerts that wait in the outbox.",
}


def of_limits(busiest: Iterable[Row], counts: Iterable[Row]) -> Iterator[Sample]:
    """Return the samples of rows of quota_usage_monitor, and of what COUNTS answers."""
    for row in busiest:
        labels = {name: row[name] for name in _LIMIT}
        rate = row["usage_rate"]
        yield "used_units", labels, row["used_count"]
        yield "limit_units", labels, row["hard_limit"]
        yield "usage_ratio", labels, 1 if rate is None else rate / 100
    for row in counts:
        yield "limits", {name: row[name] for name in _GROUP}, row["limits"]


def of_health(health: Iterable[Row]) -> Iterator[Sample]:
    """Return the samples of what HEALTH answers."""
    for row in health:
        name, amount = row["check_name"], row["amount"]
        yield "health_status", {"check_name": name}, _SEVERITY[row["status"]]
        if name.startswith("job."):
            event = {"event": name.removeprefix("job.")}
            yield "event_failed", event, int(row["status"] == "ERROR")
            if amount is not None:
                yield "event_lag_seconds", event, amount
        elif name in _AMOUNTS:
            yield _AMOUNTS[name], {}, amount


def as_text(samples: Iterable[Sample], server: dict[str, str]) -> str:
    """Return samples in Prometheus' text format, each with the server's labels too."""
    families: dict[str, list[str]] = {name: [] for name in _HELP}
    for name, labels, value in samples:
        pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in (server | labels).items())
        families[name].append(f"tenant_quota_{name}{{{pairs}}} {value}\n")
    return "".join(
        f"# HELP tenant_quota_{name} {_HELP[name]}\n# TYPE tenant_quota_{name} gauge\n"
        + "".join(lines)
        for name, lines in families.items()
        if lines
    )


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
