"""Fixtures: a server for the session, schemas of its own for this run, a tenant for each test."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymysql.connections import Connection

from tests import accounts
from tests.mutations import chosen
from tests.server import connect as connect_to
from tests.server import server_url as server_url  # a fixture
from tests.support import Quota, apply_everything, let_tests_set_the_time

EVENTS = [file.stem for file in (Path(__file__).parent.parent / "events").glob("*.sql")]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Say what ``-n auto`` is: each worker starts a server, and shares none with another.

    Tests change a server's globals, so on one that was named there is one worker.
    """
    named = os.environ.get("TENANT_QUOTA_TEST_URL")
    return 1 if named else min(4, os.cpu_count() or 1)


@pytest.fixture(scope="session")
def prefix(server_url: str) -> Iterator[str]:
    """Give what the names of the shared schema's roles and of its definer begin with."""
    with accounts.prefix(server_url) as prefix:
        yield prefix


@pytest.fixture(scope="session")
def schema_url(server_url: str, prefix: str) -> Iterator[str]:
    """Give the URL of a schema with everything applied, shared by the run's tests.

    Installed as `tenant-quota grants` has it: everything runs as a locked definer that
    holds what the code needs and no more. Each test has tenants of its own. The events are
    off, so that only the test closes periods; tests of the events take ``empty_schema``.
    """
    with fresh_schema(server_url) as url:
        accounts.grants(url, "--apply", prefix=prefix)
        apply_everything(url, "--definer", f"{prefix}_definer@localhost")
        let_tests_set_the_time(url)
        done = accounts.grants(url, "--apply", prefix=prefix)
        assert done.exit_code == 0 or chosen(), done.output
        with connect_to(url) as connection, connection.cursor() as cursor:
            for event in EVENTS:
                definer = f"{prefix}_definer@localhost"
                cursor.execute(f"ALTER DEFINER = {definer} EVENT {event} DISABLE")
        yield url


@pytest.fixture
def empty_schema(server_url: str) -> Iterator[str]:
    """Give the URL of an empty schema that is dropped after the test."""
    with fresh_schema(server_url) as url:
        yield url


class fresh_schema:  # noqa: N801 - used as a context manager, like a function
    """Create a schema with a name of its own, and drop it whatever happens."""

    def __init__(self, server_url: str) -> None:
        self.server_url = server_url
        self.name = f"tenant_quota_test_{secrets.token_hex(6)}"

    def __enter__(self) -> str:
        self.run(f"CREATE DATABASE {self.name}")
        return self.server_url + self.name

    def __exit__(self, *exception: object) -> None:
        self.run(f"DROP DATABASE {self.name}")

    def run(self, statement: str) -> None:
        with connect_to(self.server_url) as connection, connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.fixture
def connect(schema_url: str) -> Iterator[Callable[..., Connection]]:
    """Give a function that connects to the shared schema; autocommit is on unless asked."""
    opened: list[Connection] = []

    def open_connection(**options: object) -> Connection:
        connection: Connection = connect_to(schema_url, **{"autocommit": True, **options})
        opened.append(connection)
        return connection

    yield open_connection
    for connection in opened:
        if connection.open:
            connection.close()


@pytest.fixture
def quota(connect: Callable[..., Connection]) -> Quota:
    """Give a tenant of its own, on a connection of its own, with no limits yet."""
    return Quota(connect, tenant_id=f"T_{secrets.token_hex(6)}")
