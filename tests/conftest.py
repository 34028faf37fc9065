"""Fixtures: a server for the session, schemas of its own for this run, a tenant for each test."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator

import pytest
from pymysql.connections import Connection

from tests.helpers import accounts
from tests.helpers.server import connect as connect_to
from tests.helpers.server import fresh_schema
from tests.helpers.server import server_url as server_url  # a fixture
from tests.helpers.support import EVENTS, Quota, apply_everything, let_tests_set_the_time
from tools.mutations import chosen


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Say what ``-n auto`` is: each worker starts a server, and shares none with another.

    Tests change a server's globals, so on one that was named there is one worker.
    """
    named = os.environ.get("TENANT_QUOTA_TEST_URL")
    return 1 if named else min(4, os.cpu_count() or 1)


def pytest_configure(config: pytest.Config) -> None:
    """Let the workers take the files in this order, not those with many tests first."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest test, which else runs alone when all others are done."""
    items.sort(key=lambda item: item.path.name != "test_model.py")


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


@pytest.fixture(scope="module")
def own_schema(server_url: str) -> Iterator[str]:
    """Give the URL of a schema with everything applied, for the tests of one file alone."""
    with fresh_schema(server_url) as url:
        apply_everything(url)
        yield url


@pytest.fixture
def empty_schema(server_url: str) -> Iterator[str]:
    """Give the URL of an empty schema that is dropped after the test."""
    with fresh_schema(server_url) as url:
        yield url


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
