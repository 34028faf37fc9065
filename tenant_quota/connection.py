"""From options to a connection: the MySQL way, and never through a string with a password."""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_to_bytes

import pymysql
from pymysql.connections import Connection

from tenant_quota.errors import TenantQuotaError
from tenant_quota.option_files import read_option_file

SQL_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)
OLDEST_SERVER = (8, 0, 19)
LOCK_WAIT_SECONDS = 10  # for a metadata lock; MySQL's own default is a year
SSL_MODES = ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")

# The user's part may hold anything but the separators, percent-encoded where it must.
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?:(?P<user>[^:/?#@]*)(?::(?P<password>[^/?#]*))?@)?"
    r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:/?#@\[\]]*)(?::(?P<port>[0-9]*))?"
    r"(?:/(?P<database>[^/?#]*))?(?:\?(?P<query>[^#]*))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ConnectionOptions:
    """Where to connect and as whom. Its repr and its text never show the password."""

    host: str = "localhost"
    port: int = 3306
    user: str = ""
    password: bytes | None = field(default=None, repr=False)
    socket: str = ""
    database: str = ""
    ssl_mode: str = ""
    ssl_ca: str = ""
    ssl_capath: str = ""
    ssl_cert: str = ""
    ssl_key: str = ""
    connect_timeout: int = 10  # seconds

    def __str__(self) -> str:
        place = self.socket or f"{self.host}:{self.port}"
        return f"{self.user or 'the current user'} at {place}"

    def connect_arguments(self) -> dict[str, Any]:
        """Return PyMySQL's arguments; raises TenantQuotaError on impossible TLS options."""
        arguments: dict[str, Any] = {
            "charset": "utf8mb4",
            "autocommit": True,
            "connect_timeout": self.connect_timeout,
            # Also bounds the handshake with something that accepts and then says nothing.
            "read_timeout": self.connect_timeout,
            "program_name": "tenant-quota",
            "password": self.password or b"",
            **self._tls_arguments(),
        }
        if self.user:
            arguments["user"] = self.user
        if self.database:
            arguments["database"] = self.database
        if self.socket:
            arguments["unix_socket"] = self.socket
        else:
            arguments |= {"host": self.host, "port": self.port}
        return arguments

    def _tls_arguments(self) -> dict[str, Any]:
        mode = (self.ssl_mode or ("VERIFY_CA" if self.ssl_ca else "PREFERRED")).upper()
        if mode not in SSL_MODES:
            raise TenantQuotaError(f"Unknown ssl-mode: use one of {', '.join(SSL_MODES)}.")
        if mode == "DISABLED" or (mode == "PREFERRED" and self.socket):
            return {"ssl_disabled": True}
        if mode == "PREFERRED" and not self.ssl_cert:
            return {}
        verify = mode in ("VERIFY_CA", "VERIFY_IDENTITY")
        if verify and not (self.ssl_ca or self.ssl_capath):
            raise TenantQuotaError(f"ssl-mode {mode} needs --ssl-ca: the CA to verify against.")
        try:
            context = ssl.create_default_context(
                cafile=self.ssl_ca or None, capath=self.ssl_capath or None
            )
            if self.ssl_cert:
                context.load_cert_chain(self.ssl_cert, self.ssl_key or None)
        except (OSError, ssl.SSLError) as error:
            files = ", ".join(filter(None, (self.ssl_ca, self.ssl_cert, self.ssl_key)))
            raise TenantQuotaError(f"Cannot use the TLS files {files}: {error}.") from None
        # The CA that MySQL makes for itself is not strictly RFC 5280.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.check_hostname = mode == "VERIFY_IDENTITY"
        context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
        return {"ssl": context}


def parse_url(url: str) -> dict[str, Any]:
    """Return the options that ``mysql://user:password@host:port/database?ssl-mode=…`` gives.

    Parts may be percent-encoded. Raises TenantQuotaError; no message repeats the URL.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise TenantQuotaError(
            "The URL is not of the form mysql://user:password@host:port/database. "
            "Percent-encode : / ? # @ in its parts (%3A %2F %3F %23 %40)."
        )
    if match["scheme"].lower() not in ("mysql", "mysql+pymysql"):
        raise TenantQuotaError(f"The URL begins with {match['scheme']}://; use mysql://.")
    options: dict[str, Any] = {}
    for name in ("user", "database"):
        if match[name]:
            options[name] = unquote(match[name])
    if match["host"]:
        options["host"] = unquote(match["host"].strip("[]"))
    if match["port"]:
        options["port"] = match["port"]
    if match["password"] is not None:
        password = match["password"].encode("utf-8", "surrogateescape")
        options["password"] = unquote_to_bytes(password)
    for name, value in parse_qsl(match["query"] or "", keep_blank_values=True):
        name = name.lower().replace("_", "-").replace("unix-socket", "socket")
        if name == "charset":
            continue
        _add(options, name, value, "the URL's query")
    return options


_NAMES = {
    **{name.replace("_", "-"): name for name in ConnectionOptions.__dataclass_fields__},
    "sslmode": "ssl_mode",
    "sslca": "ssl_ca",
}


def _add(options: dict[str, Any], name: str, value: Any, source: str) -> None:
    if name not in _NAMES:
        known = ", ".join(sorted(_NAMES))
        raise TenantQuotaError(f"Unknown option {name!r} in {source}; known are {known}.")
    options[_NAMES[name]] = value


def resolve(
    *,
    url: str | None = None,
    defaults_file: str | None = None,
    defaults_extra_file: str | None = None,
    defaults_group_suffix: str | None = None,
    **flags: Any,
) -> ConnectionOptions:
    """Merge environment, option files, URL and single flags; the later wins.

    ``flags`` are fields of ConnectionOptions, None meaning not given.
    TENANT_QUOTA_URL is read where neither a URL nor an option file is named.
    Raises TenantQuotaError, without the password.
    """
    merged: dict[str, Any] = {}
    if "MYSQL_PWD" in os.environ:
        merged["password"] = os.environ["MYSQL_PWD"]
    for path in filter(None, (defaults_file, defaults_extra_file)):
        merged |= _from_file(Path(path).expanduser(), defaults_group_suffix or "")
    if url is None and not (defaults_file or defaults_extra_file):
        url = os.environ.get("TENANT_QUOTA_URL") or None
    if url is not None:
        merged |= parse_url(url)
    given = {name: value for name, value in flags.items() if value is not None}
    if "host" in given and "socket" not in given:
        merged.pop("socket", None)
    merged |= given

    password = merged.get("password")
    if isinstance(password, str):
        merged["password"] = password.encode("utf-8", "surrogateescape")
    for name in ("port", "connect_timeout"):
        if name in merged:
            merged[name] = _number(name, merged[name])
    return ConnectionOptions(**merged)


def _from_file(path: Path, suffix: str) -> dict[str, Any]:
    """Return what the file says about connecting; other clients' options are none of ours."""
    options: dict[str, Any] = {}
    for name, value in read_option_file(path, suffix).items():
        if name in _NAMES:
            _add(options, name, value, str(path))
    return options


def _number(name: str, value: Any) -> int:
    try:
        number = int(value)
    except ValueError:
        number = 0
    if not 0 < number < 65536:
        raise TenantQuotaError(f"The {name.replace('_', ' ')} must be a number from 1 to 65535.")
    return number


def connect(options: ConnectionOptions) -> Connection[Any]:
    """Open a connection with a known session: utf8mb4, MySQL 8's sql_mode, autocommit.

    Raises TenantQuotaError that says what was wrong and what to do.
    """
    try:
        connection = pymysql.connect(**options.connect_arguments())
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
                "SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin, "
                "SESSION sql_mode = %s, SESSION lock_wait_timeout = %s",
                (SQL_MODE, LOCK_WAIT_SECONDS),
            )
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_database(options: ConnectionOptions, *, create: bool = False) -> Connection[Any]:
    """Like connect, but a database must be named; ``create`` makes it where it is missing."""
    if not options.database:
        raise TenantQuotaError(
            "No database named: end the URL with /name, or give --database name."
        )
    if create:
        with connect(replace(options, database="")) as connection, connection.cursor() as cursor:
            name = options.database.replace("`", "``")
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")
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
    if number in (1044, 1045, 1698):
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
    if number == 2013:
        return f"What answers there hung up or said nothing ({options}): not a MySQL server?"
    if number == 2026:
        return f"The server offers no TLS ({options}), and ssl-mode demands it."
    if number == 3159:
        return f"The server demands TLS ({options}): use --ssl-mode REQUIRED."
    return f"Cannot connect ({options}): MySQL error {number}: {text}"
