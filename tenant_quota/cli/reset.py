"""``tenant-quota reset``: close the periods that are over, or set one quota back now."""

from __future__ import annotations

import click

from tenant_quota.cli.connection import ask
from tenant_quota.cli.fleet import server_command
from tenant_quota.cli.output import plain, say
from tenant_quota.cli.report import Report
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError

_BATCH = 100  # the event's own


@server_command(alone=lambda given: "One quota" if given["tenant"] is not None else "")
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    metavar="ROWS",
    help=f"Quotas in one transaction.  [default: {_BATCH}]",
)
@click.option("--tenant", metavar="ID", help="Set back one quota of this tenant, now.")
@click.option("--quota-type", metavar="TYPE", help="Which of its quotas.")
@click.option("--limit-type", metavar="TYPE", help="Which limit: HOURLY, DAILY, MONTHLY ...")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(
    options: ConnectionOptions,
    batch_size: int | None,
    tenant: str | None,
    quota_type: str | None,
    limit_type: str | None,
    yes: bool,
) -> Report:
    """Close every period that is over, as the event does each minute.

    With --tenant, --quota-type and --limit-type: set that quota's use to 0 now, in mid-
    period. The ledger keeps it, and the period ends when it would have ended. Exit code 1
    if another reset was running.
    """
    one = (tenant, quota_type, limit_type)
    if all(part is None for part in one):
        return _close_all(options, batch_size or _BATCH)
    if any(part is None for part in one):
        raise click.UsageError("One quota is named by --tenant, --quota-type and --limit-type.")
    if batch_size is not None:
        raise click.UsageError("--batch-size is for closing all periods that are over.")
    name = " ".join(map(plain, one))
    if not yes:
        click.confirm(f"Set the use of {name} to 0 now?", abort=True)
    (answer,) = ask(options, "CALL reset_quota(%s, %s, %s)", *one)
    if not answer["success"]:
        raise TenantQuotaError(f"There is no quota {name}.")
    used, then = answer["closed_count"], answer["next_reset_time"]
    return Report(lambda: say(f"{name}: {used:,} used, now 0. Next reset: {then}"))


def _close_all(options: ConnectionOptions, batch_size: int) -> Report:
    (answer,) = ask(options, "CALL reset_due_quotas(%s)", batch_size)
    if not answer["success"]:
        told = "Another reset is running; it closes them."
        return Report(lambda: click.echo(told, err=True), exit_code=1)
    return Report(lambda: say(f"{answer['rows_done']:,} closed or scheduled."))
