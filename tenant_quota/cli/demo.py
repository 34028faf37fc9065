"""``tenant-quota demo``: the five scenarios and the procedures, at work on a real MySQL."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
import pymysql
from pymysql.connections import Connection
from pymysql.cursors import DictCursor
from rich.console import Console

from tenant_quota.apply import migrate
from tenant_quota.cli.monitor.rows import Filter, monitor_table, select
from tenant_quota.cli.output import make_console, patient_reader, say
from tenant_quota.connection import connect
from tenant_quota.connection_options import ConnectionOptions, resolve
from tenant_quota.errors import TenantQuotaError
from tenant_quota.sandbox import start_named, stop_named
from tenant_quota.statements import fetch, run

SCRIPT = Path(__file__).resolve().parent.parent / "demo.sql"
DATABASE = "tenant_quota_demo"
_SANDBOX = "demo"
_END = re.compile(r";(?:\s*--\s+(?P<expected>.*))?$")
_PLACEHOLDER = re.compile(r"\b123\b")
# Of a procedure's answer, so that it fits on a line.
_SHOWN = ("status", "used_count", "remaining", "next_reset_time", "retry_after_ms", "rows_done")


@dataclass(frozen=True)
class Step:
    """A statement, what is said before it, and what its answer must be; both may be empty."""

    statement: str
    title: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Answer:
    """What the server said: rows with how many there were, or its error."""

    count: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    insert_id: int = 0


def read_steps(script: str) -> Iterator[Step]:
    """Yield the statements of a script; each ends with a semicolon at the end of its line.

    A comment on lines of its own is the title of the statement right after it. A comment
    behind a statement says what is expected; see `differs`.
    """
    title: list[str] = []
    lines: list[str] = []
    for line in script.splitlines():
        if not lines and line.startswith("-- "):
            title.append(line[3:])
            continue
        if not line.strip():
            title = title if lines else []
            continue
        end = _END.search(line)
        lines.append(line[: end.start()] if end else line)
        if end:
            yield Step("\n".join(lines), "\n".join(title), end["expected"] or "")
            title, lines = [], []


def ask(connection: Connection[Any], statement: str) -> Answer:
    """Run one statement; a server's error is an answer too."""
    with connection.cursor(DictCursor) as cursor:
        try:
            count = cursor.execute(statement)
            rows = list(cursor.fetchall()) if cursor.description else []
            insert_id = cursor.lastrowid or 0
            while cursor.nextset():
                pass
        except pymysql.Error as error:
            return Answer(error=str(error.args[1] if len(error.args) > 1 else error))
    return Answer(count, rows, "", insert_id)


def differs(expected: str, answer: Answer) -> str:
    """Return what of the expectation the answer does not hold, empty if it holds all of it.

    Its parts are separated by commas: ``2 rows`` (returned or changed), ``error token``,
    ``column value``, or a value alone. Columns are those of the first row; NULL is NULL.
    """
    facts = {f"error {answer.error.partition(':')[0]}"}
    if not answer.error:
        row = {name: _text(value) for name, value in (answer.rows or [{}])[0].items()}
        facts = {f"{answer.count} row", f"{answer.count} rows", *row.values()}
        facts |= {f"{name} {value}" for name, value in row.items()}
    elif not expected:
        return "no error"
    return next((part for part in filter(None, expected.split(", ")) if part not in facts), "")


def show(answer: Answer) -> list[str]:
    """Return the answer in lines of text; none where there is nothing to say."""
    if answer.error:
        return [f"error {answer.error}"]
    if not answer.rows:
        return [f"{answer.count} row{'' if answer.count == 1 else 's'}"] if answer.count else []
    return ["  ".join(_cells(row)) for row in answer.rows]


def _cells(row: dict[str, Any]) -> Iterator[str]:
    is_answer = "status" in row
    for name in _SHOWN if is_answer else row:
        if not is_answer or row.get(name) is not None:
            yield _text(row[name]) if name == "status" else f"{name} {_text(row[name])}"


def _text(value: Any) -> str:
    return "NULL" if value is None else str(value)


@click.command()
@click.option(
    "--url",
    metavar="mysql://…",
    help="Run on a throwaway server of your own; needs no sandbox.",
)
@click.option("--stop", is_flag=True, help="Stop the sandbox at the end; else it stays.")
def demo(url: str | None, stop: bool) -> None:
    """Show the five scenarios and the procedures at work on a real MySQL.

    Uses the sandbox "demo", and there a fresh database tenant_quota_demo. With --url it is the
    empty database that the URL names; if it names none, tenant_quota_demo on that server, which
    is dropped first. Exit code 1 if any answer is not as it should be.
    """
    if url is None:
        sandbox, started = start_named(_SANDBOX)
        options = resolve(url=sandbox.url)
        say(
            f"A throwaway MySQL was started: {options}."
            if started
            else f"The sandbox {_SANDBOX!r} was running already, and is used: {options}."
        )
    else:
        options = resolve(url=url)
    options = _fresh_database(options)
    _apply(options)
    wrong = 0
    with connect(options) as connection, patient_reader():
        wrong = _run(connection, SCRIPT.read_text(encoding="utf-8"))
        _show_monitor(connection)
    if stop and url is None:
        stop_named(_SANDBOX)
        click.echo("The sandbox is stopped, its data is gone.")
    else:
        click.echo("\n" + _look_around(options, url is None))
    if wrong:
        click.secho(f"Answers that were not as they should be: {wrong}.", fg="red", err=True)
        click.get_current_context().exit(1)


def _fresh_database(options: ConnectionOptions) -> ConnectionOptions:
    """Return options with an empty database, whose name is the demo's or the user's own."""
    with connect(options) as connection:
        if not options.database:
            run(connection, f"DROP DATABASE IF EXISTS {DATABASE}")
            run(connection, f"CREATE DATABASE {DATABASE}")
        elif fetch(connection, "SHOW TABLES"):
            raise TenantQuotaError(
                f"The database {options.database} is not empty. Name one that is, or none: "
                f"then {DATABASE} is made."
            )
    return replace(options, database=options.database or DATABASE)


def _apply(options: ConnectionOptions) -> None:
    """Apply the migrations; on a terminal a line says how far it is."""
    with Console(stderr=True).status("") as status:

        def show_step(step: migrate.Progress) -> None:
            status.update(f"Applying {step.number} of {step.total}: {step.migration}")

        done = migrate.apply(options, on_step=show_step)
    say(f"{len(done)} migrations applied to {options.database}: tables, procedures, views, events.")


def _run(connection: Connection[Any], script: str) -> int:
    """Run and print the script; returns how many answers were not as expected."""
    wrong = 0
    quota_id = 0
    for step in read_steps(script):
        statement = _PLACEHOLDER.sub(str(quota_id), step.statement)
        if step.title:
            click.secho(f"\n{step.title}", bold=True)
        click.secho(f"{statement};", fg="cyan")
        answer = ask(connection, statement)
        quota_id = quota_id or answer.insert_id
        for line in show(answer):
            click.secho(f"  → {line}", fg="red" if answer.error else "green")
        missing = differs(step.expected, answer)
        if missing:
            wrong += 1
            click.secho(f"  ✗ this should have been: {missing}", fg="red")
    return wrong


def _show_monitor(connection: Connection[Any]) -> None:
    click.secho("\nWhat `tenant-quota monitor` shows now.", bold=True)
    console = make_console()
    with select(connection, Filter()) as cursor:
        console.print(monitor_table(list(cursor.fetchall()), console.width))


def _look_around(options: ConnectionOptions, in_sandbox: bool) -> str:
    """Return how to go on from here; with the command as it was called, and no password."""
    command = "tenant-quota"
    if shutil.which(command) is None:
        called = Path(sys.argv[0])
        command = str(called) if called.name == command else f"{sys.executable} -m tenant_quota"
    if not in_sandbox:
        return f"Look around in {options.database} ({options}): {command} monitor --url …"
    return (
        f"Look around, and throw it away when done:\n"
        f"  {command} sandbox shell --name {_SANDBOX} {options.database}\n"
        f'  export TENANT_QUOTA_URL="$({command} sandbox url --name {_SANDBOX}){DATABASE}"\n'
        f"  {command} monitor --watch 2\n"
        f"  {command} sandbox stop --name {_SANDBOX}"
    )
