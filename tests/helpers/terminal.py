"""The command in a terminal of a given size, as a person sees it."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.helpers.support import heed_ctrl_c


class Terminal:
    """What a running command has printed, colours and moves of the cursor too."""

    def __init__(self, process: subprocess.Popen[bytes], ours: int) -> None:
        self.process = process
        self.ours = ours
        self.printed = b""

    def until(self, words: str, seconds: float = 60) -> str:
        """Return all that was printed once it holds the words; fails if it never does."""
        end = time.monotonic() + seconds
        while words not in self.text and time.monotonic() < end:
            if select.select([self.ours], [], [], 0.2)[0]:
                with suppress(OSError):  # the other side has closed, which Linux says by EIO
                    self.printed += os.read(self.ours, 65536)
        assert words in self.text, self.text
        return self.text

    @property
    def text(self) -> str:
        return self.printed.decode("utf-8", "replace")

    def ctrl_c(self) -> int:
        """Return the exit code once it has ended."""
        self.process.send_signal(signal.SIGINT)
        while self.process.poll() is None:
            if select.select([self.ours], [], [], 0.2)[0]:
                with suppress(OSError):
                    self.printed += os.read(self.ours, 65536)
        return self.process.returncode


@contextmanager
def in_terminal(
    url: str, *arguments: str, columns: int = 80, lines: int = 25, term: str = "xterm-256color"
) -> Iterator[Terminal]:
    """Run ``tenant-quota`` in a terminal; it is ended with the block."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    environment = {**os.environ, "TENANT_QUOTA_URL": url, "TERM": term}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        environment.pop(name, None)
    with subprocess.Popen(
        [sys.executable, "-m", "tenant_quota", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        preexec_fn=heed_ctrl_c,
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(process, ours)
        finally:
            process.kill()
            os.close(ours)
