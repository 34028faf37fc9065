"""From options to a connection, and never through a string with a password."""

from __future__ import annotations

import re
import ssl
from dataclasses import replace
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.constants import CR

from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError
from tenant_quota.names import quote

SQL_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)
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
    if not options.database:
        raise TenantQuotaError(
            "No database named: end the URL with /name, or give --database name."
        )
    if create:
        with connect(replace(options, database="")) as connection, connection.cursor() as cursor:
            name = quote(options.database)
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4")
    return connect(options)


def check_version(version: str) -> None:
    """Raise TenantQuotaError unless ``VERSION()`` is that of a MySQL that will do."""
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    oldest = ".".join(map(str, OLDEST_SERVER))
    for other in ("MariaDB", "TiDB"):
        if other.lower() in version.lower():
            raise TenantQuotaError(f"The server is {other} ({version}); MySQL {oldest} is needed.")
    if numbers is None or tuple(map(int, numbers.groups())) < OLDEST_SERVER:
        raise TenantQuotaError(f"The server is MySQL {version}; {oldest} or later is needed.")


def _explain(error: pymysql.Error, options: ConnectionOptions) -> str:
    """Return what was wrong and what to do, for an error while connecting."""
    number = error.args[0] if error.args else 0
    text = str(error.args[1]) if len(error.args) > 1 else str(error)
    cause = getattr(error, "original_exception", None)
    if number == 1049:
        return (
            f"There is no database {options.database!r} ({options}). "
            "Create it, or let `tenant-quota apply --create-database` do so."
        )
    if number == 1044:
        return (
            f"Access denied ({options}): {text}. User and password are right. Check the database's "
            "name: one that does not exist is denied in the same words. Else grant the account "
            "something on it."
        )
    if number in (1045, 1698):
        hint = (
            "Check user and password."
            if options.password
            else "No password was given: use --password (prompts), MYSQL_PWD or an option file."
        )
        return f"Access denied ({options}): {text}. {hint}"
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed ({options}): {cause}. Check --ssl-mode and --ssl-ca."
    if number in (2002, 2003):
        reason = getattr(cause, "strerror", None) or cause or text
        return (
            f"Cannot connect ({options}): {reason}. "
            "Is the server running, and are host, port or socket right?"
        )
    if number in (2006, 2013) and options.ssl_cert:
        return f"The server hung up ({options}): does it trust the certificate of --ssl-cert?"
    if number in (2006, 2013):
        return f"What answers there hung up or said nothing ({options}): not a MySQL server?"
    if number == 2026:
        return f"The server offers no TLS ({options}), and ssl-mode demands it."
    if number == 3159:
        return f"The server demands TLS ({options}): use --ssl-mode REQUIRED."
    return f"Cannot connect ({options}): MySQL error {number}: {text}"
