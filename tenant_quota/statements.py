"""Running a statement, and saying what went wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import DictCursor

from tenant_quota.errors import TenantQuotaError

LOCK_WAIT_TIMEOUT = 1205
NO_SUCH_TABLE = 1146
_SHUTDOWN = 1053
_CONNECTION_LOST = {0, _SHUTDOWN, 2006, 2013, 2014, 2055, 4031}


class StatementFailed(TenantQuotaError):
    """A statement that the server refused; ``number`` is MySQL's error number."""

    def __init__(self, error: pymysql.Error, statement: str, hint: str = "") -> None:
        self.number = error_number(error)
        self.is_connection_lost = is_connection_lost(error)
        text = f"{server_error(error)}\n  in: {shorten(statement)}"
        super().__init__(f"{text}\n  {hint}" if hint else text)


def error_number(error: pymysql.Error) -> int:
    """Return MySQL's error number, 0 where there is none."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def is_connection_lost(error: pymysql.Error) -> bool:
    """Whether the connection ended, or its server is about to."""
    return isinstance(error, pymysql.err.InterfaceError) or error_number(error) in _CONNECTION_LOST


def server_error(error: pymysql.Error) -> str:
    """Return the server's own error: number and text."""
    text = error.args[1] if len(error.args) > 1 else error
    return f"MySQL error {error_number(error)}: {text}"


def shorten(statement: str, length: int = 100) -> str:
    """Return the statement on one line, without its comments, cut to ``length`` characters."""
    line = " ".join(re.sub(r"^\s*--[^\n]*$", "", statement, flags=re.MULTILINE).split())
    return line if len(line) <= length else f"{line[:length]}…"


def run(connection: Connection[Any], statement: str | bytes, arguments: Sequence[Any] = ()) -> None:
    """Execute; without arguments a % in the text stays. Raises StatementFailed."""
    fetch(connection, statement, arguments)


def fetch(
    connection: Connection[Any],
    statement: str | bytes,
    arguments: Sequence[Any] | Mapping[str, Any] = (),
) -> list[dict[str, Any]]:
    """Execute and return the rows by column name. Raises StatementFailed."""
    try:
        with connection.cursor(DictCursor) as cursor:
            cursor.execute(statement, arguments or None)  # type: ignore[arg-type]
            return list(cursor.fetchall())
    except pymysql.Error as error:
        text = statement if isinstance(statement, str) else statement.decode("utf-8", "replace")
        raise StatementFailed(error, text) from None


def fetch_if_there(connection: Connection[Any], statement: str) -> list[dict[str, Any]]:
    """Like fetch, of a table that may not be there: no rows then."""
    try:
        return fetch(connection, statement)
    except StatementFailed as error:
        if error.number != NO_SUCH_TABLE:
            raise
        return []


def who_holds(connection: Connection[Any], name: str) -> str:
    """Return who holds a metadata lock on the object, as far as this account may see."""
    try:
        rows = fetch(
            connection,
            "SELECT DISTINCT t.processlist_id AS id, t.processlist_user AS user, "
            "t.processlist_host AS host FROM performance_schema.metadata_locks AS l "
            "JOIN performance_schema.threads AS t ON t.thread_id = l.owner_thread_id "
            "WHERE l.object_schema = DATABASE() AND l.object_name = %s "
            "AND l.lock_status = 'GRANTED' AND t.processlist_id <> CONNECTION_ID()",
            (name,),
        )
    except StatementFailed:
        rows = []
    if not rows:
        return (
            f"Something has {name} in an open transaction: let it end, then run this again. "
            "performance_schema.metadata_locks shows who."
        )
    who = ", ".join(f"connection {r['id']} ({r['user']}@{r['host']})" for r in rows)
    return f"{name} is in an open transaction of {who}: let it end, then run this again."
