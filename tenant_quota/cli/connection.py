"""The connection options that every command takes, before or after its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from pymysql.cursors import DictCursor

from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import SSL_MODES, ConnectionOptions, resolve_all

_KEY = "tenant_quota.connection"
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
    """Add the connection options to a command; `servers` has what they say."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def servers() -> list[ConnectionOptions]:
    """Return the connection options of all servers that are named, in their order.

    Asks for the password once, where --password says so. Raises TenantQuotaError on options
    that cannot be understood.
    """
    given = dict(click.get_current_context().meta.get(_KEY, {}))
    if given.pop("password", False):
        given["password"] = click.prompt(
            "Password", hide_input=True, err=True, default="", show_default=False
        )
    return resolve_all(urls=given.pop("url", ()), note=_note, **given)


def the_server() -> ConnectionOptions:
    """Return the connection options for a command that does not go from server to server.

    Raises TenantQuotaError on options that cannot be understood, and a usage error where
    several servers are named.
    """
    first, *others = servers()
    if others:
        name = click.get_current_context().info_name
        raise click.UsageError(
            f"`{name}` is for one server, and {len(others) + 1} are named "
            "(--url, TENANT_QUOTA_URL)."
        )
    return first


def ask(options: ConnectionOptions, statement: str, *arguments: Any) -> list[dict[str, Any]]:
    """Return a statement's rows, over a connection of their own."""
    with connect_to_database(options) as connection, connection.cursor(DictCursor) as cursor:
        cursor.execute(statement, arguments)
        return list(cursor.fetchall())


def _note(text: str) -> None:
    click.echo(text, err=True)
