"""Names as SQL writes them: quoted, and those of accounts, which have two parts."""

from __future__ import annotations

from dataclasses import dataclass

from tenant_quota.errors import TenantQuotaError


def literal(value: str | None) -> str:
    """Return a text as SQL that the mysql client, too, leaves as it is; NULL for None."""
    if value is None:
        return "NULL"
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return "'{}'".format(escaped.replace("\r", "\\r").replace("\0", "\\0"))


def quote(name: str) -> str:
    """Return a name in backticks."""
    return "`{}`".format(name.replace("`", "``"))


@dataclass(frozen=True, order=True)
class Account:
    """An account, or a role: to MySQL they are one thing."""

    user: str
    host: str

    def __str__(self) -> str:
        return f"{self.user}@{self.host}"

    @property
    def quoted(self) -> str:
        """As SQL has it."""
        return f"{quote(self.user)}@{quote(self.host)}"


def account_named(text: str) -> Account:
    """Return the account that the server itself writes ``user@host``, without quotes."""
    user, _, host = text.rpartition("@")
    return Account(user, host)


def parse_account(text: str, what: str) -> Account:
    """Read ``user@host``, quoted or not; TenantQuotaError names the option ``what``."""
    user, at, host = text.strip().rpartition("@")
    user, host = user.strip("`'\""), host.strip("`'\"")
    if not (at and user and host):
        raise TenantQuotaError(f"{what} must be an account: user@host.")
    return _checked(Account(user, host), what)


def parse_role(text: str, what: str) -> Account:
    """Read a role's name; its host is %, MySQL's default."""
    if "@" in text:
        return parse_account(text, what)
    return _checked(Account(text.strip("`'\""), "%"), what)


def _checked(account: Account, what: str) -> Account:
    if not account.user or len(account.user) > 32 or len(account.host) > 255:
        raise TenantQuotaError(f"{what}: a name has 1 to 32 characters, a host up to 255.")
    if not f"{account.user}{account.host}".isprintable() or "\\" in f"{account}":
        raise TenantQuotaError(f"{what}: a name holds no backslash and no control character.")
    return account
