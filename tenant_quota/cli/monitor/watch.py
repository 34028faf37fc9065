"""``monitor --watch``: the table anew every so often, also after the server was away."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime

import pymysql
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tenant_quota.cli.monitor.rows import ROWS_SHOWN, Filter, Row, first_rows, monitor_table
from tenant_quota.cli.output import make_console, patient_reader, plain
from tenant_quota.connection import Reconnecting
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError


def show_until_ctrl_c(options: ConnectionOptions, wanted: Filter, seconds: float) -> None:
    """Show the table until Ctrl-C, with as many rows as the terminal has room for.

    A server that went away is waited for. Raises TenantQuotaError where the first connection
    fails: its options are wrong more often than the server is down.
    """
    screen = _Screen(make_console())
    with (
        patient_reader(),
        screen,
        suppress(KeyboardInterrupt),
        closing(Reconnecting(options)) as connection,
    ):
        while True:
            try:
                screen.show(*first_rows(connection.get(), wanted, screen.room))
            except (pymysql.Error, TenantQuotaError) as error:
                screen.wait(connection.lost(error))
            time.sleep(seconds)


class _Screen:
    """A terminal whose one picture changes; elsewhere each picture follows the last."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.changes = console.is_terminal and not console.is_dumb_terminal
        self.live = Live(console=console, auto_refresh=False)
        self.shown: Table | None = None
        self.waits = False

    def __enter__(self) -> None:
        if self.changes:
            self.live.start()

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    @property
    def room(self) -> int:
        """Return how many rows fit at most: of a line each, with a header and a caption."""
        return max(self.console.height - 4, 1) if self.console.is_terminal else ROWS_SHOWN

    def show(self, rows: Sequence[Row], more: bool) -> None:
        """Show the rows, or as many as fit with their summary: narrow ones take several lines."""
        self.waits = False
        now = f"{datetime.now():%H:%M:%S}; Ctrl-C ends."
        count = len(rows)
        while True:
            table = monitor_table(rows[:count], self.console.width, more=more or count < len(rows))
            table.caption = f"{table.caption}. {now}"
            lines = len(self.console.render_lines(table)) if self.changes else 0
            if lines < self.console.height or count <= 1:
                break
            count = max(1, min(count - 1, count * self.console.height // lines))
        self.shown = table
        if self.changes:
            self.live.update(table, refresh=True)
        else:
            self.console.print(table)

    def wait(self, why: str) -> None:
        """Say below the last table that its server went away; in a file, once."""
        note = Text(f"{datetime.now():%H:%M:%S} Waiting for the server: {plain(why)}", "bold red")
        if self.changes:
            self.live.update(Group(note, self.shown or ""), refresh=True)
        elif not self.waits:
            self.console.print(note)
        self.waits = True
