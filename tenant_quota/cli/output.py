"""What commands print: text that a terminal does not obey, JSON that stays exact."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from io import TextIOWrapper
from typing import Any, TextIO

import click
import pymysql
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tenant_quota.errors import TenantQuotaError
from tenant_quota.statements import error_number, server_error

_DENIED = (
    "Grant this account the role quota_admin; quota_monitor is enough to look (alerts --peek)."
)
_WHAT_TO_DO = {
    # A table, a procedure, or what a view reads, is missing.
    **dict.fromkeys((1146, 1305, 1356), "Run `tenant-quota apply`."),
    1142: _DENIED,
    1290: "If the server is read-only: connect to the primary.",
    1370: _DENIED,
}
UNWRAPPED = 10_000  # columns: a table that goes into a file is as wide as it needs to be


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise


def make_console(*, soft_wrap: bool = False) -> Console:
    """Return a console on stdout: as wide as its terminal, or as needed where it has none."""
    console = _Console(highlight=False, soft_wrap=soft_wrap)
    if not console.is_terminal:
        console.width = UNWRAPPED
    return console


def make_table(
    titles: Iterable[str],
    *,
    fold: Container[str] = (),
    right: Container[str] = (),
    whole: Container[str] = (),
) -> Table:
    """Return an empty table; ``whole`` are the columns whose cells stay on one line."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), caption_justify="left")
    for title in titles:
        table.add_column(
            title,
            overflow="fold" if title in fold else "ellipsis",
            justify="right" if title in right else "left",
            no_wrap=title in whole,
        )
    return table


def show_what_can_be_shown() -> None:
    """Let what this terminal's encoding lacks come out as a question mark, not as an error."""
    if isinstance(sys.stdout, TextIOWrapper):  # Python itself does so on stderr
        sys.stdout.reconfigure(errors="replace")


def utf8_stdout() -> TextIO:
    """Return stdout: machine formats are UTF-8 whatever the locale is."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    return sys.stdout


def as_json(row: Mapping[str, Any]) -> str:
    """Return a row on one line: counts are whole numbers, times ISO 8601."""
    return json.dumps(row, ensure_ascii=False, default=machine_value)


def machine_value(value: object) -> object:
    """Return what JSON can say of a value that it has no type for."""
    if isinstance(value, Decimal):  # counts come as decimals too, and must stay exact
        return int(value) if value.as_tuple().exponent == 0 else float(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def plain(value: object) -> str:
    """Return text that holds nothing a terminal would obey: names come from users."""
    return "–" if value is None else "".join(c if c.isprintable() else "�" for c in str(value))


@contextmanager
def patient_reader() -> Iterator[None]:
    """End quietly when the reader of a pipe, such as head, has had enough.

    What is printed later goes nowhere, and is no error either.
    """
    try:
        yield
        if sys.stdout:  # None: it was closed
            sys.stdout.flush()
    except BrokenPipeError:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            try:
                stream.flush()
            except BrokenPipeError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say(text: str, *, nl: bool = True, err: bool = False) -> None:
    """Print a line of work that goes on to its end, whether or not somebody still reads."""
    with patient_reader():
        click.echo(text, nl=nl, err=err)


def as_click_exception(error: Exception) -> click.ClickException:
    """Return what is shown of an error; one that nobody expected is raised for debugging."""
    if isinstance(error, click.ClickException):
        return error
    if isinstance(error, pymysql.Error):
        hint = _WHAT_TO_DO.get(error_number(error))
        return TenantQuotaError(f"{server_error(error)}. {hint}" if hint else server_error(error))
    if "TENANT_QUOTA_DEBUG" in os.environ:
        raise error
    if isinstance(error, OSError):  # a full disk, for example: it says so itself
        return TenantQuotaError(f"{error}.")
    return TenantQuotaError(
        f"Unexpected {type(error).__name__}: {error}. "
        "Set TENANT_QUOTA_DEBUG=1 to see where, and please report it."
    )
