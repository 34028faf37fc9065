"""``tenant-quota alerts``: take what waits in the outbox quota_alerts, each at least once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import closing, nullcontext, suppress
from typing import Any

import click
from pymysql.connections import Connection
from pymysql.cursors import DictCursor

from tenant_quota.cli.connection import connection_options, current_connection
from tenant_quota.cli.output import as_json, installed, patient_reader, plain, utf8_stdout
from tenant_quota.connection import connect_to_database

Row = dict[str, Any]

_BATCH = 100  # alerts in one transaction: what comes again after a crash, at most
_LOOK_EVERY = 1.0  # seconds
_TAKE = (
    "SELECT alert_id, tenant_id, quota_type, limit_type, alert_level, enforcement, period_start, "
    "used_count, hard_limit, soft_limit, created_at, quota_id "
    "FROM quota_alerts WHERE delivered_at IS NULL "
    "ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED"
)
_MARK = "UPDATE quota_alerts SET delivered_at = UTC_TIMESTAMP(6) WHERE alert_id IN %s"


@click.command()
@connection_options
@click.option("--follow", is_flag=True, help="Go on waiting for alerts, until Ctrl-C.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="json: an array; with --follow one object a line.",
)
@click.option("--limit", type=click.IntRange(1), metavar="ROWS", help="End after so many.")
def alerts(follow: bool, form: str, limit: int | None) -> None:
    """Take the alerts that wait, and print them.

    Each is delivered at least once: it is marked only after it was printed. If a reader is
    killed, what it had not finished comes again, with the same alert_id. Several readers
    share the work. created_at is UTC, period_start the tenant's wall clock. Exit code 0,
    also when nothing waits.
    """
    show = _Json(array=not follow) if form == "json" else _Table()
    left = sys.maxsize if limit is None else limit
    with (
        closing(connect_to_database(current_connection())) as connection,
        patient_reader(),
        installed(),
        suppress(KeyboardInterrupt) if follow else nullcontext(),
    ):
        taken = _deliver(connection, min(left, _BATCH), show.rows)
        with nullcontext() if follow else closing(show):
            while (taken or follow) and (left := left - taken):
                if not taken:
                    time.sleep(_LOOK_EVERY)
                taken = _deliver(connection, min(left, _BATCH), show.rows)


def _deliver(connection: Connection[Any], most: int, show: Callable[[list[Row]], None]) -> int:
    """Print one batch and then mark it as delivered; returns how many there were.

    READ COMMITTED locks the rows alone: whoever writes an alert meanwhile is not held up.
    """
    with connection.cursor(DictCursor) as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        connection.begin()
        try:
            cursor.execute(_TAKE, (most,))
            rows = list(cursor.fetchall())
            if rows:
                show(rows)
                sys.stdout.flush()
                cursor.execute(_MARK, ([row["alert_id"] for row in rows],))
            connection.commit()
        except BaseException:
            with suppress(Exception):
                connection.rollback()
            raise
    return len(rows)


class _Json:
    """An array of the rows, or one object a line."""

    def __init__(self, array: bool) -> None:
        self.out = utf8_stdout()
        self.before, self.after = ("[\n", ",\n") if array else ("", "")
        self.array = array

    def rows(self, rows: list[Row]) -> None:
        for row in rows:
            self.out.write(self.before + as_json(row) + ("" if self.array else "\n"))
            self.before = self.after

    def close(self) -> None:
        self.out.write("[]\n" if self.before == "[\n" else "\n]\n")


class _Table:
    """A line an alert, under one header."""

    form = "{:19}  {:8}  {:<24}  {:<32}  {:<10}  {:>24}  {}"

    def __init__(self) -> None:
        self.count = 0

    def rows(self, rows: list[Row]) -> None:
        if not self.count:
            titles = "Written (UTC)|Level|Tenant|Quota|Limit|Used / hard|Enforcement"
            self.line(*titles.split("|"))
        for row in rows:
            used = "–" if row["used_count"] is None else f"{row['used_count']:,}"
            self.line(
                f"{row['created_at']:%Y-%m-%d %H:%M:%S}",
                *(row[name] for name in ("alert_level", "tenant_id", "quota_type", "limit_type")),
                f"{used} / {row['hard_limit']:,}",
                row["enforcement"],
            )
        self.count += len(rows)

    def line(self, *values: object) -> None:
        click.echo(self.form.format(*map(plain, values)))

    def close(self) -> None:
        if not self.count:
            click.echo("No alert waits.")
