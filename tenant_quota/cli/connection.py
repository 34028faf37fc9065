"""The connection options that every command takes, before or after its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from pymysql.cursors import DictCursor

from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import SSL_MODES, ConnectionOptions, resolve_all

_KEY = "tenant_quota.connection"
_SERVERS = "tenant_quota.servers"
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep what was given; the command's own options come later and so win."""
    if value not in (None, ()) and parameter.name is not None:
        context.meta.setdefault(_KEY, {})[parameter.name] = value


def _option(*names: str, **attributes: Any) -> Callable[[_Command], _Command]:
    return click.option(*names, callback=_remember, expose_value=False, **attributes)


_FILE = click.Path(dir_okay=False)
_OPTIONS = (
    _option(
        "--url",
        multiple=True,
        metavar="mysql://…",
        help="mysql://user@host:port/database?ssl-mode=…; repeatable for a fleet.",
    ),
    _option("--host", "-h"),
    _option("--port", "-P", type=click.IntRange(1, 65535)),
    _option("--user", "-u"),
    _option("--password", "-p", is_flag=True, default=None, help="Prompt for the password."),
    _option("--socket", "-S", type=_FILE, help="Unix socket instead of host and port."),
    _option("--database", "-D"),
    _option("--ssl-mode", type=click.Choice(SSL_MODES, case_sensitive=False)),
    _option("--ssl-ca", type=_FILE, help="PEM file of the CA that signs the server."),
    _option("--ssl-capath", type=click.Path(file_okay=False), help="Folder of such files."),
    _option("--ssl-cert", type=_FILE, help="PEM file of a certificate of our own."),
    _option("--ssl-key", type=_FILE, help="PEM file of its key."),
    _option("--defaults-file", type=_FILE, help="Option file with [client] or [tenant-quota]."),
    _option("--defaults-extra-file", type=_FILE, help="One more option file."),
    _option("--defaults-group-suffix", help="Read [client<suffix>] as well."),
    _option("--login-path", metavar="NAME", help="What mysql_config_editor keeps as NAME."),
)


def connection_options(command: _Command) -> _Command:
    """Add the connection options to a command; `current_connection` has what they say."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def servers() -> list[ConnectionOptions]:
    """Return the connection options of all servers that are named, in their order.

    Asks for the password once, where --password says so. Raises TenantQuotaError on options
    that cannot be understood.
    """
    meta = click.get_current_context().meta
    if _SERVERS not in meta:
        given = dict(meta.get(_KEY, {}))
        prompt = given.pop("password", False)
        password = (
            click.prompt("Password", hide_input=True, err=True, default="", show_default=False)
            if prompt
            else None
        )
        urls = given.pop("url", ())
        meta[_SERVERS] = resolve_all(urls=urls, note=_note, password=password, **given)
    named: list[ConnectionOptions] = meta[_SERVERS]
    return named


def current_connection() -> ConnectionOptions:
    """Return the connection options of the server that the command is running on.

    Raises TenantQuotaError on options that cannot be understood, and a usage error where
    several servers are named for a command that does not go from one to the other.
    """
    named = servers()
    if len(named) > 1:
        name = click.get_current_context().info_name
        raise click.UsageError(
            f"`{name}` is for one server, and {len(named)} are named (--url, TENANT_QUOTA_URL)."
        )
    return named[0]


def ask(statement: str, *arguments: Any) -> list[dict[str, Any]]:
    """Return a statement's rows, from the server that the command is running on."""
    with (
        connect_to_database(current_connection()) as connection,
        connection.cursor(DictCursor) as cursor,
    ):
        cursor.execute(statement, arguments)
        return list(cursor.fetchall())


@contextmanager
def on_server(options: ConnectionOptions) -> Iterator[None]:
    """Make this one of several servers the only one for a while."""
    meta = click.get_current_context().meta
    every = servers()
    meta[_SERVERS] = [options]
    try:
        yield
    finally:
        meta[_SERVERS] = every


def _note(text: str) -> None:
    click.echo(text, err=True)
