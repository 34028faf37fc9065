"""``tenant-quota``: options in, lines out; the work is in SQL."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from tenant_quota import __version__
from tenant_quota.cli.connection import connection_options
from tenant_quota.cli.output import as_click_exception, patient_reader, show_what_can_be_shown
from tenant_quota.errors import TenantQuotaError

# command: its module in tenant_quota.cli. Loaded when asked for, so that help stays quick.
_COMMANDS = {
    "apply": "migrate",
    "rollback": "migrate",
    "status": "migrate",
    "plan": "plan",
    "pin": "migrate",
    "verify": "verify",
    "doctor": "doctor",
    "grants": "grants",
    "monitor": "monitor",
    "alerts": "alerts",
    "reset": "reset",
    "reconcile": "reconcile",
    "sandbox": "sandbox",
    "demo": "demo",
}


class _Commands(click.Group):
    """Lists the commands in their own order, and lets no traceback through."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names, what a newcomer needs first coming first."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module; None for a name that is no command."""
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"tenant_quota.cli.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of a name that is none, say which one it is close to."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = get_close_matches(args[0], _COMMANDS, n=1)
            if not close:
                raise
            said = f"{error.message} Did you mean {close[0]!r}?"
            raise click.UsageError(said, ctx) from None

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the options; --help and --version print already."""
        show_what_can_be_shown()
        with patient_reader():
            return super().make_context(*args, **extra)
        raise click.exceptions.Exit(0)  # nobody reads what --help says

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what it did not expect becomes one line."""
        try:
            with patient_reader():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except click.Abort:  # click's own exit code, 1, would say that something differs
            raise TenantQuotaError("Aborted: a question was not answered by yes.") from None
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(130)
        except Exception as error:
            raise as_click_exception(error) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["--help"]})
@click.version_option(__version__, prog_name="tenant-quota")
@connection_options
def main() -> None:
    """Per-tenant quotas that live inside MySQL.

    Name the server as for MySQL's own programs: --url or TENANT_QUOTA_URL, an option file,
    or single options, before or after the command. Commands for a fleet take several --url.
    Exit codes: 0 done, 1 something is pending or differs, 2 error.
    """
