"""``tenant-quota monitor``: the view quota_usage_monitor, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from tenant_quota.cli.fleet import format_option, server_command
from tenant_quota.cli.monitor.metrics import BUSIEST, metrics
from tenant_quota.cli.monitor.rows import (
    LEVELS,
    ROWS_SHOWN,
    Filter,
    Row,
    first_rows,
    monitor_table,
    select,
)
from tenant_quota.cli.monitor.watch import show_until_ctrl_c
from tenant_quota.cli.output import make_console
from tenant_quota.cli.report import Report
from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import ConnectionOptions


def _for_one(given: Mapping[str, Any]) -> str:
    """Return which option is for one server only: each has a file of metrics of its own."""
    if given["watch"] is not None:
        if given["form"] != "table":
            raise click.UsageError("--watch is for the table; call the others as often as needed.")
        return "--watch"
    return "--format prometheus" if given["form"] == "prometheus" else ""


@server_command(alone=_for_one)
@click.option("--tenant", "tenants", multiple=True, metavar="ID", help="Only this one; repeatable.")
@click.option(
    "--status",
    "levels",
    multiple=True,
    type=click.Choice(LEVELS, case_sensitive=False),
    help="Only this level; repeatable.",
)
@format_option(
    *("table", "json", "csv", "prometheus"),
    about="json and csv have all columns and, without --limit, all rows; prometheus has metrics.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="ROWS",
    help="Rows at most, the most pressing first.  "
    f"[default: {ROWS_SHOWN} in a table, {BUSIEST} as metrics]",
)
@click.option(
    "--watch",
    type=click.FloatRange(0.1),
    metavar="SECONDS",
    help="Show the table anew every so often, until Ctrl-C.",
)
def monitor(
    options: ConnectionOptions,
    tenants: tuple[str, ...],
    levels: tuple[str, ...],
    limit: int | None,
    watch: float | None,
) -> Report:
    """Show how much of each quota is used.

    EXCEEDED comes first, then WARNING, then NORMAL, each by use. Times are the tenant's
    wall clock. Exit code 0 whatever it shows: this is not a check.
    """
    wanted = Filter(tenants, levels, limit)
    if watch is not None:
        return Report(lambda: show_until_ctrl_c(options, wanted, watch))
    documents = {
        "json": lambda address: _objects(options, wanted),
        "csv": lambda address: _lines(options, wanted),
        "prometheus": lambda address: metrics(options, wanted),
    }
    return Report(lambda: _show(options, wanted), documents)


def _show(options: ConnectionOptions, wanted: Filter) -> None:
    console = make_console()
    with connect_to_database(options) as connection:
        rows, more = first_rows(connection, wanted, ROWS_SHOWN)
    console.print(monitor_table(rows, console.width, more=more))


def _objects(options: ConnectionOptions, wanted: Filter) -> Iterator[Row]:
    """Give the rows one by one, however many there are."""
    with connect_to_database(options) as connection, select(connection, wanted) as cursor:
        yield from iter(cursor.fetchone, None)


def _lines(options: ConnectionOptions, wanted: Filter) -> Iterator[Sequence[Any]]:
    """Give the columns' names, then the rows one by one."""
    with connect_to_database(options) as connection, select(connection, wanted) as cursor:
        yield [column[0] for column in cursor.description or ()]
        for row in iter(cursor.fetchone, None):
            yield list(row.values())
