"""The connection options that every command takes, before or after its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from tenant_quota.connection import SSL_MODES, ConnectionOptions, resolve

_KEY = "tenant_quota.connection"
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep what was given; the command's own options come later and so win."""
    if value is not None and parameter.name is not None:
        context.meta.setdefault(_KEY, {})[parameter.name] = value


def _option(*names: str, **attributes: Any) -> Callable[[_Command], _Command]:
    return click.option(*names, callback=_remember, expose_value=False, **attributes)


_FILE = click.Path(dir_okay=False)
_OPTIONS = (
    _option("--url", metavar="mysql://…", help="mysql://user@host:port/database?ssl-mode=…"),
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


def current_connection() -> ConnectionOptions:
    """Return the connection options of the running command; prompts where --password says so.

    Raises TenantQuotaError on options that cannot be understood.
    """
    given = dict(click.get_current_context().meta.get(_KEY, {}))
    prompt = given.pop("password", False)
    password = (
        click.prompt("Password", hide_input=True, err=True, default="", show_default=False)
        if prompt
        else None
    )
    return resolve(**given, password=password, note=lambda text: click.echo(text, err=True))
