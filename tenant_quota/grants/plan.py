"""`grants`: who may do what, as SQL; and what of it a server lacks or has beyond it.

Roles and accounts are the server's, not a schema's. So a role that holds anything in another
schema is refused unless sharing is asked for: it would let one application into both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tenant_quota import __version__
from tenant_quota.apply.live_objects import by_number
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError
from tenant_quota.grants.held import GRANT_OPTION, Right, may_grant
from tenant_quota.grants.needs import CodeNeeds, read_code_needs
from tenant_quota.grants.server import Server, read_server
from tenant_quota.grants.wanted import (
    Names,
    as_events,
    as_role,
    grant,
    revoke,
    wanted_rights,
)
from tenant_quota.names import Account
from tenant_quota.paths import sql_root

# Nobody has this password: MySQL's own locked accounts (mysql.sys) are made the same way.
_NOBODY = (
    "IDENTIFIED WITH caching_sha2_password AS "
    "'$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED'"
)


@dataclass(frozen=True)
class Step:
    """One statement. ``kind`` is account, grant or revoke; ``rights`` what it is about."""

    kind: str
    statement: str
    grantee: Account
    rights: frozenset[Right] = frozenset()
    is_done: bool = False  # it would change nothing


@dataclass(frozen=True)
class Plan:
    """All of it, and how the server differs; ``steps`` leaves out what cannot be run yet."""

    schema: str
    server: str  # VERSION()
    steps: list[Step] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)  # accounts

    @property
    def todo(self) -> list[Step]:
        """The steps that would change something, or whose account is not readable."""
        return [step for step in self.steps if not step.is_done]


def make_plan(options: ConnectionOptions, names: Names, *, shared: bool = False) -> Plan:
    """Compare what the roles and accounts should hold with what they hold. Writes nothing.

    ``shared`` allows roles and a definer that hold something in other schemas. Raises
    TenantQuotaError where a name is taken by something else.
    """
    needs = read_code_needs(sql_root())
    server = read_server(options, names.all)
    _refuse(names, server, shared)
    plan = Plan(server.schema, server.version, [*_accounts(names, server)])
    for account, rights in wanted_rights(needs, names, server).items():
        grantee = server.grantees[account]
        if account != names.migrator:
            for step in revokes(account, grantee.rights - rights, server):
                (right,) = step.rights
                plan.steps.append(step)
                plan.findings.append(f"{account} holds {right}, which it does not need")
        absent = {right for right in rights if _is_absent(right, server)}
        now = {
            right
            for right in rights - absent
            if right.kind != "ROLE" and not (right.pattern and right.privilege == "EVENT")
        }  # those two: see _accounts
        for statement, part in grant(now, account, literal=server.literal):
            is_done = grantee.is_there and part <= grantee.rights
            plan.steps.append(Step("grant", statement, account, part, is_done))
        if grantee.is_unseen:
            plan.unseen.append(str(account))
        elif not grantee.is_there:
            plan.findings.append(f"{account} does not exist")
        else:
            lacks = sorted(rights - grantee.rights - absent)
            plan.findings.extend(f"{account} lacks {right}" for right in lacks)
        if absent - grantee.rights:
            plan.findings.append(f"{account}: {len(absent)} grants wait for tenant-quota apply")
    definer = server.grantees[names.definer]
    if definer.is_locked is False and not names.installs_itself:
        plan.findings.append(f"{names.definer} is not locked")
    if definer.defaults is not None and names.monitor not in definer.defaults:
        what = f"{names.monitor} is not its default role: views fail for whoever has a role"
        plan.findings.append(f"{names.definer}: {what}")
    plan.findings.extend(_definers(names, server))
    plan.notes.extend(_notes(plan, needs, names, server))
    return plan


def revokes(
    account: Account, rights: Iterable[Right], server: Server, *, everywhere: bool = False
) -> Iterator[Step]:
    """Yield a REVOKE for each right, unless ``everywhere`` of those on this schema alone."""
    for right in sorted(rights):
        if everywhere or is_here(right, server.schema):
            statement = revoke(right, account, literal=server.literal)
            yield Step("revoke", statement, account, frozenset({right}))


def _refuse(names: Names, server: Server, shared: bool) -> None:
    """Raise TenantQuotaError where a name is another's, or would open another schema."""
    if len({*names.roles, names.definer}) < 4:
        raise TenantQuotaError("The three roles and the definer must be four different names.")
    if names.migrator in names.roles:
        raise TenantQuotaError("The migrator is an account that logs in, not one of the roles.")
    for role in names.roles:
        if server.grantees[role].is_locked is False:
            raise TenantQuotaError(
                f"{role} is an account that can log in, not a role: use another --prefix."
            )
    if names.definer == server.current and not names.installs_itself:
        raise TenantQuotaError(f"{names.definer} is the account that is connected: not locked.")
    for account in names.all:
        if account == names.migrator:
            continue
        rights = server.grantees[account].rights
        others = {right.schema for right in rights if not is_here(right, server.schema)}
        if "*" in others:
            raise TenantQuotaError(
                f"{account} holds privileges on the whole server: use another name."
            )
        if others and not shared:
            raise TenantQuotaError(
                f"{account} holds privileges in {', '.join(sorted(others))} as well: whoever has "
                f"it could use both. Give {server.schema} names of its own with --prefix, or say "
                "--shared."
            )


def is_here(right: Right, schema: str) -> bool:
    """Whether a right is this schema's business; a role that is granted is, wherever it is."""
    return right.schema == schema or right.kind == "ROLE"


def _is_absent(right: Right, server: Server) -> bool:
    if right.schema != server.schema or right.name == "*":
        return False
    return right.name not in (server.procedures if right.kind else server.tables)


def _accounts(names: Names, server: Server) -> Iterator[Step]:
    """Yield the statements that make accounts and roles. Each may be run again."""
    there, monitor = server.grantees, names.monitor
    definer, held = names.definer.quoted, there[names.definer]
    for account in dict.fromkeys(filter(None, (names.definer, names.migrator))):
        create = f"CREATE USER IF NOT EXISTS {account.quoted} {_NOBODY} ACCOUNT LOCK"
        yield Step("account", create, account, is_done=there[account].is_there)
    if not names.installs_itself:
        lock = f"ALTER USER {definer} ACCOUNT LOCK"
        yield Step("account", lock, names.definer, is_done=bool(held.is_locked))
    for role in names.roles:
        create = f"CREATE ROLE IF NOT EXISTS {role.quoted}"
        yield Step("account", create, role, is_done=there[role].is_there)
    events = as_events(server.schema)
    ((grant_events, _),) = grant([events], names.definer, literal=server.literal)
    default = f"SET DEFAULT ROLE {monitor.quoted} TO {definer}"
    for statement, is_done in (
        (f"GRANT {monitor.quoted} TO {definer}", as_role(monitor) in held.rights),
        (default, monitor in (held.defaults or ())),
        (grant_events, events in held.rights),
    ):
        yield Step("account", statement, names.definer, is_done=is_done)


def _definers(names: Names, server: Server) -> Iterator[str]:
    """Yield who else our objects run as, with how many."""
    for definer, count in sorted(by_number(server.definers)):
        if definer != str(names.definer):
            yield (
                f"{definer} is the definer of {count} of our objects, not {names.definer}: "
                f"tenant-quota apply --definer {names.definer} installs them anew"
            )


def _notes(plan: Plan, needs: CodeNeeds, names: Names, server: Server) -> Iterator[str]:
    """Yield what is left to do, and what the connected account cannot do and what then."""
    if (
        not needs.procedures <= server.procedures
        or not {*needs.tables, *needs.views} <= server.tables
    ):
        yield (
            f"Not all is installed in {server.schema} yet: run tenant-quota apply --definer "
            f"{names.definer}, and then this again for the tables and procedures left out here."
        )
    if names.migrator:
        migrator = server.grantees[names.migrator]
        if not migrator.is_there or migrator.is_locked:
            how = "is made locked and without a password"
            if migrator.is_there:
                how = "is locked, and installs only when it is not"
            yield (
                f"{names.migrator} {how}: ALTER USER "
                f"{names.migrator.quoted} IDENTIFIED BY '...' ACCOUNT UNLOCK"
            )
        if server.number < (8, 0, 20) and not names.installs_itself:
            yield "MySQL before 8.0.20 has no SHOW_ROUTINE: the migrator cannot verify procedures."
    wanted = {right for step in plan.todo if step.kind == "grant" for right in step.rights}
    refused = sorted(
        r for r in wanted if r.privilege != GRANT_OPTION and not may_grant(server.own, r)
    )
    if any(right.schema == "*" for right in refused):
        words = ", ".join(right.privilege for right in refused if right.schema == "*")
        yield (
            f"This account cannot grant {words}, which a managed service may keep to itself. Then "
            f"let one account be both: --migrator {names.definer}. It needs neither, and is locked "
            "by ALTER USER between installations; procedures run as it all the same."
        )
    if any(right.schema == "mysql" for right in refused):
        yield (
            "This account cannot grant SELECT on mysql.procs_priv. Without it apply says which "
            "procedures it replaced: run this again after each apply."
        )
    if any(right.schema == server.schema for right in refused):
        yield f"This account cannot grant all of it on {server.schema}: connect as one that can."
    creates = [step for step in plan.todo if step.kind == "account"]
    if creates and not any(r.privilege in ("CREATE USER", "ALL PRIVILEGES") for r in server.own):
        yield "This account cannot create accounts (CREATE USER): they must be there already."


def heading(plan: Plan) -> str:
    """Return what this is about."""
    return f"Privileges for {plan.schema}, by tenant-quota {__version__} for MySQL {plan.server}"
