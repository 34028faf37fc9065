"""``tenant-quota reconcile``: counters against the ledger, by reconcile_quotas."""

from __future__ import annotations

from typing import Any

import click
from rich.text import Text

from tenant_quota.cli.connection import ask
from tenant_quota.cli.fleet import format_option, server_command
from tenant_quota.cli.output import make_console, make_table, plain
from tenant_quota.cli.report import Report
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError


@server_command()
@click.option("--tenant", metavar="ID", help="Only this tenant's quotas.")
@click.option("--repair", is_flag=True, help="Write an ADJUST row into the ledger for each drift.")
@format_option("table", "json")
def reconcile(options: ConnectionOptions, tenant: str | None, repair: bool) -> Report:
    """Compare every counter with its ledger, and show where they differ.

    It reads the whole ledger and keeps nobody waiting. --repair makes the ledger agree
    with the counter, which is what decides; no ledger row is changed or deleted. Exit
    code 1 if a drift is left, 0 if there is none or all is repaired.
    """
    rows = ask(options, "CALL reconcile_quotas(%s, %s)", tenant, repair)
    if tenant is not None and not rows:
        has_limits = "SELECT 1 FROM quota_usage_monitor WHERE tenant_id = %s LIMIT 1"
        if not ask(options, has_limits, tenant):
            raise TenantQuotaError(f"There is no tenant {plain(tenant)} that has limits.")
    is_left = any(row["status"] == "DRIFT" for row in rows)
    return Report(lambda: _show(rows), {"json": lambda address: rows}, 1 if is_left else 0)


def _show(rows: list[dict[str, Any]]) -> None:
    if not rows:
        click.echo("Every counter agrees with its ledger.")
        return
    names, numbers = ("Tenant", "Quota", "Limit"), ("Used", "Ledger", "Drift")
    table = make_table(
        (*names, *numbers, "Status"), fold=names, right=numbers, whole=(*numbers, "Status")
    )
    for row in rows:
        table.add_row(
            *(Text(plain(row[name])) for name in ("tenant_id", "quota_type", "limit_type")),
            *(f"{row[name]:,}" for name in ("used_count", "ledger_sum")),
            f"{row['drift']:+,}",
            Text(row["status"], "bold red" if row["status"] == "DRIFT" else "green"),
        )
    left = sum(row["status"] == "DRIFT" for row in rows)
    table.caption = f"{left:,} left, {len(rows) - left:,} repaired"
    make_console().print(table)
