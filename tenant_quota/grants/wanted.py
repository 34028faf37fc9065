"""Who should hold what: roles, the definer that everything runs as, the migrator; and its SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tenant_quota.grants.held import GRANT_OPTION, Right
from tenant_quota.grants.needs import SHARE, CodeNeeds
from tenant_quota.grants.server import Server
from tenant_quota.names import Account, quote

# What apply, rollback, status, verify and, for what they install, grants need on the schema.
# GRANT OPTION: a procedure that is replaced loses its grants, and apply gives them back.
# TRIGGER: verify looks for triggers.
MIGRATOR = (
    *("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "INDEX", "ALTER"),
    *("EXECUTE", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT"),
    *("TRIGGER", GRANT_OPTION),
)
PROCS_PRIV = Right("mysql", "", "procs_priv", "SELECT")  # to read the grants to give back
_CHANGES = ("quota_definition_changes", "tenant_definition_changes")


@dataclass(frozen=True)
class Names:
    """The accounts and roles of one schema; ``migrator`` may be the definer itself."""

    app: Account
    monitor: Account
    admin: Account
    definer: Account
    migrator: Account | None = None

    @property
    def roles(self) -> tuple[Account, ...]:
        """The three roles."""
        return self.app, self.monitor, self.admin

    @property
    def all(self) -> list[Account]:
        """The roles and the accounts, each once."""
        return list(dict.fromkeys(filter(None, (*self.roles, self.definer, self.migrator))))

    @property
    def installs_itself(self) -> bool:
        """Whether the definer is the account that installs, and so stays able to log in."""
        return self.migrator == self.definer


def as_role(role: Account) -> Right:
    """Return what SHOW GRANTS says of who has the role."""
    return Right("*", "ROLE", role.quoted, "")


def as_events(schema: str) -> Right:
    """Return the right to have one's events run in a schema."""
    return Right(schema, "", "*", "EVENT", schema)


def in_order(privileges: Iterable[str]) -> list[str]:
    """Return privileges as a person expects them: SELECT, INSERT, UPDATE, DELETE, the others."""
    order = {privilege: number for number, privilege in enumerate(MIGRATOR)}
    return sorted(privileges, key=lambda each: (order.get(each, len(order)), each))


def code_rights(needs: CodeNeeds, schema: str, version: tuple[int, ...]) -> set[Right]:
    """Return what the shipped code needs of its definer on a server of this version."""
    rights = {Right(schema, "PROCEDURE", name, "EXECUTE") for name in needs.procedures}
    for table, privileges in needs.tables.items():
        share = {"UPDATE"} if SHARE in privileges and version < (8, 0, 22) else set()
        rights |= {Right(schema, "", table, each) for each in privileges - {SHARE} | share}
    return rights | {as_events(schema)}


def migrator_rights(schema: str, version: tuple[int, ...], *, of_others: bool) -> set[Right]:
    """Return what installing needs; ``of_others``: the objects run as another account."""
    rights = {Right(schema, "", "*", privilege) for privilege in MIGRATOR} | {PROCS_PRIV}
    if of_others:
        rights.add(Right("*", "", "*", "SET_ANY_DEFINER" if version >= (8, 2) else "SET_USER_ID"))
        if version >= (8, 0, 20):
            rights.add(Right("*", "", "*", "SHOW_ROUTINE"))
    return rights


def wanted_rights(needs: CodeNeeds, names: Names, server: Server) -> dict[Account, set[Right]]:
    """Return what each should hold in the end: no more, and no less."""

    def execute(procedures: Iterable[str]) -> set[Right]:
        return {Right(server.schema, "PROCEDURE", name, "EXECUTE") for name in procedures}

    def on(table: str, *privileges: str) -> set[Right]:
        return {Right(server.schema, "", table, privilege) for privilege in privileges}

    look = {right for view in needs.views for right in on(view, "SELECT")}
    check = execute({"check_quota"} & needs.public)
    wanted = {
        # A role as its default, whichever: MySQL (9.7.4) else denies the definer its own columns
        # in a view's LEFT JOIN (1143, 1356) as soon as whoever reads the view has a role active.
        # And with a default role, the event scheduler no longer finds EVENT under a schema's
        # name with \_ in it: so its name stands there as it is.
        names.definer: {as_role(names.monitor)} | code_rights(needs, server.schema, server.number),
        names.app: execute(needs.application),
        names.monitor: look | check | on("quota_alerts", "SELECT"),
        names.admin: look
        | execute(needs.public)
        | on("quota_alerts", "SELECT", "UPDATE (`delivered_at`)")
        | {right for table in _CHANGES for right in on(table, "SELECT")},
    }
    if names.migrator:
        others = not names.installs_itself
        rights = migrator_rights(server.schema, server.number, of_others=others)
        if names.installs_itself and server.number < (8, 4):
            # There, with a role active, of two names that fit only the schema's own counts, under
            # which EVENT must stand.
            rights = {
                replace(right, pattern=server.schema) if right.name == "*" else right
                for right in rights
            }
        # Its rights on the schema hold all of the definer's, but with a role active they are not
        # found under a name with \_ when a procedure runs: so these as well.
        wanted[names.migrator] = rights | (set() if others else wanted[names.definer])
    return wanted


def grant(
    rights: Iterable[Right], account: Account, *, literal: bool
) -> Iterator[tuple[str, frozenset[Right]]]:
    """Yield a GRANT for each thing, schemas before tables; global ones one by one.

    ``literal``: names_are_literal.
    """
    parts: dict[tuple[str, ...], set[Right]] = {}
    for right in rights:
        key = (right.kind, right.schema, "" if right.name == "*" else right.name)
        if right.schema == "*":
            key = ("", "", right.privilege)
        parts.setdefault(key, set()).add(right)
    for _, part in sorted(parts.items(), key=lambda item: item[0]):
        words = ", ".join(in_order(r.privilege for r in part if r.privilege != GRANT_OPTION))
        option = " WITH GRANT OPTION" if any(r.privilege == GRANT_OPTION for r in part) else ""
        place = _place(next(iter(part)), literal)
        yield f"GRANT {words or 'USAGE'} ON {place} TO {account.quoted}{option}", frozenset(part)


def revoke(right: Right, account: Account, *, literal: bool) -> str:
    """Return the REVOKE of one right."""
    if right.kind == "ROLE":
        return f"REVOKE {right.name} FROM {account.quoted}"
    return f"REVOKE {right.privilege} ON {_place(right, literal)} FROM {account.quoted}"


def _place(right: Right, literal: bool) -> str:
    """Return what stands behind ON; _ and % in a schema's name are wildcards there."""
    if right.schema == "*":
        return "*.*"
    if right.name == "*":
        escaped = right.schema if literal else re.sub(r"([\\_%])", r"\\\1", right.schema)
        return f"{quote(right.pattern or escaped)}.*"
    kind = f"{right.kind} " if right.kind else ""
    return f"{kind}{quote(right.schema)}.{quote(right.name)}"
