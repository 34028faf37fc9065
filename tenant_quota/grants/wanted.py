"""Who should hold what: the roles, the definer that everything runs as, the migrator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tenant_quota.grants.held import GRANT_OPTION, Right
from tenant_quota.grants.needs import SHARE, CodeNeeds
from tenant_quota.grants.server import Server
from tenant_quota.names import Account

# What apply, rollback, status, verify and, for what they install, grants need on the schema.
# GRANT OPTION: a procedure that is replaced loses its grants, and apply gives them back.
MIGRATOR = (
    *("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "INDEX", "ALTER"),
    *("EXECUTE", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT"),
    *("TRIGGER", GRANT_OPTION),
)
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
    def installs_itself(self) -> bool:
        """Whether the definer is the account that installs, and so stays able to log in."""
        return self.migrator == self.definer


def as_role(role: Account) -> Right:
    """Return what SHOW GRANTS says of who has the role."""
    return Right("*", "ROLE", role.quoted, "")


def as_events(schema: str) -> Right:
    """Return the right to have one's events run in a schema."""
    return Right(schema, "", "*", "EVENT", schema)


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
        names.definer: {as_role(names.monitor), as_events(server.schema)}
        | execute(needs.procedures),
        names.app: execute(needs.application),
        names.monitor: look | check,
        names.admin: look
        | execute(needs.application | needs.administration)
        | on("quota_alerts", "SELECT", "UPDATE (`delivered_at`)")
        | {right for table in _CHANGES for right in on(table, "SELECT")},
    }
    for table, privileges in needs.tables.items():
        share = {"UPDATE"} if SHARE in privileges and server.number < (8, 0, 22) else set()
        wanted[names.definer] |= on(table, *(privileges - {SHARE}), *share)
    if names.migrator:
        rights = on("*", *MIGRATOR) | {Right("mysql", "", "procs_priv", "SELECT")}
        if names.installs_itself:
            # Its rights on the schema hold all of the definer's, but with a role active they are
            # not found under a name with \_ when a procedure runs: so these as well.
            wanted[names.migrator] = rights | wanted[names.definer]
        else:
            globally = {"SET_ANY_DEFINER" if server.number >= (8, 2, 0) else "SET_USER_ID"}
            globally |= {"SHOW_ROUTINE"} if server.number >= (8, 0, 20) else set()
            wanted[names.migrator] = rights | {Right("*", "", "*", word) for word in globally}
    return wanted
