"""What `grants` must know of a server: its version, who is connected, what is there and held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pymysql.connections import Connection

from tenant_quota.apply.live_objects import definers
from tenant_quota.apply.object_files import Object, shipped_objects
from tenant_quota.connection import connect, version_number
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError
from tenant_quota.grants.held import (
    REFUSED,
    Right,
    names_are_literal,
    parse_grants,
    read_held,
    show_grants,
)
from tenant_quota.names import Account, account_named
from tenant_quota.paths import sql_root
from tenant_quota.statements import StatementFailed, fetch


@dataclass(frozen=True)
class Grantee:
    """An account or a role as the server has it, as far as the connected account sees it."""

    is_there: bool = False
    rights: frozenset[Right] = frozenset()
    is_locked: bool | None = None
    defaults: frozenset[Account] | None = None  # roles that its sessions begin with
    is_unseen: bool = True


@dataclass(frozen=True)
class Server:
    """One schema of a server, as far as the connected account sees it."""

    schema: str
    version: str
    current: Account
    own: frozenset[Right]  # of the connected account, its active roles' included
    literal: bool  # partial_revokes: a schema's name in a GRANT is no pattern
    tables: set[str]  # and views
    procedures: set[str]
    definers: dict[Object, str]  # of the shipped objects: user@host
    grantees: dict[Account, Grantee]

    @property
    def number(self) -> tuple[int, ...]:
        """The server's version as numbers."""
        return version_number(self.version)


def read_server(options: ConnectionOptions, accounts: Iterable[Account]) -> Server:
    """Look, and write nothing; the database need not exist. Raises TenantQuotaError."""
    schema = options.named_database
    if not schema.isprintable():
        raise TenantQuotaError("The database's name has a control character.")
    with connect(replace(options, database="")) as connection:
        row = fetch(
            connection,
            "SELECT VERSION() AS version, CURRENT_USER() AS me, @@lower_case_table_names AS lower",
        )[0]
        if row["lower"]:
            schema = schema.lower()
        return Server(
            schema,
            row["version"],
            account_named(row["me"]),
            parse_grants(show_grants(connection)).rights,
            names_are_literal(connection),
            _names(connection, "table", schema),
            _names(connection, "routine", schema),
            definers(connection, shipped_objects(sql_root()), schema),
            {account: _grantee(connection, account) for account in accounts},
        )


def _grantee(connection: Connection[Any], account: Account) -> Grantee:
    """Return what there is of an account, as far as it may be seen."""
    found = Grantee()
    try:
        held = read_held(connection, account)
        rights = held.rights if held else frozenset()
        found = replace(found, is_there=held is not None, rights=rights)
        found = replace(found, is_locked=is_locked(connection, account))
        defaults = frozenset(default_roles(connection, account))
        return replace(found, defaults=defaults, is_unseen=False)
    except StatementFailed as error:
        if error.number not in REFUSED:
            raise
        return found


def is_locked(connection: Connection[Any], account: Account) -> bool | None:
    """Return whether an account is locked, None where there is none. Raises StatementFailed."""
    rows = fetch(
        connection,
        "SELECT account_locked = 'Y' AS locked FROM mysql.user WHERE User = %s AND Host = %s",
        (account.user, account.host),
    )
    return bool(rows[0]["locked"]) if rows else None


def default_roles(connection: Connection[Any], account: Account) -> list[Account]:
    """Return the roles that an account's sessions begin with. Raises StatementFailed."""
    rows = fetch(
        connection,
        "SELECT default_role_user AS user, default_role_host AS host FROM mysql.default_roles "
        "WHERE USER = %s AND HOST = %s",
        (account.user, account.host),
    )
    return [Account(row["user"], row["host"]) for row in rows]


def _names(connection: Connection[Any], kind: str, schema: str) -> set[str]:
    rows = fetch(
        connection,
        f"SELECT {kind}_name AS name FROM information_schema.{kind}s WHERE {kind}_schema = %s",  # noqa: S608
        (schema,),
    )
    return {row["name"] for row in rows}
