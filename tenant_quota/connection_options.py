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
_INSTEAD_OF_ENVIRONMENT = ("defaults_file", "defaults_extra_file", "login_path")
_AFTER_A_URL = re.compile(r"\s+(?=mysql(?:\+pymysql)?://)", re.IGNORECASE)


def _add(options: dict[str, Any], name: str, value: Any, source: str) -> None:
    if name not in _NAMES:
        known = ", ".join(sorted(_NAMES))
        raise TenantQuotaError(f"Unknown option {name!r} in {source}; known are {known}.")
    options[_NAMES[name]] = value


def resolve_all(
    *, urls: Sequence[str] = (), note: Note = lambda text: None, **given: Any
) -> list[ConnectionOptions]:
    """Return options for each URL of a fleet, or for one server where no URL is named.

    TENANT_QUOTA_URL may hold several, with white space between them. ``given`` is as for
    `resolve`, and the same for all. Raises TenantQuotaError before anything is connected to.
    """
    if not urls and not any(given.get(name) is not None for name in _INSTEAD_OF_ENVIRONMENT):
        text = os.environ.get("TENANT_QUOTA_URL", "").strip()
        urls = _AFTER_A_URL.split(text) if text else ()
    if len(urls) < 2:
        return [resolve(url=urls[0] if urls else None, note=note, **given)]
    every = []
    for number, url in enumerate(urls, start=1):
        try:
            every.append(resolve(url=url, note=note, **given))
        except TenantQuotaError as error:
            raise TenantQuotaError(f"URL {number} of {len(urls)}: {error.message}") from None
        note = _heard  # the same files would say the same again
    return every


def _heard(text: str) -> None:
    return None


def resolve(
    *,
    url: str | None = None,
    defaults_file: str | None = None,
    defaults_extra_file: str | None = None,
    defaults_group_suffix: str | None = None,
    login_path: str | None = None,
    note: Note = lambda text: None,
    **flags: Any,
) -> ConnectionOptions:
    """Merge environment, option files, login path, URL and single flags; the later wins.

    ``flags`` are fields of ConnectionOptions, None meaning not given. TENANT_QUOTA_URL is
    read where no URL, option file or login path is named. ``note`` is told what was passed
    over. Raises TenantQuotaError, without the password.
    """
    merged: dict[str, Any] = {}
    if "MYSQL_PWD" in os.environ:
        merged["password"] = os.environ["MYSQL_PWD"]
    suffix = defaults_group_suffix or os.environ.get("MYSQL_GROUP_SUFFIX") or ""
    for name in filter(None, (defaults_file, defaults_extra_file)):
        path = home_expanded(name)
        said = read_option_file(path, suffix, note)
        merged = _merge(merged, _known(said, f"the option file {shown(path)}"))
    if login_path is not None:
        said = read_login_path(login_path, suffix)
        merged = _merge(merged, _known(said, "the login path file"))
    if url is None and not (defaults_file or defaults_extra_file or login_path is not None):
        url = os.environ.get("TENANT_QUOTA_URL") or None
    if url is not None:
        merged = _merge(merged, parse_url(url), by_hand=True)
    given = {name: value for name, value in flags.items() if value is not None}
    merged = _merge(merged, given, by_hand=True)

    password = merged.get("password")
    if isinstance(password, str):
        merged["password"] = password.encode("utf-8", "surrogateescape")
    for name in ("port", "connect_timeout"):
        if name in merged:
            merged[name] = _number(name, merged[name])
    return ConnectionOptions(**merged)


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
            if name != "password" and not _is_text(value):
                raise TenantQuotaError(f"The {name} in {source} is not UTF-8 text.")
            _add(options, name, value, source)
    return options


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(name: str, value: Any) -> int:
    try:
        number = int(value)
    except ValueError:
        number = 0
    if not 0 < number < 65536:
        raise TenantQuotaError(f"The {name.replace('_', ' ')} must be a number from 1 to 65535.")
    return number
