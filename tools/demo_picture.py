"""Draw docs/demo.svg, what ``tenant-quota demo`` prints: ``make picture``.

``python -m tools.demo_picture [FILE]`` starts a throwaway server, runs the command in a
terminal of 80 columns, and draws what it printed: the scenarios on the left, the procedures
on the right. Two things are left out: the first line, whose number of migrations grows, and
the last lines, which name this machine.
"""

from __future__ import annotations

import fcntl
import io
import os
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tenant_quota.errors import TenantQuotaError
from tenant_quota.sandbox import Sandbox

PICTURE = Path(__file__).parent.parent / "docs/demo.svg"
COLUMNS, GAP = 80, 4
RIGHT_BEGINS, END = "THE SAME BY PROCEDURE", "Look"


def demo_output(url: str) -> str:
    """Run the command on a server, as in a terminal, and return what it printed, colours too.

    Raises TenantQuotaError if any answer was not as it should be.
    """
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 25, COLUMNS, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    command = [sys.executable, "-m", "tenant_quota", "demo", "--url", url]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        os.close(theirs)
        said = b""
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            while chunk := read_some(terminal):
                said += chunk
    if process.returncode != 0:
        raise TenantQuotaError(f"`tenant-quota demo` ended with exit code {process.returncode}.")
    return said.decode("utf-8").replace("\r\n", "\n")


def read_some(terminal: io.RawIOBase) -> bytes:
    """Return what is there; nothing once the other side has closed, which Linux says by EIO."""
    try:
        return terminal.read(65536) or b""
    except OSError:
        return b""


def draw(output: str) -> str:
    """Return the SVG of the command's output, in two columns."""
    lines = Text.from_ansi(output).split("\n")
    starts = [line.plain.partition(" ")[0] for line in lines]
    right = next(n for n, line in enumerate(lines) if line.plain.startswith(RIGHT_BEGINS))
    left, end = starts.index("") + 1, starts.index(END)
    columns = Table.grid(padding=(0, GAP, 0, 0))
    columns.add_column(width=COLUMNS)
    columns.add_column(width=COLUMNS)
    columns.add_row(Text("\n").join(lines[left : right - 1]), Text("\n").join(lines[right:end]))
    console = Console(record=True, width=2 * COLUMNS + GAP, file=io.StringIO(), force_terminal=True)
    console.print(columns)
    svg = console.export_svg(title="make demo", theme=MONOKAI, unique_id="demo")
    # A picture in a page may not fetch a font: the reader's own monospace will do.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE) + "\n"


def main(arguments: list[str]) -> int:
    """Draw the picture; 0 if that could be done."""
    file = Path(arguments[0]) if arguments else PICTURE
    try:
        with Sandbox.start() as sandbox:
            file.write_text(draw(demo_output(sandbox.url)), encoding="utf-8")
    except TenantQuotaError as error:
        print(error.message, file=sys.stderr)
        return 2
    print(f"drawn: {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
