"""What `grants` must know of a server: its version, who is connected, what is there and held."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pymysql.connections import Connection

from tenant_quota.apply.live_objects import definers
from tenant_quota.apply.object_files import Object, shipped_objects
from tenant_quota.connection import connect
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
from tenant_quota.statements import StatementFailed, fetch


@dataclass(frozen=True)
class Server:
    """One schema of a server, as far as the connected account sees it."""

    schema: str
    version: str
    number: tuple[int, ...]
    current: Account
    own: set[Right]  # of the connected account, its active roles' included
    literal: bool  # partial_revokes: a schema's name in a GRANT is no pattern
    tables: set[str]  # and views
    procedures: set[str]
    definers: dict[Object, str]  # of the shipped objects: user@host
    held: dict[Account, set[Right] | None]  # None: there is no such account
    locked: dict[Account, bool]
    defaults: dict[Account, set[Account]]  # roles that an account's sessions begin with
    unseen: set[Account]  # whose grants this account may not read


def read_server(options: ConnectionOptions, accounts: list[Account], root: Path) -> Server:
    """Look, and write nothing; the database need not exist. Raises TenantQuotaError.

    ``root`` has the shipped objects.
    """
    schema = options.database
    if not schema:
        raise TenantQuotaError(
            "No database named: end the URL with /name, or give --database name."
        )
    if not schema.isprintable():
        raise TenantQuotaError("The database's name has a control character.")
    with closing(connect(replace(options, database=""))) as connection:
        row = fetch(
            connection,
            "SELECT VERSION() AS version, CURRENT_USER() AS me, @@lower_case_table_names AS lower",
        )[0]
        if row["lower"]:
            schema = schema.lower()
        held: dict[Account, set[Right] | None] = {}
        locked: dict[Account, bool] = {}
        defaults: dict[Account, set[Account]] = {}
        unseen = set()
        for account in accounts:
            try:
                found = read_held(connection, account)
                held[account] = None if found is None else found.rights
                state = _locked(connection, account)
                if state is not None:
                    locked[account] = state
                defaults[account] = _defaults(connection, account)
            except StatementFailed as error:
                if error.number not in REFUSED:
                    raise
                unseen.add(account)
        return Server(
            schema,
            row["version"],
            tuple(map(int, re.findall(r"\d+", row["version"])[:3])),
            account_named(row["me"]),
            parse_grants(show_grants(connection)).rights,
            names_are_literal(connection),
            _names(connection, "table_name", "tables", "table_schema", schema),
            _names(connection, "routine_name", "routines", "routine_schema", schema),
            definers(connection, shipped_objects(root), schema),
            held,
            locked,
            defaults,
            unseen,
        )


def _locked(connection: Connection[Any], account: Account) -> bool | None:
    """Return whether the account is locked; None where there is none."""
    rows = fetch(
        connection,
        "SELECT account_locked = 'Y' AS locked FROM mysql.user WHERE User = %s AND Host = %s",
        (account.user, account.host),
    )
    return bool(rows[0]["locked"]) if rows else None


def _defaults(connection: Connection[Any], account: Account) -> set[Account]:
    rows = fetch(
        connection,
        "SELECT default_role_user AS user, default_role_host AS host FROM mysql.default_roles "
        "WHERE USER = %s AND HOST = %s",
        (account.user, account.host),
    )
    return {Account(row["user"], row["host"]) for row in rows}


def _names(
    connection: Connection[Any], column: str, table: str, schema_column: str, schema: str
) -> set[str]:
    rows = fetch(
        connection,
        f"SELECT {column} AS name FROM information_schema.{table} WHERE {schema_column} = %s",  # noqa: S608
        (schema,),
    )
    return {row["name"] for row in rows}
