"""What is said about connecting, the MySQL way: environment, files, URL and flags, merged."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from tenant_quota.errors import TenantQuotaError
from tenant_quota.login_path import read_login_path
from tenant_quota.option_files import Note, home_expanded, read_option_file, shown

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

    @property
    def address(self) -> str:
        """Server and database, as one of a fleet is called; who connects is left out."""
        return f"{self.place}/{self.database}"

    @property
    def place(self) -> str:
        """The server alone: its socket, or host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.socket or f"{host}:{self.port}"

    @property
    def named_database(self) -> str:
        """The database, which must be named: else TenantQuotaError."""
        if not self.database:
            raise TenantQuotaError(
                "No database named: end the URL (--url or TENANT_QUOTA_URL) with /name, "
                "or give --database name."
            )
        return self.database

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

    @property
    def tls(self) -> str:
        """What is asked of TLS, one of SSL_MODES. Raises TenantQuotaError on anything else."""
        mode = (self.ssl_mode or ("VERIFY_CA" if self.ssl_ca else "PREFERRED")).upper()
        if mode not in SSL_MODES:
            raise TenantQuotaError(f"Unknown ssl-mode: use one of {', '.join(SSL_MODES)}.")
        return mode

    def _tls_arguments(self) -> dict[str, Any]:
        mode = self.tls
        if mode == "DISABLED" or (mode == "PREFERRED" and self.socket):
            return {"ssl_disabled": True}
        verify = mode in ("VERIFY_CA", "VERIFY_IDENTITY")
        if verify and not (self.ssl_ca or self.ssl_capath):
            raise TenantQuotaError(f"ssl-mode {mode} needs --ssl-ca: the CA to verify against.")
        try:
            # Not the system's own CAs, which PyMySQL would read for every connection: MySQL's
            # modes trust none of them.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            if (self.ssl_ca or self.ssl_capath) and mode != "PREFERRED":
                context.load_verify_locations(self.ssl_ca or None, self.ssl_capath or None)
            if self.ssl_cert:
                context.load_cert_chain(self.ssl_cert, self.ssl_key or None)
        except (OSError, ssl.SSLError) as error:
            files = ", ".join(filter(None, (self.ssl_ca, self.ssl_cert, self.ssl_key)))
            reason = error.strerror or error
            raise TenantQuotaError(f"Cannot use the TLS files {files}: {reason}.") from None
        # The CA that MySQL makes for itself is not strictly RFC 5280.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.check_hostname = mode == "VERIFY_IDENTITY"
        context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
        return {"ssl": context}


_NAMES = {
    **{name.replace("_", "-"): name for name in ConnectionOptions.__dataclass_fields__},
    "sslmode": "ssl_mode",
    "sslca": "ssl_ca",
}
_FILES = ("defaults_file", "defaults_extra_file", "login_path")
_AFTER_A_URL = re.compile(r"\s+(?=mysql(?:\+pymysql)?://)", re.IGNORECASE)


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
        if name not in _NAMES:
            known = ", ".join(sorted(_NAMES))
            raise TenantQuotaError(
                f"Unknown option {name!r} in the URL's query; known are {known}."
            )
        options[_NAMES[name]] = value
    return options


def resolve(*, url: str | None = None, **given: Any) -> ConnectionOptions:
    """Return options for one server; as `resolve_all`."""
    return resolve_all(urls=[] if url is None else [url], **given)[0]


def resolve_all(
    *, urls: Sequence[str] = (), note: Note = lambda text: None, **given: Any
) -> list[ConnectionOptions]:
    """Return options for each URL of a fleet, or for one server where no URL is named.

    Merges environment, option files, login path, URL and single flags; the later wins.
    ``given`` are flags, fields of ConnectionOptions, and ``defaults_file``,
    ``defaults_extra_file``, ``defaults_group_suffix`` and ``login_path``; None means not given.
    TENANT_QUOTA_URL is read where no URL, option file or login path is named; it may hold
    several URLs, with white space between them. ``note`` is told what was passed over. Raises
    TenantQuotaError, without the password, before anything is connected to.
    """
    given = {name: value for name, value in given.items() if value is not None}
    in_environment = os.environ.get("TENANT_QUOTA_URL", "").strip()
    if in_environment and not urls and given.keys().isdisjoint(_FILES):
        urls = _AFTER_A_URL.split(in_environment)
    before = _from_files(given, note)
    of_files = (*_FILES, "defaults_group_suffix")
    flags = {name: value for name, value in given.items() if name not in of_files}
    every = []
    for number, url in enumerate(urls or [""], start=1):
        try:
            merged = _merge(before, parse_url(url) if urls else {}, by_hand=True)
            every.append(_converted(_merge(merged, flags, by_hand=True)))
        except TenantQuotaError as error:
            if len(urls) < 2:
                raise
            raise TenantQuotaError(f"URL {number} of {len(urls)}: {error.message}") from None
    return every


def _from_files(given: dict[str, Any], note: Note) -> dict[str, Any]:
    """Return what MYSQL_PWD, the option files and the login path say."""
    merged: dict[str, Any] = {}
    if "MYSQL_PWD" in os.environ:
        merged["password"] = os.environ["MYSQL_PWD"]
    suffix = given.get("defaults_group_suffix") or os.environ.get("MYSQL_GROUP_SUFFIX") or ""
    for name in filter(None, map(given.get, ("defaults_file", "defaults_extra_file"))):
        path = home_expanded(name)
        said = read_option_file(path, suffix, note)
        merged = _merge(merged, _known(said, f"the option file {shown(path)}"))
    if "login_path" in given:
        said = read_login_path(given["login_path"], suffix)
        merged = _merge(merged, _known(said, "the login path file"))
    return merged


def _merge(
    before: dict[str, Any], later: dict[str, Any], *, by_hand: bool = False
) -> dict[str, Any]:
    """Return both, the later winning. A host other than localhost is reached by TCP.

    A file may name a socket for localhost beside it, as MySQL's do; who writes host or port
    ``by_hand`` wants TCP, unless a socket stands with them.
    """
    tcp = later.get("host", "localhost") != "localhost" or (by_hand and "port" in later)
    merged = before | later
    if tcp and not (by_hand and "socket" in later):
        merged.pop("socket", None)
    return merged


def _known(said: dict[str, str], source: str) -> dict[str, Any]:
    """Return what tells how to connect; other clients' options are none of ours."""
    options: dict[str, Any] = {}
    for name, value in said.items():
        if name in _NAMES:
            # What is not UTF-8 has come as surrogates.
            if name != "password" and any("\ud800" <= c <= "\udfff" for c in value):
                raise TenantQuotaError(f"The {name} in {source} is not UTF-8 text.")
            options[_NAMES[name]] = value
    return options


def _converted(merged: dict[str, Any]) -> ConnectionOptions:
    """Return options of the right types: bytes for the password, whole numbers."""
    if isinstance(password := merged.get("password"), str):
        merged["password"] = password.encode("utf-8", "surrogateescape")
    for name in ("port", "connect_timeout"):
        text = str(merged.get(name, 1))
        if not (text.isdecimal() and 0 < int(text) < 65536):
            what = name.replace("_", " ")
            raise TenantQuotaError(f"The {what} must be a number from 1 to 65535.")
        if name in merged:
            merged[name] = int(text)
    return ConnectionOptions(**merged)
