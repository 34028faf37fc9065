"""Sandboxes that outlive the command that started them, found again by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tenant_quota.errors import TenantQuotaError
from tenant_quota.sandbox.cache import Unavailable, locked, user_directory
from tenant_quota.sandbox.progress import Progress
from tenant_quota.sandbox.server import Sandbox


def start_named(name: str, progress: Progress | None = None) -> tuple[Sandbox, bool]:
    """Return the running sandbox of this name and whether it was started just now.

    Raises TenantQuotaError when no MySQL can be had.
    """
    with progress or Progress() as progress, _exclusively(name, progress) as path:
        running = _read(path)
        if running is not None:
            return running, False
        sandbox = Sandbox.start(attached=False, progress=progress)
        try:
            path.touch(mode=0o600)
            path.write_text(json.dumps(sandbox.record()))
        except BaseException:
            sandbox.stop()
            raise
        return sandbox, True


def find_named(name: str) -> Sandbox:
    """Return the running sandbox of this name; raises TenantQuotaError if there is none."""
    sandbox = _read(_path(name))
    if sandbox is None:
        raise TenantQuotaError(
            f"No sandbox {name!r} is running. Start it: tenant-quota sandbox start"
            + ("" if name == "default" else f" --name {name}")
        )
    return sandbox


def stop_named(name: str) -> bool:
    """Stop it and remove its data; False if none was running."""
    with Progress() as progress, _exclusively(name, progress) as path:
        sandbox = _read(path)
        if sandbox is not None:
            sandbox.stop()
        path.unlink(missing_ok=True)
        return sandbox is not None


def _path(name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,40}", name):
        raise TenantQuotaError("A sandbox's name has letters, digits, dots, dashes: at most 41.")
    try:
        return user_directory("XDG_STATE_HOME", ".local/state") / "sandboxes" / f"{name}.json"
    except Unavailable as error:
        raise TenantQuotaError(f"Cannot remember a sandbox: {error}") from None


@contextmanager
def _exclusively(name: str, progress: Progress) -> Iterator[Path]:
    """Hold the name; two commands at once must not start two servers under it."""
    path = _path(name)
    try:
        with locked(path.with_suffix(".lock"), progress):
            yield path
    except OSError as error:
        raise TenantQuotaError(f"Cannot remember a sandbox: {error}") from error


def _read(path: Path) -> Sandbox | None:
    """Return the sandbox if it still runs; what a crash or a reboot left is cleared away."""
    try:
        sandbox = Sandbox.from_record(json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        path.unlink(missing_ok=True)  # half written, or by another version
        return None
    if sandbox.alive():
        return sandbox
    sandbox.server.discard()
    path.unlink(missing_ok=True)
    return None
