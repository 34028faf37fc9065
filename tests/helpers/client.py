"""The real mysql client, as a DBA runs a file with it."""

from __future__ import annotations

import functools
import os
import subprocess
from urllib.parse import unquote, urlsplit

import pytest

from tenant_quota.sandbox.cache import Unavailable
from tenant_quota.sandbox.mysqld import mysqld_on_path
from tenant_quota.sandbox.packages import portable_mysqld
from tenant_quota.sandbox.progress import Progress


@functools.cache
def client() -> tuple[str, ...]:
    """Return argv of a client: beside a mysqld on PATH, else out of the sandbox's packages."""
    for find in (mysqld_on_path, lambda: portable_mysqld(Progress())):
        try:
            command = find().client
        except Unavailable:
            continue
        if command:
            return command
    pytest.skip("no mysql client can be had here")


def run_file(
    url: str, text: str, *options: str, database: bool = True
) -> subprocess.CompletedProcess[str]:
    """Give a file's text to the client on standard input, on the database of ``url``."""
    parts = urlsplit(url)
    command = [
        *client(),
        "--no-defaults",
        f"--host={parts.hostname}",
        f"--port={parts.port or 3306}",
        f"--user={unquote(parts.username or 'root')}",
        "--default-character-set=utf8mb4",
        *(options or ("--comments",)),
        *([parts.path.strip("/")] if database else []),
    ]
    return subprocess.run(
        command,
        input=text,
        env={**os.environ, "MYSQL_PWD": unquote(parts.password or "")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
