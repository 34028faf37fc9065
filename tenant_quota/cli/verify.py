"""``tenant-quota verify``: a live schema against what this version ships."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from tenant_quota.cli.connection import connection_options, current_connection
from tenant_quota.cli.fleet import each_server
from tenant_quota.cli.output import plain
from tenant_quota.cli.report import Report
from tenant_quota.cli.verify_formats import (
    as_annotations,
    as_data,
    as_suite,
    legible,
    told,
    under_one_reason,
)
from tenant_quota.schema import verify as engine
from tenant_quota.schema.diff import Finding

_FORMATS: dict[str, Callable[[engine.Report], Any]] = {
    "json": as_data,
    "junit": as_suite,
    "github": as_annotations,
}
_COLOURS = {"-": "red", "+": "green", "@": "cyan"}


@click.command()
@connection_options
@click.option(
    "--definer",
    metavar="USER@HOST",
    help="Account that everything must run as.  [default: the one that most objects have]",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="PATTERN",
    help="Differences to show as notes: 'event purge_quota_usage, body', 'table user_*'.",
)
@click.option("--strict", is_flag=True, help="Notes count as differences too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *_FORMATS]),
    default="text",
    show_default=True,
)
@each_server()
def verify(definer: str | None, ignore: tuple[str, ...], strict: bool) -> Report:
    """Compare tables, procedures, views and events with what this version installs.

    Reads only. SELECT, SHOW VIEW and EVENT on the database and SHOW_ROUTINE will do;
    with TRIGGER it also sees triggers. Your own tables and routines are notes, unless
    their name has the word "quota". Exit code 0 the same, 1 differences, 2 something
    could not be compared.
    """
    found = engine.verify(current_connection(), definer=definer, ignore=ignore, strict=strict)
    formats = {form: partial(make, found) for form, make in _FORMATS.items()}
    return Report(partial(_show, found), formats, found.exit_code)


def _show(report: engine.Report) -> None:
    """Print differences under their objects, then what was not seen, then notes."""
    before = ""
    for finding in report.differences:
        if finding.object != before:
            click.secho(plain(finding.object), bold=True)
            before = finding.object
        _show_one(finding)
    for title, findings in (("Cannot be seen", report.unseen), ("Notes", report.notes)):
        if findings:
            click.secho(title, bold=True)
            for names, what in under_one_reason(findings):
                click.echo(f"  {plain(', '.join(names))}: {plain(what)}")
    for words in report.by_hand:
        click.echo(plain(words))
    what = engine.heading(report)
    if report.differences:
        count = len(report.differences)
        click.echo(f"{count:,} {'difference' if count == 1 else 'differences'} between {what}.")
    elif report.unseen:
        click.echo(f"No difference in what can be seen of {what}.")
    else:
        click.echo(f"The same: {what}: {told(report)}.")


def _show_one(finding: Finding) -> None:
    where = ", ".join(word for word in (finding.part, finding.attribute) if word)
    click.echo(f"  {plain(where)}: {plain(finding.what)}" if where else f"  {plain(finding.what)}")
    for line in finding.diff:
        click.secho(f"    {legible(line)}", fg=_COLOURS.get(line[:1]))
