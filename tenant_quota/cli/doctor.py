"""``tenant-quota doctor``: is the server fit for quotas, and is all well with them?"""

from __future__ import annotations

from collections import Counter
from functools import partial

import click
from rich.text import Text

from tenant_quota.cli.fleet import format_option, server_command
from tenant_quota.cli.output import make_console, plain
from tenant_quota.cli.report import Report
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.doctor import run as engine
from tenant_quota.doctor.findings import NOTE, OK, PROBLEM, WARNING

_STYLES = {PROBLEM: "bold red", WARNING: "yellow", NOTE: "cyan", OK: "green"}


@server_command()
@click.option(
    "--ignore",
    multiple=True,
    metavar="PATTERN",
    help="Checks whose findings to show as notes: durability.sync_binlog, 'health.*'.",
)
@click.option("--all", "everything", is_flag=True, help="Show what is fine too.")
@format_option("text", "json")
def doctor(options: ConnectionOptions, ignore: tuple[str, ...], everything: bool) -> Report:
    """Look for what endangers quotas: settings, events, accounts, replication, locks.

    Reads only, and says what this account may not see. Each finding comes with what to do.
    Exit code 0 healthy, 1 a problem or a warning, 2 error, or an account that sees nothing.
    """
    found = engine.examine(options, ignore=ignore)
    documents = {"json": lambda address: _as_data(found)}
    return Report(partial(_show, found, everything), documents, found.exit_code)


def _as_data(report: engine.Report) -> dict[str, object]:
    """Return the report as data."""
    return {
        "database": report.database,
        "server": report.server,
        "healthy": report.healthy,
        "findings": [
            {"check": f.check, "severity": f.severity, "what": f.what, "do": f.do or None}
            for f in report.findings
        ],
    }


def _show(report: engine.Report, everything: bool) -> None:
    """Print a line or two for each finding, then how many of each kind there are."""
    console = make_console(soft_wrap=True)
    for finding in report.findings:
        if everything or finding.severity != OK:
            line = Text(f"{finding.severity:8}", _STYLES[finding.severity])
            line.append(f" {plain(finding.check)}: ", "bold")
            line.append(plain(finding.what), "")
            console.print(line)
            if finding.do:
                console.print(Text(f"         {plain(finding.do)}", "dim"))
    counts = Counter(finding.severity for finding in report.findings)
    told = "".join(
        f", {counts[severity]} {severity}{'' if counts[severity] == 1 else 's'}"
        for severity in (PROBLEM, WARNING, NOTE)
        if counts[severity]
    )
    verdict = "Healthy" if report.healthy else "Not healthy"
    if report.blind:
        verdict = "Not known: this account sees nothing of what is installed"
    what = f"{verdict}: {report.database} (MySQL {report.server}): {counts[OK]} fine{told}."
    console.print(Text(plain(what)))
