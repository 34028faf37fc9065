"""The one exception that the command shows to its user."""

import click


class TenantQuotaError(click.ClickException):
    """Something the user can act on: what was wrong, and what to do about it.

    Shown as ``Error: <message>`` with exit code 2 (docs/design.md, section 9), never as a
    traceback. Messages hold no password and no whole URL.
    """

    exit_code = 2
