"""``tenant-quota grants``: least-privilege roles and accounts, as SQL or done at once."""

from __future__ import annotations

from functools import partial

import click

from tenant_quota.cli.fleet import format_option, server_command
from tenant_quota.cli.output import plain
from tenant_quota.cli.report import Report
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.grants import plan as engine
from tenant_quota.grants import run as grants_run
from tenant_quota.grants.wanted import Names
from tenant_quota.names import parse_account, parse_role


@server_command(alone=lambda given: "" if given["run"] or given["check"] else "SQL that is printed")
@click.option("--prefix", default="quota", show_default=True, help="What the names begin with.")
@click.option("--app-role", metavar="ROLE", help="[default: PREFIX_app]")
@click.option("--monitor-role", metavar="ROLE", help="[default: PREFIX_monitor]")
@click.option("--admin-role", metavar="ROLE", help="[default: PREFIX_admin]")
@click.option("--definer", metavar="USER@HOST", help="[default: PREFIX_definer@localhost]")
@click.option(
    "--migrator",
    metavar="USER@HOST",
    help="Also an account that applies, rolls back and verifies; it may be the definer.",
)
@click.option("--shared", is_flag=True, help="These names may serve other schemas as well.")
@click.option("--apply", "run", is_flag=True, help="Run the statements that are needed.")
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 if anything differs.")
@click.option("--revoke", is_flag=True, help="The SQL that takes all of it away.")
@format_option("sql", "json")
def grants(
    options: ConnectionOptions,
    prefix: str,
    app_role: str | None,
    monitor_role: str | None,
    admin_role: str | None,
    definer: str | None,
    migrator: str | None,
    shared: bool,
    run: bool,
    check: bool,
    revoke: bool,
) -> Report:
    """Print the SQL that gives everybody what they need, and no more.

    A locked definer that everything runs as; roles for applications (the public
    procedures), for monitoring (the views) and for administrators. Before the first apply
    it makes the accounts, after it the rest. The SQL can be piped into the mysql client.
    Exit code 0 the same, printed or done, 1 something is missing or too much, 2 error.
    """
    if run + check > 1 or (revoke and check):
        raise click.UsageError("Give one of --apply and --check, and --check not with --revoke.")
    if not prefix.strip():
        raise click.UsageError("--prefix is empty: roles and definer get their names from it.")
    names = Names(
        parse_role(app_role or f"{prefix}_app", "--app-role"),
        parse_role(monitor_role or f"{prefix}_monitor", "--monitor-role"),
        parse_role(admin_role or f"{prefix}_admin", "--admin-role"),
        parse_account(definer or f"{prefix}_definer@localhost", "--definer"),
        parse_account(migrator, "--migrator") if migrator else None,
    )
    make = grants_run.make_removal if revoke else engine.make_plan
    plan = make(options, names, shared=shared)
    outcome = grants_run.run_plan(options, plan) if run else None
    left = engine.make_plan(options, names, shared=shared).findings if run and not revoke else []
    documents = {"json": lambda address: grants_run.as_data(plan, outcome)}
    if outcome is not None:
        code = 1 if outcome.refused or left else 0
        return Report(partial(_show_outcome, plan, outcome, left), documents, code)
    if check:
        code = 1 if plan.findings else 2 if plan.unseen else 0
        return Report(partial(_show_check, plan), documents, code)
    return Report(lambda: click.echo(grants_run.as_sql(plan), nl=False), documents)


def _show_outcome(plan: engine.Plan, outcome: grants_run.Outcome, left: list[str]) -> None:
    for step in outcome.done:
        click.echo(f"{plain(step.statement)};")
    for step, error in outcome.refused:
        click.echo(f"refused: {plain(step.statement)}\n  {plain(error)}", err=True)
    for note in plan.notes:
        click.echo(plain(note), err=True)
    unseen = {plain(step.grantee) for step in outcome.done} & {*map(plain, plan.unseen)}
    if unseen:
        what = "This account cannot read what they hold, so all of it was granted once more"
        click.echo(f"{what}, which changes nothing: {', '.join(sorted(unseen))}.", err=True)
    for finding in left:
        click.echo(f"left: {plain(finding)}", err=True)
    click.echo(f"{len(outcome.done)} done." if outcome.done else "Nothing to do.")


def _show_check(plan: engine.Plan) -> None:
    for finding in plan.findings:
        click.echo(plain(finding))
    for account in plan.unseen:
        click.echo(f"{plain(account)}: its grants cannot be read by this account.", err=True)
    for note in plan.notes if plan.findings else ():
        click.echo(plain(note), err=True)
    if not plan.findings and not plan.unseen:
        click.echo(f"{plain(engine.heading(plan))}: all as it should be.")
