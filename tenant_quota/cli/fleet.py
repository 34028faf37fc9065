"""One command on several servers: a result for each, and one exit code for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial, wraps
from typing import Any

import click

from tenant_quota.cli.connection import connection_options, servers
from tenant_quota.cli.output import as_click_exception, patient_reader, plain, say, utf8_stdout
from tenant_quota.cli.report import FLEET_WRITERS, WRITERS, Outcome, Report, worst
from tenant_quota.connection import connect
from tenant_quota.connection_options import ConnectionOptions

_Any = Callable[..., Any]
_Command = Callable[..., Report]


def format_option(*forms: str, about: str | None = None) -> Callable[[_Any], _Any]:
    """Add --format; the first form is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help=about,
    )


def server_command(
    *, alone: Callable[[Mapping[str, Any]], str] = lambda given: "", stops: bool = False
) -> Callable[[_Command], click.Command]:
    """Make a command, with the connection options, that runs on each server that is named.

    The function gets the server's options, then the command's own but ``--format``; what it
    returns is printed. A server that fails keeps no other from its turn. ``stops``: but where
    the command itself fails, not the connection, the servers after it are left alone, as they
    would fail likewise. ``alone`` returns what of the options given is for one server only,
    which is an error with several; it may raise a usage error of its own.
    """

    def decorate(command: _Command) -> click.Command:
        @wraps(command)
        def run(**given: Any) -> None:
            named = servers()
            form = given.pop("form", "")
            context = click.get_current_context()
            only = alone({**given, "form": form})
            if len(named) == 1:
                report = command(*named, **given)
                with patient_reader():
                    if form in WRITERS:
                        WRITERS[form](utf8_stdout(), report.documents[form](""))
                    else:
                        report.show()
                context.exit(report.exit_code)
            if only:
                raise click.UsageError(f"{only} is for one server, and {len(named)} are named.")
            write = FLEET_WRITERS.get(form)
            with patient_reader():
                outcomes = _on_all(partial(command, **given), named, stops, form if write else "")
                if write is None:
                    click.echo(f"\n{_summary(outcomes)}")
                else:
                    write(utf8_stdout(), outcomes, f"tenant-quota {context.info_name or ''}")
            context.exit(worst(outcomes))

        return click.command()(connection_options(run))

    return decorate


def _on_all(
    command: _Command, named: Sequence[ConnectionOptions], stops: bool, form: str
) -> list[Outcome]:
    """Run the command on each; with a machine format keep its documents, else show its text."""
    outcomes: list[Outcome] = []
    failed = ""  # where it is not to go on
    for options in named:
        address = plain(options.address)
        if failed:
            outcome = Outcome(address, 2, error=f"not tried, as {failed} failed")
        else:
            if not form:
                say("\n" if outcomes else "", nl=False)
                say(click.style(address, bold=True))
            outcome, connected = _on_one(command, options, address, stops, form)
            failed = address if stops and connected and outcome.error else ""
        if outcome.error:
            say(f"Error: {address}: {outcome.error}", err=True)
        outcomes.append(outcome)
    return outcomes


def _on_one(
    command: _Command, options: ConnectionOptions, address: str, probe: bool, form: str
) -> tuple[Outcome, bool]:
    """Run the command on one server; ``probe`` it first, to tell whether it can be reached."""
    connected = False
    try:
        if probe:
            connect(replace(options, database="")).close()
        connected = True
        report = command(options)
        document = None
        if form:
            document = report.documents[form](address)
            document = list(document) if isinstance(document, Iterator) else document
        else:
            with patient_reader():
                report.show()
        return Outcome(address, report.exit_code, result=document), connected
    except (click.Abort, click.UsageError):
        raise  # by the user, or the same on every server
    except Exception as raised:
        failure = as_click_exception(raised)
        return Outcome(address, failure.exit_code, error=failure.format_message()), connected


def _summary(outcomes: Sequence[Outcome]) -> str:
    """Return how many did well, and which did not."""
    parts = []
    for code in sorted({outcome.exit_code for outcome in outcomes}):
        those = [outcome.address for outcome in outcomes if outcome.exit_code == code]
        parts.append(f"exit code {code}: {', '.join(those) if code else len(those)}")
    return f"{len(outcomes)} servers; {'; '.join(parts)}."
