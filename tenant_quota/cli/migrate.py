"""``apply``, ``rollback``, ``status`` and ``pin``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from tenant_quota.apply import migrate, pins
from tenant_quota.cli.connection import connection_options, the_server
from tenant_quota.cli.fleet import format_option, server_command
from tenant_quota.cli.output import say
from tenant_quota.cli.report import Report
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError
from tenant_quota.paths import is_checkout, sql_root
from tenant_quota.schema.verify import stale_lock

_lock_timeout = click.option(
    "--lock-timeout",
    type=click.FloatRange(0),
    default=migrate.LOCK_TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another apply or rollback.",
)


class _Lines:
    """One line for each migration: its name when it begins, its time when it is done."""

    def __init__(self) -> None:
        self.open = False

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        if self.open:
            say("failed")

    def show(self, step: migrate.Progress) -> None:
        """Take a step's progress; ends the line of a migration that is done."""
        self.open = step.seconds is None
        if step.seconds is None:
            width = len(str(step.total))
            say(f"[{step.number:{width}}/{step.total}] {step.migration} ... ", nl=False)
        else:
            say(f"{step.seconds:.2f} s")


def _note(text: str) -> None:
    say(text, err=True)


@server_command(stops=True)
@click.option("--create-database", is_flag=True, help="Create the database if it is missing.")
@click.option(
    "--definer",
    metavar="USER@HOST",
    help="Account that procedures, views and events run as. Those of another one move to it.  "
    "[default, for new ones: the one that most have now, else who is connected]",
)
@click.option(
    "--force",
    is_flag=True,
    help="Put back what was changed by hand too; its text is kept in quota_object_history.",
)
@_lock_timeout
def apply(
    options: ConnectionOptions,
    create_database: bool,
    definer: str | None,
    force: bool,
    lock_timeout: float,
) -> Report:
    """Bring the database up to date: tables, procedures, views and events.

    If a procedure, view or event that it would replace was changed by hand, it says so and
    does nothing; --force goes on. If it was killed at any moment, run it again: it carries on.
    """
    with _Lines() as lines:
        done = migrate.apply(
            options,
            definer=definer,
            lock_timeout=lock_timeout,
            create_database=create_database,
            force=force,
            on_step=lines.show,
            on_note=_note,
        )
    what = f"{len(done)} applied" if done else "Nothing to do"
    return Report(lambda: say(f"{what}: {options.database} is up to date."))


@click.command()
@connection_options
@click.option("--count", type=click.IntRange(1), help="How many to take back.  [default: 1]")
@click.option("--to", metavar="MIGRATION", help="Take back all that came after this one.")
@click.option("--all", "everything", is_flag=True, help="Take back everything.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_lock_timeout
def rollback(
    count: int | None,
    to: str | None,
    everything: bool,
    yes: bool,
    lock_timeout: float,
) -> None:
    """Take back the last migration, or as many as asked for.

    A procedure becomes what it was before, and what somebody changed by hand since is kept
    in quota_object_history; a dropped table's rows are gone.
    """
    if sum((count is not None, to is not None, everything)) > 1:
        raise click.UsageError("Give one of --count, --to and --all.")
    if to is None and not everything:
        count = count or 1
    options = the_server()
    planned = migrate.rollback_plan(options, count=count, to=to)
    if not planned:
        click.echo(f"Nothing to roll back in {options.database}.")
        return
    if not yes:
        click.echo(f"To be rolled back in {options.database} ({options}):")
        for name in planned:
            click.echo(f"  {name}")
        click.echo("Rolling back what created a table or a column loses its data.")
        click.confirm("Go on?", abort=True)
    with _Lines() as lines:
        done = migrate.rollback(
            options,
            count=count,
            to=to,
            lock_timeout=lock_timeout,
            on_step=lines.show,
            on_note=_note,
        )
    say(f"{len(done)} rolled back in {options.database}.")


@server_command()
@format_option("table", "json")
def status(options: ConnectionOptions) -> Report:
    """List the migrations: applied when, or pending. Exit code 1 if any is pending."""
    states = migrate.status(options)
    rows = [
        {
            "migration": state.migration,
            "state": state.state,
            "applied_at": state.applied_at and state.applied_at.isoformat() + "Z",
            "by_hand": state.by_hand or None,
        }
        for state in states
    ]
    is_pending = any(state.state == "pending" for state in states)
    return Report(
        lambda: _show_status(states), {"json": lambda address: rows}, 1 if is_pending else 0
    )


def _show_status(states: Sequence[migrate.MigrationState]) -> None:
    pending = sum(state.state == "pending" for state in states)
    unknown = sum(state.state == "unknown" for state in states)
    width = max(len(state.migration) for state in states)
    for state in states:
        when = f"{state.applied_at:%Y-%m-%d %H:%M:%S} UTC" if state.applied_at else ""
        click.echo(f"{state.migration:{width}}  {state.state:7}  {when}".rstrip())
    click.echo(f"{len(states) - pending - unknown} applied, {pending} pending.")
    if unknown:
        click.echo(f"{unknown} applied here have no file in this version (unknown).")
    for state in states:
        if state.by_hand:
            click.echo(f"{state.by_hand}: apply replaces it with --force alone, and keeps it.")


@click.command()
@click.option(
    "--check", is_flag=True, help="Change nothing; exit code 1 if a pin or the lock is stale."
)
def pin(check: bool) -> None:
    """Pin procedures/, views/ and events/ in migrations/ (in a checkout).

    It also says if schema.lock.json was made from other files than these.
    """
    if not is_checkout():
        raise TenantQuotaError("`pin` is for a checkout of the source; this is an installed copy.")
    changes = pins.pin(sql_root(), check=check)
    for change in changes:
        click.echo(f"to be {change}" if check else change)
    if not changes:
        click.echo("Every pin is up to date.")
    elif check:
        click.echo("Stale: run `tenant-quota pin` and commit what it writes.", err=True)
    if stale := stale_lock(sql_root()):
        what = f"schema.lock.json is of other files than these ({', '.join(stale)})"
        click.echo(f"{what}: run `make lock` next, and commit it.", err=True)
    if check and (changes or stale):
        click.get_current_context().exit(1)
