"""``tenant-quota monitor``: the view quota_usage_monitor, for people and for programs."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import click
import pymysql
from pymysql.connections import Connection
from pymysql.cursors import DictCursor, SSDictCursor
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tenant_quota.cli.connection import connection_options, current_connection
from tenant_quota.cli.fleet import each_server
from tenant_quota.cli.output import as_json, machine_value, patient_reader, utf8_stdout
from tenant_quota.cli.prometheus import BUSIEST, COUNTS, HEALTH, as_text, of_health, of_limits
from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError
from tenant_quota.statements import error_number

Row = dict[str, Any]

LEVELS = ("EXCEEDED", "WARNING", "NORMAL")  # the most pressing first
_STYLES = {"EXCEEDED": "bold red", "WARNING": "yellow", "NORMAL": "green"}
_ROWS_SHOWN = 100  # of a table, unless --limit says otherwise
_UNWRAPPED = 10_000  # columns: a table that goes into a file is as wide as it needs to be
_NAME_FROM = 100  # columns of a terminal that has room for tenants' names
_BAR_FROM = 120  # and for bars
_NO_VIEW = {1146, 1356}  # it is missing, or what it reads is


@dataclass(frozen=True)
class Filter:
    """Which rows of the view; empty and None mean all."""

    tenants: Sequence[str] = ()
    levels: Sequence[str] = ()
    limit: int | None = None

    def statement(self) -> tuple[str, list[Any]]:
        """Return the SELECT, the most pressing rows first, and its arguments."""
        conditions = []
        arguments: list[Any] = []
        for column, values in (("tenant_id", self.tenants), ("status_level", self.levels)):
            if values:
                conditions.append(f"{column} IN ({', '.join(['%s'] * len(values))})")
                arguments += values
        parts = ["SELECT * FROM quota_usage_monitor"]
        if conditions:
            parts.append(f"WHERE {' AND '.join(conditions)}")
        parts.append(
            "ORDER BY FIELD(status_level, %s, %s, %s), usage_rate DESC, "
            "tenant_id, quota_type, limit_type"
        )
        arguments += LEVELS
        if self.limit is not None:
            parts.append("LIMIT %s")
            arguments.append(self.limit)
        return " ".join(parts), arguments


def _for_one(given: Mapping[str, Any]) -> str:
    """Return what of the options is for one server only: each has a file of metrics of its own."""
    if given["watch"] is not None:
        return "--watch"
    return "--format prometheus" if given["form"] == "prometheus" else ""


@click.command()
@connection_options
@click.option("--tenant", "tenants", multiple=True, metavar="ID", help="Only this one; repeatable.")
@click.option(
    "--status",
    "levels",
    multiple=True,
    type=click.Choice(LEVELS, case_sensitive=False),
    help="Only this level; repeatable.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "prometheus"]),
    default="table",
    show_default=True,
    help="json and csv have all columns and, without --limit, all rows; prometheus has metrics.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="ROWS",
    help="Rows at most, the most pressing first.  "
    f"[default: {_ROWS_SHOWN} in a table, {BUSIEST} as metrics]",
)
@click.option(
    "--watch",
    type=click.FloatRange(0.1),
    metavar="SECONDS",
    help="Show the table anew every so often, until Ctrl-C.",
)
@each_server(alone=_for_one)
def monitor(
    tenants: tuple[str, ...],
    levels: tuple[str, ...],
    form: str,
    limit: int | None,
    watch: float | None,
) -> None:
    """Show how much of each quota is used.

    EXCEEDED comes first, then WARNING, then NORMAL, each by use. Times are the tenant's
    wall clock. Exit code 0 whatever it shows: this is not a check.
    """
    if watch is not None and form != "table":
        raise click.UsageError("--watch is for the table; call the others as often as needed.")
    wanted = Filter(tenants, levels, limit)
    options = current_connection()
    with closing(connect_to_database(options)) as connection, patient_reader():
        if form == "prometheus":
            _print_metrics(connection, replace(wanted, limit=limit or BUSIEST), options)
        elif form == "json":
            _print_json(connection, wanted)
        elif form == "csv":
            _print_csv(connection, wanted)
        elif watch is not None:
            _watch(connection, wanted, watch)
        else:
            console = make_console()
            console.print(_page(connection, wanted, console.width, _ROWS_SHOWN))


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


def make_console() -> Console:
    """Return a console on stdout: as wide as its terminal, or as needed where it has none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_UNWRAPPED)


def monitor_table(rows: Sequence[Row], width: int = _UNWRAPPED) -> Table:
    """Return rows of the view as a table for a terminal of ``width`` columns."""
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
    """Return a cell that holds nothing a terminal would obey: names come from users."""
    if value is None:
        return Text("–", "dim")
    return Text("".join(c if c.isprintable() else "�" for c in str(value)))


def _short(moment: datetime | None) -> str | None:
    """Leave out what midnight and a full minute say anyway."""
    if moment is None:
        return None
    return str(moment).removesuffix(" 00:00:00").removesuffix(":00")


def _bar(rate: Decimal | None, length: int = 10) -> str:
    filled = length if rate is None else min(int(rate * length / 100), length)
    return "█" * filled + "░" * (length - filled)


def _page(connection: Connection[Any], wanted: Filter, width: int, room: int) -> Table:
    """Return the table; its caption says when there is more than what it shows."""
    limit = wanted.limit or room
    with select(connection, Filter(wanted.tenants, wanted.levels, limit + 1)) as cursor:
        rows = list(cursor.fetchall())
    table = monitor_table(rows[:limit], width)
    if len(rows) > limit:
        table.caption = f"{table.caption}; there are more (--limit, --tenant, --status)"
    return table


def _watch(connection: Connection[Any], wanted: Filter, seconds: float) -> None:
    """Show the table anew until Ctrl-C, with as many rows as the terminal has room for."""
    console = make_console()
    with Live(console=console, auto_refresh=False) as live, suppress(KeyboardInterrupt):
        while True:
            room = max(console.height - 6, 1) if console.is_terminal else _ROWS_SHOWN
            table = _page(connection, wanted, console.width, room)
            table.caption = f"{table.caption}. {datetime.now():%H:%M:%S}; Ctrl-C ends."
            if console.is_terminal:
                live.update(table, refresh=True)
            else:
                console.print(table)
            time.sleep(seconds)


def _print_metrics(connection: Connection[Any], wanted: Filter, options: ConnectionOptions) -> None:
    """Print the limits that are wanted, how many there are of each level, and every check."""
    server = {"host": options.place, "database": options.database}
    with select(connection, wanted) as cursor:
        busiest = cursor.fetchall()
    with connection.cursor(DictCursor) as cursor:
        cursor.execute(COUNTS)
        samples = [*of_limits(busiest, cursor.fetchall())]
        cursor.execute(HEALTH)
        samples += of_health(cursor.fetchall())
    utf8_stdout().write(as_text(samples, server))


def _print_json(connection: Connection[Any], wanted: Filter) -> None:
    """Print an array with a row a line: rates are numbers, times ISO 8601."""
    out = utf8_stdout()
    with select(connection, wanted) as cursor:
        before = "[\n"
        for row in iter(cursor.fetchone, None):
            out.write(before + as_json(row))
            before = ",\n"
        out.write("[]\n" if before == "[\n" else "\n]\n")


def _print_csv(connection: Connection[Any], wanted: Filter) -> None:
    """Print a header and a line a row; NULL is empty, times are ISO 8601."""
    writer = csv.writer(utf8_stdout(), lineterminator="\n")
    with select(connection, wanted) as cursor:
        writer.writerow(column[0] for column in cursor.description or ())
        for row in iter(cursor.fetchone, None):
            writer.writerow(
                machine_value(v) if isinstance(v, datetime) else v for v in row.values()
            )
