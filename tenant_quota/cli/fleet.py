"""One command on several servers: a result for each, and one exit code for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

import click

from tenant_quota.cli.connection import on_server, servers
from tenant_quota.cli.fleet_formats import FORMATS, Outcome, worst
from tenant_quota.cli.output import as_click_exception, patient_reader, plain, say, utf8_stdout
from tenant_quota.cli.report import WRITERS, Report
from tenant_quota.connection import connect
from tenant_quota.connection_options import ConnectionOptions

_Command = Callable[..., Report | None]


def _never(given: Mapping[str, Any]) -> str:
    return ""


def each_server(
    *, alone: Callable[[Mapping[str, Any]], str] = _never, stops: bool = False
) -> Callable[[_Command], Callable[..., Any]]:
    """Print what a command returns; with several servers it runs on one after the other.

    The command is called without ``--format``. A server that fails keeps no other
    from its turn. ``stops``: but where the command itself fails, not the connection, the
    servers after it are left alone, as they would fail likewise. ``alone`` returns what of
    the options given is for one server only, and raises a usage error with several.
    """

    def decorate(command: _Command) -> Callable[..., Any]:
        @wraps(command)
        def run(**given: Any) -> Any:
            named = servers()
            form = given.pop("form", "")
            context = click.get_current_context()
            if len(named) == 1:
                report = command(**given)
                with patient_reader():
                    if report is not None and form in WRITERS:
                        WRITERS[form](utf8_stdout(), report.documents[form]())
                    elif report is not None:
                        report.show()
                return context.exit(0 if report is None else report.exit_code)
            only = alone({**given, "form": form})
            if only:
                raise click.UsageError(f"{only} is for one server, and {len(named)} are named.")
            write = FORMATS.get(form)
            with patient_reader():
                outcomes = _on_all(lambda: command(**given), named, stops, form if write else "")
                if write is None:
                    click.echo(f"\n{_summary(outcomes)}")
                else:
                    write(utf8_stdout(), outcomes, f"tenant-quota {context.info_name or ''}")
            return context.exit(worst(outcomes))

        return run

    return decorate


def _on_all(
    command: Callable[[], Report | None],
    named: Sequence[ConnectionOptions],
    stops: bool,
    form: str,
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
    command: Callable[[], Report | None],
    options: ConnectionOptions,
    address: str,
    probe: bool,
    form: str,
) -> tuple[Outcome, bool]:
    """Run the command on one server; ``probe`` it first, to tell whether it can be reached."""
    connected = False
    code, error, document = 0, "", None
    with on_server(options):
        try:
            if probe:
                connect(replace(options, database="")).close()
            connected = True
            report = command()
            if report is not None:
                code = report.exit_code
                if form:
                    document = report.documents[form]()
                    document = list(document) if isinstance(document, Iterator) else document
                else:
                    with patient_reader():
                        report.show()
        except click.exceptions.Exit as end:
            code = end.exit_code
        except (click.Abort, click.UsageError):
            raise  # by the user, or the same on every server
        except Exception as raised:
            failure = as_click_exception(raised)
            code, error = failure.exit_code, failure.format_message()
    return Outcome(address, code, None if error else document, error), connected


def _summary(outcomes: Sequence[Outcome]) -> str:
    """Return how many did well, and which did not."""
    parts = []
    for code in sorted({outcome.exit_code for outcome in outcomes}):
        those = [outcome.address for outcome in outcomes if outcome.exit_code == code]
        parts.append(f"exit code {code}: {', '.join(those) if code else len(those)}")
    return f"{len(outcomes)} servers; {'; '.join(parts)}."
