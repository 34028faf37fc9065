"""Rows of the view quota_usage_monitor as a table for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from tenant_quota.cli.monitor.rows import LEVELS, Row
from tenant_quota.cli.output import UNWRAPPED, plain

_STYLES = {"EXCEEDED": "bold red", "WARNING": "yellow", "NORMAL": "green"}
_NAME_FROM = 100  # columns of a terminal that has room for tenants' names
_BAR_FROM = 120  # and for bars


def monitor_table(rows: Sequence[Row], width: int = UNWRAPPED, *, more: bool = False) -> Table:
    """Return rows of the view as a table for a terminal of ``width`` columns.

    ``more``: there are others than these, and the caption says so.
    """
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), caption_justify="left")
    table.add_column("Tenant", overflow="fold")
    if width >= _NAME_FROM:
        table.add_column("Name", overflow="fold")
    table.add_column("Quota", overflow="fold")
    table.add_column("Limit")
    table.add_column("Used / hard", justify="right")
    table.add_column("Use", justify="right", no_wrap=True)
    if width >= _BAR_FROM:
        table.add_column("", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    table.add_column("Next reset", no_wrap=width >= _NAME_FROM)
    if width >= _NAME_FROM:
        table.add_column("Enforcement", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row, width))
    counts = Counter(row["status_level"] for row in rows)
    levels = ", ".join(f"{counts[level]:,} {level}" for level in LEVELS if counts[level])
    what = "limit" if len(rows) == 1 else "limits"
    table.caption = (
        f"{len(rows):,} {what}: {levels}" if rows else "No limit here, or none like that."
    )
    if more:
        table.caption = f"{table.caption}; there are more (--limit, --tenant, --status)"
    return table


def _cells(row: Row, width: int) -> list[Text]:
    style = _STYLES.get(row["status_level"], "")
    rate = row["usage_rate"]
    wide = width >= _NAME_FROM
    shadow = "" if wide or row["enforcement"] == "ENFORCE" else f" {row['enforcement']}"
    cells = [
        _plain(row["tenant_id"]),
        _plain(row["tenant_name"]),
        _plain(row["quota_type"]),
        _plain(row["limit_type"] + shadow),
        Text(f"{row['used_count']:,} / {row['hard_limit']:,}"),
        Text("–" if rate is None else f"{rate:,.1f} %", style),
        Text(_bar(rate), style),
        Text(row["status_level"], style),
        _plain(_short(row["next_reset_time"])),
        Text(row["enforcement"], "magenta" if row["enforcement"] == "SHADOW" else "dim"),
    ]
    left_out = (() if wide else (1, 9)) + (() if width >= _BAR_FROM else (6,))
    return [cell for number, cell in enumerate(cells) if number not in left_out]


def _plain(value: object) -> Text:
    return Text(plain(value), "dim" if value is None else "")


def _short(moment: datetime | None) -> str | None:
    """Leave out what midnight and a full minute say anyway."""
    if moment is None:
        return None
    return str(moment).removesuffix(" 00:00:00").removesuffix(":00")


def _bar(rate: Decimal | None, length: int = 10) -> str:
    filled = length if rate is None else min(int(rate * length / 100), length)
    return "█" * filled + "░" * (length - filled)
