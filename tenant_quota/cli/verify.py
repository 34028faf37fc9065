"""``tenant-quota verify``: a live schema against what this version ships."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import click

from tenant_quota.apply.object_files import path_in
from tenant_quota.cli.fleet import format_option, server_command
from tenant_quota.cli.output import plain
from tenant_quota.cli.report import Report, annotation
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.paths import is_checkout, sql_root
from tenant_quota.schema import verify as engine
from tenant_quota.schema.diff import DIFFERENCE, NOTE, Finding

_COLOURS = {"-": "red", "+": "green", "@": "cyan"}
_RESULTS = {0: "same", 1: "different", 2: "incomplete"}
_KINDS = ("table", "procedure", "view", "event", "migration")


@server_command()
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
@format_option("text", "json", "junit", "github")
def verify(
    options: ConnectionOptions, definer: str | None, ignore: tuple[str, ...], strict: bool
) -> Report:
    """Compare tables, procedures, views and events with what this version installs.

    Reads only. SELECT, SHOW VIEW and EVENT on the database and SHOW_ROUTINE will do;
    with TRIGGER it also sees triggers. Your own tables and routines are notes, unless
    their name has the word "quota". Exit code 0 the same, 1 differences, 2 something
    could not be compared.
    """
    found = engine.verify(options, definer=definer, ignore=ignore, strict=strict)
    documents: dict[str, Callable[[str], Any]] = {
        "json": lambda address: _as_data(found),
        "junit": partial(_as_suite, found),
        "github": partial(_as_annotations, found),
    }
    return Report(partial(_show, found), documents, found.exit_code)


def _show(report: engine.Report) -> None:
    """Print differences under their objects, then what was not seen, then notes."""
    before = ""
    for finding in report.differences:
        if finding.object != before:
            click.secho(plain(finding.object), bold=True)
            before = finding.object
        where = ", ".join(filter(None, (finding.part, finding.attribute)))
        click.echo(f"  {plain(f'{where}: ' if where else '')}{plain(finding.what)}")
        for line in finding.diff:
            click.secho(f"    {_legible(line)}", fg=_COLOURS.get(line[:1]))
    for title, findings in (("Cannot be seen", report.unseen), ("Notes", report.notes)):
        if findings:
            click.secho(title, bold=True)
        for what in dict.fromkeys(finding.what for finding in findings):
            names = ", ".join(finding.name for finding in findings if finding.what == what)
            click.echo(f"  {plain(names)}: {plain(what)}")
    for words in report.by_hand:
        click.echo(plain(words))
    what, count = engine.heading(report), len(report.differences)
    if count:
        click.echo(f"{count:,} {'difference' if count == 1 else 'differences'} between {what}.")
    elif report.unseen:
        click.echo(f"No difference in what can be seen of {what}.")
    else:
        kinds = Counter(name.partition(" ")[0] for name in report.looked_at)
        told = ", ".join(f"{kinds[kind]} {kind}s" for kind in _KINDS)
        click.echo(f"The same: {what}: {told}.")


def _legible(line: str) -> str:
    """Return a line of a diff with nothing that a terminal obeys; a tab shows as an arrow."""
    return plain(line.replace("\t", "→   "))


def _as_data(report: engine.Report) -> dict[str, object]:
    """Return one object; findings keep text as the server has it."""
    return {
        "database": report.database,
        "server": report.server,
        "result": _RESULTS[report.exit_code],
        "differences": [_plain_data(finding) for finding in report.differences],
        "unseen": [_plain_data(finding) for finding in report.unseen],
        "notes": [_plain_data(finding) for finding in report.notes],
    }


def _plain_data(finding: Finding) -> dict[str, object]:
    return {
        "object": finding.object,
        "part": finding.part or None,
        "attribute": finding.attribute or None,
        "message": finding.what,
        "expected": finding.expected,
        "found": finding.found,
        "diff": list(finding.diff),
    }


def _as_suite(report: engine.Report, address: str) -> ET.Element:
    """Return JUnit's suite: a test case for each object; what cannot be seen is an error."""
    found: dict[str, list[Finding]] = {name: [] for name in report.looked_at}
    for finding in (*report.differences, *report.unseen):
        found.setdefault(finding.object, []).append(finding)
    suite = ET.Element("testsuite", name=f"tenant-quota verify {address}".rstrip())
    group = plain(address or report.database)
    counts = Counter(tests=len(found), failures=0, errors=0)
    for name, findings in found.items():
        case = ET.SubElement(suite, "testcase", classname=group, name=plain(name))
        failed = [finding for finding in findings if finding.level == DIFFERENCE]
        if findings:
            kind = "failure" if failed else "error"
            counts[f"{kind}s"] += 1
            element = ET.SubElement(case, kind)
            element.set("message", plain("; ".join(str(f) for f in failed or findings)))
            element.text = "\n".join(
                _legible(line) for finding in findings for line in (str(finding), *finding.diff)
            )
    suite.attrib.update({name: str(count) for name, count in counts.items()})
    if report.notes:
        notes = ET.SubElement(suite, "system-out")
        notes.text = "\n".join(plain(finding) for finding in report.notes)
    return suite


def _as_annotations(report: engine.Report, address: str) -> Iterator[str]:
    """Give GitHub's annotation for each finding, and then what there is in all.

    In a checkout of this project a difference points at the object's file.
    """
    title = f"tenant-quota verify {address or report.database}"
    for finding in (*report.differences, *report.unseen, *report.notes):
        kind, _, name = finding.object.partition(" ")
        is_ours = finding.level == DIFFERENCE and is_checkout()
        file = path_in(sql_root(), kind.upper(), name) if is_ours else None
        message = "\n".join([plain(finding), *(_legible(line) for line in finding.diff)])
        level = "notice" if finding.level == NOTE else "error"
        yield annotation(level, title, message, file or "")
    count = len(report.differences)
    result = f"{count} differences" if count else "No difference"
    yield f"{f'{address}: ' if address else ''}{result}: {plain(engine.heading(report))}"
