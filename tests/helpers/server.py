"""The MySQL that the tests run on, once per session.

TENANT_QUOTA_TEST_URL if set; else a container where a Docker engine answers
(TENANT_QUOTA_TEST_IMAGE, default mysql:8.4); else the package's own sandbox. Under
``make test-docker`` a container, or no run at all.
"""

from __future__ import annotations

import os
import secrets
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql
import pytest

from tenant_quota.sandbox import Progress, Sandbox
from tenant_quota.sandbox.cache import Unavailable
from tenant_quota.sandbox.docker import engine_answers, image
from tenant_quota.sandbox.local import DURABLE, MODEST, LocalServer
from tenant_quota.sandbox.mysqld import Mysqld, check_version, mysqld_on_path
from tenant_quota.sandbox.packages import portable_mysqld
from tenant_quota.sandbox.server import WAYS
from tools import series

#: Without it, PyMySQL reads the system's CAs for every connection.
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE
ONLY_DOCKER = bool(os.environ.get("TENANT_QUOTA_TEST_ONLY_DOCKER"))


@pytest.fixture(scope="session")
def server_url(request) -> Iterator[str]:
    """Give ``mysql://user:password@host:port/`` of an administrator on a real MySQL."""
    with some_server(request.config) as url:
        refuse_other_servers(url)
        # Without a database: every run makes schemas of its own.
        yield urlsplit(url)._replace(path="/", query="", fragment="").geturl()


@contextmanager
def some_server(config: pytest.Config) -> Iterator[str]:
    """Start a server, or take the one that was named; stops only what it started."""
    named = os.environ.get("TENANT_QUOTA_TEST_URL")
    if named:
        yield named
        return
    container = start_container() if ONLY_DOCKER or engine_answers() else None
    if container is not None:
        try:
            host, port = container.get_container_host_ip(), container.get_exposed_port(3306)
            yield f"mysql://root:{container.root_password}@{host}:{port}/"
        finally:
            container.stop()
        return
    # The first download takes a while: whoever waits sees it, captured or not.
    with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        sandbox = Sandbox.start()
    with sandbox:
        yield sandbox.url


def start_container() -> Any:
    """Return a running MySqlContainer, or None where the engine cannot run the image."""
    from testcontainers.community.mysql import MySqlContainer  # slow to import

    password = secrets.token_hex(12)
    container = MySqlContainer(image(), username="root", password=password)
    container.with_command(" ".join([*DURABLE, *MODEST]))
    try:
        return container.start()
    except Exception as error:  # docker's, requests' and testcontainers' own alike
        with suppress(Exception):
            container.stop()
        if ONLY_DOCKER:
            pytest.exit(f"No container of {image()}: {error}", returncode=2)
        warnings.warn(f"no container, so the sandbox is used: {error}", stacklevel=2)
        return None


def own_server(*options: str) -> Sandbox:
    """Start a server that a test may change or restart; under ``make test-docker`` a container."""
    return Sandbox.start(options, ways=("docker",) if ONLY_DOCKER else WAYS)


@contextmanager
def initialised_server(directory: Path, *options: str) -> Iterator[str]:
    """Give the URL of a server whose data were made with these options: they hold for its life."""
    (way,) = local_ways()
    known = mysqld_on_path() if way == "path" else portable_mysqld(Progress())

    class Other(Mysqld):
        def command(self, data: Path, *more: str) -> list[str]:
            return super().command(data, *more, *options)

        def template(self, progress: Progress) -> Path:
            data = directory / "template"
            self._initialise(data, progress)
            return data

    password = secrets.token_hex(8)
    server = LocalServer.create(Other(**{**vars(known), "tzinfo": ()}), password, (), Progress())
    try:
        server.launch(attached=True)
        yield f"mysql://root:{password}@127.0.0.1:{server.port}/"
    finally:
        server.kill()
        server.discard()


@cache
def local_ways() -> tuple[str, ...]:
    """Return how to start a server as a process of this machine; skips where none can be had.

    For tests of that process: its folder, its socket, certificates that it reads from here.
    """
    reasons = []
    for way, find in (("path", mysqld_on_path), ("portable", lambda: portable_mysqld(Progress()))):
        try:
            find()
            return (way,)
        except (Unavailable, OSError) as error:
            reasons.append(f"{way}: {error}")
    pytest.skip(f"no mysqld can be had as a process here: {'; '.join(reasons)}")


def connect(url: str, **options: Any) -> Any:
    """Connect to a ``mysql://`` URL with PyMySQL; options override its parts."""
    parts = urlsplit(url)
    from_url = {
        "host": parts.hostname or "127.0.0.1",
        "port": parts.port or 3306,
        "user": unquote(parts.username or "root"),
        "password": unquote(parts.password or "").encode(),
        "database": parts.path.strip("/") or None,
    }
    return pymysql.connect(**{**from_url, "ssl": TLS, **options})


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
        with connect(self.server_url) as connection, connection.cursor() as cursor:
            cursor.execute(statement)


def refuse_other_servers(url: str) -> None:
    """End the session unless a MySQL 8.0.19 or later answers at ``url``."""
    try:
        with connect(url) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT VERSION(), @@version_comment")
            version, comment = cursor.fetchone()
            check_version(f"{version} {comment}")
    except (Unavailable, pymysql.err.MySQLError) as error:
        pytest.exit(f"The tests need a real MySQL: {error}", returncode=2)
    if folder := os.environ.get(series.VARIABLE):
        (Path(folder) / version).touch()
