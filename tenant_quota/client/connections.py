"""Three kinds of connection, and the little that a call needs of each.

``runs_alone``: a call made now has a transaction of its own. ``is_in_block``, asked after it: the
caller has begun a transaction, and so will end it. ``roll_back`` ends the caller's transaction.
``end_call`` sends ROLLBACK after a call that ran alone, and touches nothing of the caller's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Protocol

from tenant_quota.client.errors import code_and_text

#: Any driver's connection or cursor: the DB-API has no types.
Driver = Any
Row = Mapping[str, Any]

#: Changes nothing, and error 1568 says that a transaction is open, where a driver cannot tell.
#: Without the first @@ it would be the session's, and never an error.
PROBE = "SET @@transaction_isolation = @@SESSION.transaction_isolation"


class Connection(Protocol):
    def call(self, statement: str, arguments: tuple[object, ...]) -> list[Row]: ...
    def runs_alone(self) -> bool: ...
    def is_in_block(self) -> bool: ...
    def commit(self) -> None: ...
    def roll_back(self) -> None: ...
    def end_call(self) -> None: ...


def wrap(connection: Driver) -> Connection:
    """Find out by its methods what a connection is."""
    if hasattr(connection, "sync_session") or hasattr(connection, "sync_connection"):
        raise TypeError("an async connection needs AsyncQuota")
    if hasattr(connection, "ensure_connection"):
        return DjangoConnection(connection)
    if hasattr(connection, "exec_driver_sql") or hasattr(connection, "get_bind"):
        return AlchemyConnection(connection)
    return PlainConnection(connection)


def read_all(cursor: Driver) -> list[Row]:
    """Read the rows, and then every further result: a CALL ends with one of its own."""
    if not cursor.description:
        return []
    names = [column[0] for column in cursor.description]
    rows = [
        row if isinstance(row, Mapping) else dict(zip(names, row, strict=True))
        for row in cursor.fetchall()
    ]
    while cursor.nextset():
        if cursor.description:
            cursor.fetchall()
    return rows


def autocommits(driver: Driver) -> bool:
    """Ask the driver, which knows without asking the server (Connector/Python does ask)."""
    ask = getattr(driver, "get_autocommit", None)
    return bool(ask() if ask else driver.autocommit)


class PlainConnection:
    """A DB-API connection."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver

    def call(self, statement: str, arguments: tuple[object, ...]) -> list[Row]:
        cursor = self.driver.cursor()
        try:
            cursor.execute(statement, arguments)
            return read_all(cursor)
        finally:
            with contextlib.suppress(Exception):  # after a lost connection it cannot be closed
                cursor.close()

    def runs_alone(self) -> bool:
        return autocommits(self.driver) and not self.is_in_block()

    def is_in_block(self) -> bool:
        # PyMySQL: bit 1, in a transaction. Not of one that a SELECT began, autocommit off.
        status = getattr(self.driver, "server_status", None)
        if isinstance(status, int) and autocommits(self.driver):
            return bool(status & 1)
        if getattr(self.driver, "in_transaction", None) is True:  # Connector/Python
            return True
        try:
            self.call(PROBE, ())
        except Exception as error:
            if code_and_text(error)[0] == 1568:
                return True
            raise
        return False

    def commit(self) -> None:
        self.driver.commit()

    def roll_back(self) -> None:
        self.driver.rollback()

    end_call = roll_back


class AlchemyConnection:
    """SQLAlchemy's Connection or Session, by whose own methods it begins, logs and invalidates."""

    def __init__(self, alchemy: Driver) -> None:
        self.alchemy = alchemy
        self._was_in_block = False

    def _connection(self) -> Driver:
        is_session = hasattr(self.alchemy, "get_bind")
        return self.alchemy.connection() if is_session else self.alchemy

    def call(self, statement: str, arguments: tuple[object, ...]) -> list[Row]:
        with self._connection().exec_driver_sql(statement, arguments) as result:
            return read_all(result.cursor)

    def runs_alone(self) -> bool:
        self._was_in_block = self.alchemy.in_transaction()  # a Session begins when it is asked
        return autocommits(self._connection().connection.dbapi_connection)

    def is_in_block(self) -> bool:
        return self._was_in_block

    def commit(self) -> None:
        self.alchemy.commit()

    def roll_back(self) -> None:
        self.alchemy.rollback()

    def end_call(self) -> None:
        self._connection().connection.rollback()  # a Session's would drop its pending objects


class DjangoConnection:
    """``django.db.connection``; in an atomic block Django, not we, may roll back."""

    def __init__(self, django: Driver) -> None:
        self.django = django

    def call(self, statement: str, arguments: tuple[object, ...]) -> list[Row]:
        with self.django.cursor() as cursor:
            cursor.execute(statement, arguments)
            return read_all(cursor)

    def runs_alone(self) -> bool:
        return bool(self.django.get_autocommit()) and not self.is_in_block()

    def is_in_block(self) -> bool:
        return bool(self.django.in_atomic_block)

    def commit(self) -> None:
        if not self.is_in_block():
            self.django.commit()

    def roll_back(self) -> None:
        if self.is_in_block():
            self.django.set_rollback(True)  # the block cannot commit any more
        self.end_call()

    def end_call(self) -> None:
        self.django.connection.rollback()
