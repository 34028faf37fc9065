"""One command on several servers: a result for each, and one exit code for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from functools import wraps
from io import BytesIO, TextIOWrapper
from typing import Any, TypeVar, cast

import click

from tenant_quota.cli.connection import on_server, servers
from tenant_quota.cli.fleet_formats import FORMATS, Outcome, worst
from tenant_quota.cli.output import as_click_exception, patient_reader, plain, say, utf8_stdout
from tenant_quota.connection import connect
from tenant_quota.connection_options import ConnectionOptions

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _never(given: Mapping[str, Any]) -> str:
    return ""


def each_server(
    *, alone: Callable[[Mapping[str, Any]], str] = _never, stops: bool = False
) -> Callable[[_Command], _Command]:
    """Let a command serve a fleet: it runs on each server that is named, one after the other.

    With one server it runs as if this were not there. A server that fails keeps no other
    from its turn. ``stops``: but where the command itself fails, not the connection, the
    servers after it are left alone, as they would fail likewise. ``alone`` returns what of
    the options given is for one server only, and raises a usage error with several.
    """

    def decorate(command: _Command) -> _Command:
        @wraps(command)
        def run(**given: Any) -> Any:
            named = servers()
            if len(named) == 1:
                return command(**given)
            only = alone(given)
            if only:
                raise click.UsageError(f"{only} is for one server, and {len(named)} are named.")
            make = FORMATS.get(given.get("form", ""))
            with patient_reader():
                outcomes = _on_all(lambda: command(**given), named, stops, quiet=make is not None)
                if make is None:
                    click.echo(f"\n{_summary(outcomes)}")
                else:
                    name = click.get_current_context().info_name or ""
                    utf8_stdout().write(make(outcomes, f"tenant-quota {name}"))
            return click.get_current_context().exit(worst(outcomes))

        return cast(_Command, run)

    return decorate


def _on_all(
    command: Callable[[], Any], named: Sequence[ConnectionOptions], stops: bool, quiet: bool
) -> list[Outcome]:
    """Run the command on each; ``quiet`` keeps what it prints instead of showing it."""
    outcomes: list[Outcome] = []
    failed = ""  # where it is not to go on
    for options in named:
        address = plain(options.address)
        if failed:
            outcome = Outcome(address, 2, error=f"not tried, as {failed} failed")
        else:
            if not quiet:
                say("\n" if outcomes else "", nl=False)
                say(click.style(address, bold=True))
            outcome, connected = _on_one(command, options, address, stops, quiet)
            failed = address if stops and connected and outcome.error else ""
        if outcome.error:
            click.echo(f"Error: {address}: {outcome.error}", err=True)
        outcomes.append(outcome)
    return outcomes


def _on_one(
    command: Callable[[], Any], options: ConnectionOptions, address: str, probe: bool, quiet: bool
) -> tuple[Outcome, bool]:
    """Run the command on one server; ``probe`` it first, to tell whether it can be reached."""
    connected = False
    with _captured(quiet) as kept, on_server(options):
        code, error = 0, ""
        try:
            if probe:
                connect(replace(options, database="")).close()
            connected = True
            command()
        except click.exceptions.Exit as end:
            code = end.exit_code
        except (click.Abort, click.UsageError, BrokenPipeError):
            raise  # by the user or the reader, or the same on every server
        except Exception as raised:
            failure = as_click_exception(raised)
            code, error = failure.exit_code, failure.format_message()
    output = "" if error else kept.buffer.getvalue().decode()
    return Outcome(address, code, output, error), connected


class _Kept(TextIOWrapper):
    buffer: BytesIO


@contextmanager
def _captured(quiet: bool) -> Iterator[_Kept]:
    """Keep what is printed meanwhile, if it is not to be shown."""
    kept = _Kept(BytesIO(), encoding="utf-8", write_through=True)
    if not quiet:
        yield kept
        return
    with redirect_stdout(kept):
        yield kept


def _summary(outcomes: Sequence[Outcome]) -> str:
    """Return how many did well, and which did not."""
    parts = []
    for code in sorted({outcome.exit_code for outcome in outcomes}):
        those = [outcome.address for outcome in outcomes if outcome.exit_code == code]
        parts.append(f"exit code {code}: {', '.join(those) if code else len(those)}")
    return f"{len(outcomes)} servers; {'; '.join(parts)}."
