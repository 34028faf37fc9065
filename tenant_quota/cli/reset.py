"""``tenant-quota reset``: close the periods that are over, or set one quota back now."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click
from pymysql.connections import Connection
from pymysql.cursors import DictCursor

from tenant_quota.cli.connection import connection_options, current_connection
from tenant_quota.cli.fleet import each_server
from tenant_quota.cli.output import installed, plain, say
from tenant_quota.connection import connect_to_database
from tenant_quota.errors import TenantQuotaError

_BATCH = 100  # the event's own


@click.command()
@connection_options
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
@each_server(alone=lambda given: "One quota" if given["tenant"] is not None else "")
def reset(
    batch_size: int | None,
    tenant: str | None,
    quota_type: str | None,
    limit_type: str | None,
    yes: bool,
) -> None:
    """Close every period that is over, as the event does each minute.

    With --tenant, --quota-type and --limit-type: set that quota's use to 0 now, in mid-
    period. The ledger keeps it, and the period ends when it would have ended. Exit code 1
    if another reset was running.
    """
    one = (tenant, quota_type, limit_type)
    if any(part is not None for part in one):
        if any(part is None for part in one):
            raise click.UsageError("One quota is named by --tenant, --quota-type and --limit-type.")
        if batch_size is not None:
            raise click.UsageError("--batch-size is for closing all periods that are over.")
    with closing(connect_to_database(current_connection())) as connection, installed():
        if tenant is None:
            _close_all(connection, batch_size or _BATCH)
        else:
            name = " ".join(map(plain, one))
            if not yes:
                click.confirm(f"Set the use of {name} to 0 now?", abort=True)
            _reset_one(connection, one, name)


def _close_all(connection: Connection[Any], batch_size: int) -> None:
    with connection.cursor(DictCursor) as cursor:
        cursor.execute("CALL reset_due_quotas(%s)", (batch_size,))
        (answer,) = cursor.fetchall()
    if not answer["success"]:
        click.echo("Another reset is running; it closes them.", err=True)
        click.get_current_context().exit(1)
    say(f"{answer['rows_done']:,} closed or scheduled.")


def _reset_one(connection: Connection[Any], one: tuple[str | None, ...], name: str) -> None:
    with connection.cursor(DictCursor) as cursor:
        cursor.execute("CALL reset_quota(%s, %s, %s)", one)
        (answer,) = cursor.fetchall()
    if not answer["success"]:
        raise TenantQuotaError(f"There is no quota {name}.")
    used, then = answer["closed_count"], answer["next_reset_time"]
    say(f"{name}: {used:,} used, now 0. Next reset: {then}")
