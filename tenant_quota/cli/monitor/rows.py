"""The rows of the view quota_usage_monitor, the most pressing first, and their table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import SSDictCursor
from rich.table import Table
from rich.text import Text

from tenant_quota.cli.output import UNWRAPPED, make_table, plain
from tenant_quota.errors import TenantQuotaError
from tenant_quota.statements import error_number

Row = dict[str, Any]

LEVELS = ("EXCEEDED", "WARNING", "NORMAL")  # the most pressing first
ROWS_SHOWN = 100  # of a table, unless --limit says otherwise
_STYLES = {"EXCEEDED": "bold red", "WARNING": "yellow", "NORMAL": "green"}
_WIDE = 100  # columns of a terminal that has room for tenants' names
_TITLES = (
    *("Tenant", "Name", "Quota", "Limit", "Used / hard", "Use", "", "Status", "Next reset"),
    "Enforcement",
)
_ROOM = {"Name": _WIDE, "": 120, "Enforcement": _WIDE}  # the column without a title has bars
_NO_VIEW = {1146, 1356}  # it is missing, or what it reads is


@dataclass(frozen=True)
class Filter:
    """Which rows of the view; empty and None mean all."""

    tenants: Sequence[str] = ()
    levels: Sequence[str] = ()
    limit: int | None = None

    def statement(self) -> tuple[str, list[Any]]:
        """Return the SELECT, the most pressing rows first, and its arguments."""
        statement = "SELECT * FROM quota_usage_monitor WHERE TRUE"
        arguments: list[Any] = []
        for column, values in (("tenant_id", self.tenants), ("status_level", self.levels)):
            if values:
                statement += f" AND {column} IN %s"
                arguments.append(values)
        statement += (
            " ORDER BY FIELD(status_level, 'EXCEEDED', 'WARNING', 'NORMAL'), usage_rate DESC, "
            "tenant_id, quota_type, limit_type"
        )
        if self.limit is not None:
            statement += " LIMIT %s"
            arguments.append(self.limit)
        return statement, arguments


@contextmanager
def select(connection: Connection[Any], wanted: Filter) -> Iterator[SSDictCursor]:
    """Give a cursor on the view's rows, which come one by one, however many there are.

    Raises TenantQuotaError if the view is missing.
    """
    with connection.cursor(SSDictCursor) as cursor:
        try:
            cursor.execute(*wanted.statement())
        except pymysql.Error as error:
            if error_number(error) in _NO_VIEW:
                raise TenantQuotaError(
                    "This database has no view quota_usage_monitor, or not the tables it reads: "
                    "run `tenant-quota apply`."
                ) from None
            raise
        yield cursor


def first_rows(
    connection: Connection[Any], wanted: Filter, room: int
) -> tuple[Sequence[Row], bool]:
    """Return as many rows as --limit says, or as there is room for; and whether there are more."""
    limit = wanted.limit or room
    with select(connection, replace(wanted, limit=limit + 1)) as cursor:
        rows = list(cursor.fetchall())
    return rows[:limit], len(rows) > limit


def monitor_table(rows: Sequence[Row], width: int = UNWRAPPED, *, more: bool = False) -> Table:
    """Return rows of the view as a table for a terminal of ``width`` columns.

    ``more``: there are others than these, and the caption says so.
    """
    is_wide = width >= _WIDE
    titles = [title for title in _TITLES if width >= _ROOM.get(title, 0)]
    table = make_table(
        titles,
        fold=("Tenant", "Name", "Quota"),
        right=("Used / hard", "Use"),
        whole=("Use", "", "Status", "Enforcement", *(["Next reset"] if is_wide else [])),
    )
    for row in rows:
        cells = _cells(row, is_wide)
        table.add_row(*(cells[title] for title in titles))
    counts = Counter(row["status_level"] for row in rows)
    levels = ", ".join(f"{counts[level]:,} {level}" for level in LEVELS if counts[level])
    what = "limit" if len(rows) == 1 else "limits"
    table.caption = (
        f"{len(rows):,} {what}: {levels}" if rows else "No limit here, or none like that."
    )
    if more:
        table.caption = f"{table.caption}; there are more (--limit, --tenant, --status)"
    return table


def _cells(row: Row, is_wide: bool) -> dict[str, Text]:
    style, rate, reset = _STYLES.get(row["status_level"], ""), row["usage_rate"], None
    if row["next_reset_time"] is not None:  # midnight and a full minute say no more
        reset = str(row["next_reset_time"]).removesuffix(" 00:00:00").removesuffix(":00")
    is_shadow = row["enforcement"] == "SHADOW"
    mark = f" {row['enforcement']}" if is_shadow and not is_wide else ""
    return {
        "Tenant": _plain(row["tenant_id"]),
        "Name": _plain(row["tenant_name"]),
        "Quota": _plain(row["quota_type"]),
        "Limit": _plain(row["limit_type"] + mark),
        "Used / hard": Text(f"{row['used_count']:,} / {row['hard_limit']:,}"),
        "Use": Text("–" if rate is None else f"{rate:,.1f} %", style),
        "": Text(_bar(rate), style),
        "Status": Text(row["status_level"], style),
        "Next reset": _plain(reset),
        "Enforcement": Text(row["enforcement"], "magenta" if is_shadow else "dim"),
    }


def _plain(value: object) -> Text:
    return Text(plain(value), "dim" if value is None else "")


def _bar(rate: Decimal | None, length: int = 10) -> str:
    filled = length if rate is None else min(int(rate * length / 100), length)
    return "█" * filled + "░" * (length - filled)
