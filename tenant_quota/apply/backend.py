"""yoyo's MySQL backend with what it gets wrong on MySQL mended.

Each method that is overridden says which fault it mends; yoyo 9.0.0 is what was read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pymysql
from pymysql.connections import Connection
from yoyo.backends.core.mysql import MySQLBackend

from tenant_quota.apply.fingerprints import LONG_LISTS
from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError
from tenant_quota.statements import StatementFailed, error_number, fetch, is_connection_lost, run

IDLE_SECONDS = 2_147_483  # wait_timeout: the most that every platform accepts, 24 days


class _QuietCursor:
    """yoyo prints what a step's statement returns; this one never has anything to print."""

    description = None

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    def execute(self, statement: str) -> None:
        run(self._connection, statement)  # without arguments, so that % stays %

    def close(self) -> None:
        pass


class QuotaBackend(MySQLBackend):  # type: ignore[misc]
    """A backend that is made from connect arguments instead of a URL."""

    def __init__(self, options: ConnectionOptions) -> None:
        # Not super().__init__: it pickles the URI, password and all, into a class attribute.
        self.options = options
        self.DatabaseError = (self.driver.DatabaseError, StatementFailed)
        # yoyo would find out by creating and dropping a table at every connect.
        self.has_transactional_ddl = False
        self._connection = self.connect(options)
        self._lock_connection = self._connection

    def connect(self, dburi: ConnectionOptions) -> Connection[Any]:
        """Connect so that the session neither idles out nor depends on the server's zone."""
        connection = connect_to_database(dburi)
        run(connection, f"SET SESSION wait_timeout = {IDLE_SECONDS}, SESSION time_zone = '+00:00'")
        run(connection, LONG_LISTS)
        return connection

    def cursor(self) -> _QuietCursor:
        """Return the cursor that runs a migration's statements."""
        return _QuietCursor(self._connection)

    def execute(self, sql: str, params: object = None) -> Any:
        """Run one of yoyo's own statements around a step; yoyo would take a % for a parameter."""
        cursor = self._connection.cursor()
        cursor.execute(sql)
        return cursor

    def rollback(self) -> None:
        """Roll back; a lost connection has done so already and must not hide why."""
        with _connection_may_be_lost():
            super().rollback()
        self._in_transaction = False

    def savepoint_rollback(self, id: str) -> None:
        """Roll back to a savepoint, unless DDL has ended it (1305): the DDL's error is wanted."""
        with _connection_may_be_lost(1305):
            super().savepoint_rollback(id)

    @contextmanager
    def lock(
        self, timeout: float = 60, on_wait: Callable[[str], None] = lambda _: None
    ) -> Iterator[None]:
        """Hold the schema's migration lock, which dies with its connection, not with a row.

        Waits up to ``timeout`` seconds, telling ``on_wait`` who holds it. Raises
        TenantQuotaError if it stays taken.
        """
        name = lock_name(self.options.database)
        with closing(self.connect(self.options)) as connection:
            if not _ask(connection, "GET_LOCK(%s, 0)", name):
                number = _ask(connection, "IS_USED_LOCK(%s)", name)
                holder = f"connection {number}" if number else "it has just ended"
                on_wait(holder)
                if not _ask(connection, "GET_LOCK(%s, %s)", name, timeout):
                    raise TenantQuotaError(
                        f"Another apply or rollback is running on {self.options.database!r} "
                        f"({holder}); waited {timeout:g} s for it. Try again, or wait longer "
                        "with --lock-timeout."
                    )
            self._lock_connection = connection
            yield

    def assert_locked(self) -> None:
        """Raise TenantQuotaError if the lock is lost; asking also keeps its connection alive."""
        name = lock_name(self.options.database)
        with suppress(StatementFailed):
            if _ask(self._lock_connection, "IS_USED_LOCK(%s) = CONNECTION_ID()", name):
                return
        raise TenantQuotaError(
            "The connection that holds the migration lock was cut; stopped before the next "
            "migration. Run the same command again: it carries on."
        )


def lock_name(database: str) -> str:
    """Return the name for GET_LOCK, one per schema; MySQL allows 64 characters."""
    name = f"tenant_quota.migrate.{database}"
    if len(name) <= 64:
        return name
    return f"tenant_quota.migrate.{hashlib.sha256(database.encode()).hexdigest()[:40]}"


def _ask(connection: Connection[Any], expression: str, *arguments: object) -> Any:
    return fetch(connection, f"SELECT {expression} AS answer", arguments)[0]["answer"]


@contextmanager
def _connection_may_be_lost(*also: int) -> Iterator[None]:
    """Swallow the errors that only repeat that the connection is gone."""
    try:
        yield
    except pymysql.Error as error:
        if not is_connection_lost(error) and error_number(error) not in also:
            raise
