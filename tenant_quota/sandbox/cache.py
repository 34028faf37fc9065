"""Where the sandbox keeps what is slow to get, and how processes share it.

Everything in the cache may be deleted at any time while no sandbox runs.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tenant_quota.sandbox.progress import Progress


class Unavailable(Exception):
    """One way of getting a MySQL did not work here; the message says why."""


class Absent(Unavailable):
    """There is no such thing on this machine, which is nothing to talk about."""


def user_directory(variable: str, default: str) -> Path:
    """Return the user's own folder for tenant-quota, by the XDG rules.

    Raises Unavailable where the user has no home.
    """
    try:
        base = Path(os.environ.get(variable) or Path.home() / default)
    except RuntimeError:
        raise Unavailable(f"this user has no home directory; set {variable}") from None
    return base / "tenant-quota"


def cache_directory() -> Path:
    """Return ``$XDG_CACHE_HOME/tenant-quota`` (``~/.cache/tenant-quota``)."""
    return user_directory("XDG_CACHE_HOME", ".cache")


@contextmanager
def locked(path: Path, progress: Progress) -> Iterator[None]:
    """Hold an exclusive lock on ``path``; waits for whoever holds it now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.step("Waiting for another process that prepares a sandbox")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield  # closing the file gives the lock back, also when the process is killed


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """Fill a temporary folder that becomes ``path`` in one step, or not at all.

    Call it with the cache locked: it clears away what a killed process left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for stale in path.parent.glob(".new-*"):
        shutil.rmtree(stale, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=".new-", dir=path.parent))
    try:
        yield work
        work.rename(path)
    finally:
        shutil.rmtree(work, ignore_errors=True)
