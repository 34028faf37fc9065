"""``tenant-quota sandbox``: a throwaway real MySQL to try things on."""

from __future__ import annotations

import os

import click

from tenant_quota.sandbox import find_named, start_named, stop_named

name_option = click.option(
    "--name", default="default", show_default=True, help="Several may run side by side."
)


@click.group()
def sandbox() -> None:
    """A throwaway real MySQL on this machine."""


@sandbox.command()
@name_option
def start(name: str) -> None:
    """Start one in the background; it stays until `stop`."""
    running, started = start_named(name)
    suffix = "" if name == "default" else f" --name {name}"
    click.echo(
        f"{'Started' if started else 'Already running'}: MySQL on 127.0.0.1:{running.port}, "
        f"user root.\n"
        f"  look around   tenant-quota sandbox shell{suffix}\n"
        f'  use it        export TENANT_QUOTA_URL="$(tenant-quota sandbox url{suffix})"\n'
        f"  throw it away tenant-quota sandbox stop{suffix}"
    )


@sandbox.command()
@name_option
def stop(name: str) -> None:
    """Stop it and remove all its data."""
    click.echo("Stopped, its data is gone." if stop_named(name) else "None was running.")


@sandbox.command(context_settings={"ignore_unknown_options": True})
@name_option
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def shell(name: str, arguments: tuple[str, ...]) -> None:
    """Open the mysql client on it; ARGUMENTS go to the client (-e, a database, ...)."""
    command = [*find_named(name).client_command(), *arguments]
    os.execvp(command[0], command)  # noqa: S606  the client is to have the terminal to itself


@sandbox.command()
@name_option
def url(name: str) -> None:
    """Print its URL, for TENANT_QUOTA_URL. Shows the throwaway password."""
    click.echo(find_named(name).url)
