"""``tenant-quota reconcile``: counters against the ledger, by reconcile_quotas."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import Any

import click
from pymysql.cursors import DictCursor
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from tenant_quota.cli.connection import connection_options, current_connection
from tenant_quota.cli.fleet import each_server
from tenant_quota.cli.output import installed, make_console, plain
from tenant_quota.cli.report import Report
from tenant_quota.connection import connect_to_database
from tenant_quota.errors import TenantQuotaError


@click.command()
@connection_options
@click.option("--tenant", metavar="ID", help="Only this tenant's quotas.")
@click.option("--repair", is_flag=True, help="Write an ADJUST row into the ledger for each drift.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
)
@each_server()
def reconcile(tenant: str | None, repair: bool) -> Report:
    """Compare every counter with its ledger, and show where they differ.

    It reads the whole ledger and keeps nobody waiting. --repair makes the ledger agree
    with the counter, which is what decides; no ledger row is changed or deleted. Exit
    code 1 if a drift is left, 0 if there is none or all is repaired.
    """
    with (
        closing(connect_to_database(current_connection())) as connection,
        connection.cursor(DictCursor) as cursor,
        installed(),
    ):
        cursor.execute("CALL reconcile_quotas(%s, %s)", (tenant, repair))
        rows = list(cursor.fetchall())
        if tenant is not None and not rows:
            cursor.execute(
                "SELECT 1 FROM quota_usage_monitor WHERE tenant_id = %s LIMIT 1", (tenant,)
            )
            if not cursor.fetchone():
                raise TenantQuotaError(f"There is no tenant {plain(tenant)} that has limits.")
    is_left = any(row["status"] == "DRIFT" for row in rows)
    return Report(partial(_show, rows), {"json": lambda: rows}, 1 if is_left else 0)


def _show(rows: list[dict[str, Any]]) -> None:
    if rows:
        make_console().print(_table(rows))
    else:
        click.echo("Every counter agrees with its ledger.")


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), caption_justify="left")
    for title in ("Tenant", "Quota", "Limit"):
        table.add_column(title, overflow="fold")
    for title in ("Used", "Ledger", "Drift"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    for row in rows:
        table.add_row(
            *(Text(plain(row[name])) for name in ("tenant_id", "quota_type", "limit_type")),
            *(f"{row[name]:,}" for name in ("used_count", "ledger_sum")),
            f"{row['drift']:+,}",
            Text(row["status"], "bold red" if row["status"] == "DRIFT" else "green"),
        )
    left = sum(row["status"] == "DRIFT" for row in rows)
    table.caption = f"{left:,} left, {len(rows) - left:,} repaired"
    return table
