"""``tenant-quota monitor``: the view quota_usage_monitor, for people and for programs."""

from __future__ import annotations

import csv
from contextlib import closing
from datetime import datetime
from typing import Any

import click
from pymysql.connections import Connection

from tenant_quota.cli.connection import connection_options, current_connection
from tenant_quota.cli.fleet import each_server
from tenant_quota.cli.monitor.rows import LEVELS, ROWS_SHOWN, Filter, first_rows, select
from tenant_quota.cli.monitor.table import monitor_table
from tenant_quota.cli.monitor.watch import show_until_ctrl_c
from tenant_quota.cli.output import (
    as_json,
    machine_value,
    make_console,
    patient_reader,
    utf8_stdout,
)
from tenant_quota.connection import connect_to_database


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
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="json and csv have all columns and, without --limit, all rows.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="ROWS",
    help=f"Rows at most, the most pressing first.  [default in a table: {ROWS_SHOWN}]",
)
@click.option(
    "--watch",
    type=click.FloatRange(0.1),
    metavar="SECONDS",
    help="Show the table anew every so often, until Ctrl-C.",
)
@each_server(alone=lambda given: "--watch" if given["watch"] is not None else "")
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
    if watch is not None:
        show_until_ctrl_c(current_connection(), wanted, watch)
        return
    with closing(connect_to_database(current_connection())) as connection, patient_reader():
        if form == "json":
            _print_json(connection, wanted)
        elif form == "csv":
            _print_csv(connection, wanted)
        else:
            console = make_console()
            rows, more = first_rows(connection, wanted, ROWS_SHOWN)
            console.print(monitor_table(rows, console.width, more=more))


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
