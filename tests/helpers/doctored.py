"""A server of the tests' own for `doctor`, what changes it, and what looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from click.testing import CliRunner

from tenant_quota.cli import main
from tenant_quota.connection_options import resolve
from tenant_quota.doctor import run as doctor
from tenant_quota.doctor.findings import Finding
from tenant_quota.sandbox import Sandbox
from tests.helpers.server import connect, own_server
from tests.helpers.support import apply_everything, rows, value

SCHEMA = "doctored"
ROLES = ("quota_app", "quota_monitor", "quota_admin")
DEFINER = "quota_definer@localhost"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Give a server whose global settings the tests may change."""
    with own_server() as sandbox:
        run(sandbox.url, f"CREATE DATABASE {SCHEMA}")
        apply_everything(sandbox.url + SCHEMA)
        # The jobs' heartbeats, without waiting for the clock.
        for call in ("reset_due_quotas(100)", "expire_quota_reservations(100)"):
            run(sandbox.url + SCHEMA, f"CALL {call}")
        yield sandbox


@pytest.fixture
def url(sandbox) -> str:
    return str(sandbox.url) + SCHEMA


@pytest.fixture
def installer(url) -> tuple[str, str]:
    """Give name and host of the account that everything runs as: ours, in a container root@%."""
    with closing(connect(url)) as connection:
        user, _, host = str(value(connection, "SELECT CURRENT_USER()")).partition("@")
    return user, host


def run(url: str, *statements: str) -> None:
    with closing(connect(url, autocommit=True)) as connection:
        for statement in statements:
            rows(connection, statement.replace("%", "%%"))


@contextmanager
def changed(url: str, change: str, back: str) -> Iterator[None]:
    """Within this something is otherwise; afterwards as it was."""
    run(url, *change.split("; "))
    try:
        yield
    finally:
        run(url, *back.split("; "))


def look(url: str, *checks: str) -> dict[str, Finding]:
    """Return what these checks find, all if none is named, by name."""
    chosen = {name: doctor.CHECKS[name] for name in checks} or None
    return {f.check: f for f in doctor.examine(resolve(url=url), checks=chosen).findings}


def command(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["doctor", *arguments])


@contextmanager
def documented(url: str) -> Iterator[str]:
    """Install as docs/privileges.md has it, in a schema of its own; give its URL."""
    own = url.replace(SCHEMA, "shop_1")
    leave = f"DROP DATABASE shop_1; DROP ROLE {', '.join(ROLES)}; DROP USER {DEFINER}"
    with changed(url, "CREATE DATABASE shop_1", leave):
        for step in (["grants", "--apply"], ["apply", "--definer", DEFINER], ["grants", "--apply"]):
            CliRunner().invoke(main, [*step, "--url", own])
        yield own
