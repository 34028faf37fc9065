"""Accounts and roles for tests: they are the server's, so each has a name of its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import pymysql
from click.testing import CliRunner, Result
from pymysql.connections import Connection

from tenant_quota.cli import main
from tests.helpers.server import connect
from tests.helpers.support import rows

PASSWORD = "Te5t-" + secrets.token_hex(8)


def grants(url: str, *arguments: str, prefix: str = "") -> Result:
    """Run ``tenant-quota grants``."""
    more = ("--prefix", prefix) if prefix else ()
    return CliRunner().invoke(main, ["grants", "--url", url, *more, *arguments])


@contextmanager
def prefix(server_url: str) -> Iterator[str]:
    """Give a --prefix that nobody has, and drop afterwards all accounts whose names have it."""
    name = f"tq{secrets.token_hex(4)}"
    try:
        yield name
    finally:
        with closing(connect(server_url)) as connection:
            for user, host in rows(
                connection, "SELECT user, host FROM mysql.user WHERE user LIKE %s", f"{name}%"
            ):
                rows(connection, "DROP USER %s@%s", user, host)


def make_account(server_url: str, name: str, *statements: str, role: str = "") -> None:
    """Create ``name@%`` with the tests' password; ``{}`` in the statements stands for it."""
    account = f"'{name}'@'%%'"
    with closing(connect(server_url)) as connection:
        rows(connection, f"CREATE USER {account} IDENTIFIED BY '{PASSWORD}'")
        for statement in statements:
            rows(connection, statement.format(account))
        if role:
            rows(connection, f"GRANT '{role}' TO {account}")
            rows(connection, f"SET DEFAULT ROLE '{role}' TO {account}")


def url_of(url: str, name: str) -> str:
    """Return the URL with another account in it."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{name}:{PASSWORD}@{place}").geturl()


def session(url: str, name: str) -> Connection[Any]:
    """Connect as an account of the tests, autocommit on."""
    connection: Connection[Any] = connect(url, user=name, password=PASSWORD, autocommit=True)
    return connection


def error_of(connection: Connection[Any], statement: str) -> int:
    """Run a statement and return MySQL's error number, 0 where it went through."""
    number = 0
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            cursor.fetchall()
    except pymysql.err.MySQLError as error:
        number = int(error.args[0])
    with suppress(pymysql.err.MySQLError):
        connection.rollback()
    return number
