"""``tenant-quota plan``: what apply or rollback would run, as SQL."""

from __future__ import annotations

import click

from tenant_quota.cli.connection import connection_options, the_server
from tenant_quota.cli.fleet import format_option
from tenant_quota.cli.output import patient_reader, utf8_stdout
from tenant_quota.plan import make as engine
from tenant_quota.plan.file import as_json, as_sql


@click.command()
@connection_options
@click.option("--rollback", "back", is_flag=True, help="Plan a rollback of this database.")
@click.option("--count", type=click.IntRange(1), help="With --rollback: how many.  [default: 1]")
@click.option("--all", "everything", is_flag=True, help="With --rollback: everything.")
@click.option(
    "--from",
    "start",
    metavar="MIGRATION",
    help="Without a server: where the database stands; `nothing` is an empty one.",
)
@click.option(
    "--to",
    "end",
    metavar="MIGRATION",
    help="With --from: where to; one before it is a rollback.  [default: the last]  "
    "With --rollback: take back all that came after it.",
)
@click.option(
    "--definer",
    metavar="USER@HOST",
    help="Account that procedures, views and events run as.  "
    "[default: the one that most of them have now, else who runs the plan]",
)
@click.option("--force", is_flag=True, help="Also replace what was changed by hand.")
@format_option("sql", "json")
def plan(
    back: bool,
    count: int | None,
    everything: bool,
    start: str | None,
    end: str | None,
    definer: str | None,
    force: bool,
    form: str,
) -> None:
    """Write the SQL that `apply` or `rollback` would run, and run nothing.

    The mysql client can run the file by itself, without Python. It leaves the same tables,
    objects and history. First it checks that the database is where the plan begins: where
    the connected database stands, or where --from says.
    """
    if back and start is not None:
        raise click.UsageError("--from plans without a server; leave --rollback out.")
    if force and (back or start is not None):
        raise click.UsageError("--force goes with what apply would run on a server in sight.")
    if not back and (count is not None or everything):
        raise click.UsageError("--count and --all go with --rollback.")
    if sum((count is not None, everything, back and end is not None)) > 1:
        raise click.UsageError("Give one of --count, --to and --all.")
    if start is not None:
        planned = engine.plan_between(start, end, definer=definer)
    elif back:
        count = None if everything or end else count or 1
        planned = engine.plan_rollback(the_server(), count=count, to=end)
    elif end is not None:
        raise click.UsageError("--to goes with --from or --rollback.")
    else:
        planned = engine.plan_apply(
            the_server(),
            definer=definer,
            force=force,
            on_note=lambda text: click.echo(text, err=True),
        )
    with patient_reader():
        text = (
            as_json(planned)
            if form == "json"
            else as_sql(planned, _command(start, end, back, force))
        )
        utf8_stdout().write(text)


def _command(start: str | None, end: str | None, back: bool, force: bool) -> str:
    """Return the command without what tells of the connection."""
    words = ["tenant-quota plan"]
    words += ["--rollback"] if back else []
    words += [f"--from {start}"] if start is not None else []
    words += [f"--to {end}"] if end is not None else []
    words += ["--force"] if force else []
    return " ".join(words)
