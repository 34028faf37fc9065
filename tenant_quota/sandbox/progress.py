"""Says on stderr what is going on: a spinner on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.status import Status

MEGABYTE = 1_000_000


class Progress:
    """Shows the present step. Use it as a context manager; steps replace each other."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._status: Status | None = None
        self._quarter = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def step(self, text: str) -> None:
        """Name what begins now."""
        self._quarter = 0
        self._show(text)

    def fetched(self, what: str, done: int, total: int) -> None:
        """Tell how far a download is, in bytes; without a terminal only each quarter of it."""
        quarter = 4 * done // max(total, 1)
        if self._console.is_terminal or quarter > self._quarter:
            self._quarter = quarter
            self._show(f"{what}: {done / MEGABYTE:.0f} of {total / MEGABYTE:.0f} MB")

    def note(self, text: str) -> None:
        """Print a line that stays."""
        self._console.print(text, markup=False)

    def _show(self, text: str) -> None:
        if not self._console.is_terminal:
            self.note(text)
        elif self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._status.update(text)
