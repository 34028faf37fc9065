"""``tenant-quota alerts``: take what waits in the outbox quota_alerts, each at least once."""

from __future__ import annotations

import random
import sys
import time
from contextlib import nullcontext, suppress
from typing import Any

import click
import pymysql
from pymysql.cursors import DictCursor

from tenant_quota.cli.alerts.webhook import SECRET, UndeliveredError, Webhook, as_alert
from tenant_quota.cli.connection import connection_options, the_server
from tenant_quota.cli.fleet import format_option
from tenant_quota.cli.output import patient_reader, plain, utf8_stdout
from tenant_quota.connection import Reconnecting
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError

Row = dict[str, Any]

_BATCH = 100  # alerts in one transaction: what comes again after a crash, at most
_LOOK_EVERY = 1.0  # seconds
_LONGEST_PAUSE = 60.0  # seconds, between attempts that fail
_ATTEMPTS = 4  # that fail, without --follow
_WAITING = (
    "SELECT alert_id, tenant_id, quota_type, limit_type, alert_level, enforcement, period_start, "
    "used_count, hard_limit, soft_limit, created_at, quota_id "
    "FROM quota_alerts WHERE delivered_at IS NULL AND alert_id NOT IN %s "
    "ORDER BY created_at LIMIT %s"
)
_TAKE = f"{_WAITING} FOR UPDATE SKIP LOCKED"
_MARK = "UPDATE quota_alerts SET delivered_at = UTC_TIMESTAMP(6) WHERE alert_id IN %s"
#: Not a lost connection, but a new one may do: read-only by a failover, killed, not there yet.
_NEW_ONE_MAY_DO = {1290, 1927, 2003, 3169}


@click.command()
@connection_options
@click.option("--follow", is_flag=True, help="Go on waiting for alerts, until Ctrl-C.")
@format_option("table", "json", about="json: an array; with --follow one object a line.")
@click.option("--limit", type=click.IntRange(1), metavar="ROWS", help="End after so many.")
@click.option(
    "--peek",
    is_flag=True,
    help="Only show what waits: nothing is marked. For the role quota_monitor.",
)
@click.option(
    "--webhook",
    envvar="TENANT_QUOTA_WEBHOOK",
    metavar="URL",
    help=f"POST each alert there instead of printing it, signed with {SECRET}. "
    "[env: TENANT_QUOTA_WEBHOOK]",
)
@click.option(
    "--webhook-timeout",
    "timeout",
    type=click.FloatRange(0.1),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a receiver may be silent.",
)
def alerts(
    follow: bool, form: str, limit: int | None, peek: bool, webhook: str | None, timeout: float
) -> None:
    """Take the alerts that wait, and print them, or POST them to a URL.

    Each is delivered at least once: it is marked only after it was printed, or after the
    receiver answered 2xx. What was not finished comes again, with the same alert_id. Several
    readers share the work. With --follow a restart of the server or of the receiver is waited
    for. created_at is UTC, period_start the tenant's wall clock. Exit code 0, also when nothing
    waits.
    """
    if peek and (follow or webhook):
        raise click.UsageError("--peek only shows what waits; it goes with --format and --limit.")
    outlet: Outlet = _Json(array=not follow) if form == "json" else _Table()
    if webhook:
        outlet = Webhook(webhook, timeout)
        if not outlet.is_signed:
            click.echo(f"{SECRET} is not set: what is sent is not signed.", err=True)
    left = sys.maxsize if limit is None else limit
    reader = _Reader(the_server(), outlet, follow)
    try:
        with patient_reader(), suppress(KeyboardInterrupt) if follow else nullcontext():
            if peek:
                reader.peek(left)
            while not peek and left and (taken := reader.step(left)) is not None:
                left -= taken
            if not follow:
                outlet.close()
    finally:
        reader.connection.close()


class _Reader:
    """Takes alerts from the outbox to an outlet, and with ``follow`` through restarts of both."""

    def __init__(self, options: ConnectionOptions, outlet: Outlet, follow: bool) -> None:
        self.outlet, self.follow = outlet, follow
        self.connection = Reconnecting(options)
        self.has_looked = False  # until then an error is the caller's: a name, a privilege
        self.failures = 0  # in a row
        self.passed_over: list[int] = [0]  # no alert has the id 0, and IN () is no SQL

    def step(self, left: int) -> int | None:
        """Deliver some, or wait; returns how many there were, None when nothing is left to do."""
        try:
            taken = self.deliver(min(left, self.outlet.batch))
            self.has_looked = True
        except UndeliveredError as error:
            self.has_looked = True
            # Others may fare better: one that is refused does not stand in their way.
            self.passed_over.append(error.alert_id)
            self.wait(str(error))
            return 0
        except (pymysql.Error, TenantQuotaError) as error:
            if not (self.follow and self.has_looked):
                raise
            self.wait(self.connection.lost(error, _NEW_ONE_MAY_DO))
            return 0
        if taken:
            self.failures = 0
            return taken
        is_done = not self.follow and len(self.passed_over) == 1
        del self.passed_over[1:]
        if self.follow:
            time.sleep(_LOOK_EVERY)
        return None if is_done else 0

    def deliver(self, most: int) -> int:
        """Hand over one batch and then mark it as delivered; returns how many there were.

        READ COMMITTED locks the rows alone: whoever writes an alert meanwhile is not held up.
        """
        connection = self.connection.get()
        with connection.cursor(DictCursor) as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            connection.begin()
            try:
                cursor.execute(_TAKE, (self.passed_over, most))
                rows = list(cursor.fetchall())
                if rows:
                    self.outlet.rows(rows)
                    sys.stdout.flush()
                    cursor.execute(_MARK, ([row["alert_id"] for row in rows],))
                connection.commit()
            except BaseException:
                with suppress(Exception):
                    connection.rollback()
                raise
        return len(rows)

    def wait(self, problem: str) -> None:
        """Say what failed and wait, each time longer; raises it when enough was tried."""
        self.failures += 1
        if not self.follow and self.failures >= _ATTEMPTS:
            raise TenantQuotaError(f"{problem}. What is not delivered waits.")
        seconds = min(2.0 ** (self.failures - 1), _LONGEST_PAUSE) * random.uniform(0.75, 1)
        click.echo(f"{plain(problem)}. Trying again in {seconds:.1f} s.", err=True)
        time.sleep(seconds)

    def peek(self, most: int) -> None:
        """Show what waits, without a lock and without a mark."""
        with self.connection.get().cursor(DictCursor) as cursor:
            cursor.execute(_WAITING, (self.passed_over, most))
            if rows := list(cursor.fetchall()):
                self.outlet.rows(rows)


class _Json:
    """An array of the rows, or one object a line."""

    batch = _BATCH

    def __init__(self, array: bool) -> None:
        self.out = utf8_stdout()
        self.before, self.after = ("[\n", ",\n") if array else ("", "")
        self.array = array

    def rows(self, rows: list[Row]) -> None:
        for row in rows:
            self.out.write(self.before + as_alert(row) + ("" if self.array else "\n"))
            self.before = self.after

    def close(self) -> None:
        self.out.write("[]\n" if self.before == "[\n" else "\n]\n")


class _Table:
    """A line an alert, under one header."""

    batch = _BATCH
    form = "{:19}  {:8}  {:<24}  {:<32}  {:<10}  {:>24}  {}"
    titles = ("Written (UTC)", "Level", "Tenant", "Quota", "Limit", "Used / hard", "Enforcement")

    def __init__(self) -> None:
        self.is_empty = True

    def rows(self, rows: list[Row]) -> None:
        if self.is_empty:
            click.echo(self.form.format(*self.titles))
        self.is_empty = False
        for row in rows:
            used = "–" if row["used_count"] is None else f"{row['used_count']:,}"
            cells = (
                f"{row['created_at']:%Y-%m-%d %H:%M:%S}",
                *(row[name] for name in ("alert_level", "tenant_id", "quota_type", "limit_type")),
                f"{used} / {row['hard_limit']:,}",
                row["enforcement"],
            )
            click.echo(self.form.format(*map(plain, cells)))

    def close(self) -> None:
        if self.is_empty:
            click.echo("No alert waits.")


Outlet = _Json | _Table | Webhook
