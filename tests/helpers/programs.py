"""MySQL 9's own client programs, asked what they make of the same file."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from tenant_quota.sandbox import Progress
from tenant_quota.sandbox.cache import Unavailable
from tenant_quota.sandbox.packages import portable_mysqld


@cache
def program(name: str) -> tuple[str, ...]:
    """Return how to run one: from PATH, else from Debian's packages; skips where there is none."""
    found = shutil.which(name)
    if found and re.search(r"\bVer 9\.", _output((found, "--version"))):
        return (found,)  # others differ in details, and MariaDB in more
    try:
        with Progress() as progress:
            *run, client = portable_mysqld(progress).client
    except (Unavailable, OSError) as error:
        pytest.skip(f"no {name} to compare with: {error}")
    beside = Path(client).with_name(name)
    if not beside.is_file():
        pytest.skip(f"no {name} beside {client}")
    return (*run, str(beside))


def print_defaults(*options: str, groups: tuple[str, ...], where: Path) -> dict[str, str]:
    """Return what `my_print_defaults` says of the groups, the last of each name."""
    argv = (*program("my_print_defaults"), *options, "--show", *groups)
    done = subprocess.run(argv, check=True, capture_output=True, cwd=where)
    said = {}
    for line in done.stdout.decode("utf-8", "surrogateescape").split("\n"):
        name, _, value = line.removeprefix("--").partition("=")
        if name:
            said[name.replace("_", "-")] = value
    return said


def set_login_path(file: Path, name: str, password: str | None, **options: str) -> None:
    """Have `mysql_config_editor` write a login path; it asks a terminal for the password."""
    argv = [*program("mysql_config_editor"), "set", f"--login-path={name}", "--skip-warn"]
    argv += [f"--{option}={value}" for option, value in options.items()]
    argv += ["--password"] if password is not None else []
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - another program from here on
        os.environ["MYSQL_TEST_LOGIN_FILE"] = str(file)
        os.execvp(argv[0], argv)
    said = b""
    with suppress(OSError):  # Linux: what reads a terminal that was hung up gets an error
        while part := os.read(terminal, 1000):
            if password is not None and b"assword" in part and b"assword" not in said:
                os.write(terminal, password.encode() + b"\n")
            said += part
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert status == 0, said.decode(errors="replace")


def _output(argv: tuple[str, ...]) -> str:
    return subprocess.run(argv, check=False, capture_output=True, text=True).stdout
