"""From options to a connection, and never through a string with a password."""

from __future__ import annotations

import re
import ssl
from collections.abc import Container
from dataclasses import replace
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.constants import CR

from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError
from tenant_quota.names import quote
from tenant_quota.statements import error_number, is_connection_lost, server_error

SQL_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)
_HUNG_UP = (2006, 2013)
_EXPLAINED: dict[int | str, str] = {
    1049: (
        "There is no database {database!r} ({options}). "
        "Create it, or let `tenant-quota apply --create-database` do so."
    ),
    1044: (
        "Access denied ({options}): {text}. User and password are right. Check the database's "
        "name: one that does not exist is denied in the same words. Else grant the account "
        "something on it."
    ),
    **dict.fromkeys((1045, 1698), "Access denied ({options}): {text}. {hint}"),
    **dict.fromkeys(
        (2002, 2003),
        "Cannot connect ({options}): {reason}. "
        "Is the server running, and are host, port or socket right?",
    ),
    **dict.fromkeys(
        _HUNG_UP, "What answers there hung up or said nothing ({options}): not a MySQL server?"
    ),
    "certificate": ("The server hung up ({options}): does it trust the certificate of --ssl-cert?"),
    2026: "The server offers no TLS ({options}), and ssl-mode demands it.",
    3159: "The server demands TLS ({options}): use --ssl-mode REQUIRED.",
}
OLDEST_SERVER = (8, 0, 19)
LOCK_WAIT_SECONDS = 10  # for a metadata lock; MySQL's own default is a year


def connect(options: ConnectionOptions) -> Connection[Any]:
    """Open a connection with a known session: utf8mb4, MySQL 8's sql_mode, autocommit.

    Raises TenantQuotaError that says what was wrong and what to do.
    """
    try:
        connection = _open(options)
    except pymysql.Error as error:
        raise TenantQuotaError(_explain(error, options)) from None
    except (ValueError, IndexError, AssertionError, TypeError, ssl.SSLError):
        raise TenantQuotaError(f"What answers there is not a MySQL server ({options}).") from None
    # From here on a statement may take as long as it takes.
    connection._read_timeout = None  # type: ignore[attr-defined]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT VERSION()")
            check_version((cursor.fetchone() or ("",))[0])
            cursor.execute(
                # A server with autocommit = OFF says ON in its greeting, and PyMySQL believes it.
                "SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin, SESSION autocommit = 1, "
                "SESSION sql_mode = %s, SESSION lock_wait_timeout = %s",
                (SQL_MODE, LOCK_WAIT_SECONDS),
            )
    except BaseException:
        connection.close()
        raise
    return connection


def _open(options: ConnectionOptions) -> Connection[Any]:
    """Connect; PREFERRED is with TLS where the server offers it, else without."""
    arguments = options.connect_arguments()
    try:
        return pymysql.connect(**arguments)
    except pymysql.OperationalError as error:
        if error.args[0] != CR.CR_SSL_CONNECTION_ERROR or options.tls != "PREFERRED":
            raise
        return pymysql.connect(**{**arguments, "ssl": None, "ssl_disabled": True})


def connect_to_database(options: ConnectionOptions, *, create: bool = False) -> Connection[Any]:
    """Like connect, but a database must be named; ``create`` makes it where it is missing."""
    name = quote(options.named_database)
    if create:
        with connect(replace(options, database="")) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4")
    return connect(options)


class Reconnecting:
    """A connection to a database that is made anew after it was lost.

    Making the first one raises TenantQuotaError: options are wrong more often than a server
    is down.
    """

    def __init__(self, options: ConnectionOptions) -> None:
        self._options = options
        self._open: Connection[Any] | None = connect_to_database(options)

    def get(self) -> Connection[Any]:
        """Return the connection, a new one if it was lost."""
        if self._open is None:
            self._open = connect_to_database(self._options)
        return self._open

    def lost(self, error: pymysql.Error | TenantQuotaError, also: Container[int] = ()) -> str:
        """Say why the connection is lost, or could not be made anew; raise any other error.

        ``also`` are numbers of errors after which another connection may do.
        """
        if isinstance(error, TenantQuotaError):
            if self._open is not None:
                raise error
            return error.message
        if not is_connection_lost(error) and error_number(error) not in also:
            raise error
        self.close()
        return server_error(error)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._open is not None and self._open.open:
            self._open.close()
        self._open = None


def version_number(version: str) -> tuple[int, ...]:
    """Return the numbers of ``VERSION()``, e.g. (9, 7, 4)."""
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def check_version(version: str) -> None:
    """Raise TenantQuotaError unless ``VERSION()`` is that of a MySQL that will do."""
    oldest = ".".join(map(str, OLDEST_SERVER))
    for other in ("MariaDB", "TiDB"):
        if other.lower() in version.lower():
            raise TenantQuotaError(f"The server is {other} ({version}); MySQL {oldest} is needed.")
    if version_number(version) < OLDEST_SERVER:
        raise TenantQuotaError(f"The server is MySQL {version}; {oldest} or later is needed.")


def _explain(error: pymysql.Error, options: ConnectionOptions) -> str:
    """Return what was wrong and what to do, for an error while connecting."""
    number = error_number(error)
    text = str(error.args[1]) if len(error.args) > 1 else str(error)
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed ({options}): {cause}. Check --ssl-mode and --ssl-ca."
    key = "certificate" if number in _HUNG_UP and options.ssl_cert else number
    return _EXPLAINED.get(key, "Cannot connect ({options}): MySQL error {number}: {text}").format(
        options=options,
        database=options.database,
        number=number,
        text=text,
        reason=getattr(cause, "strerror", None) or cause or text,
        hint=(
            "Check user and password."
            if options.password
            else "No password was given: use --password (prompts), MYSQL_PWD or an option file."
        ),
    )
