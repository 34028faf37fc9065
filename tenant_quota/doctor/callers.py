"""Checks of who may call: the roles, and who could put tables of its own in place of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tenant_quota.doctor.accounts import grants_command
from tenant_quota.doctor.findings import NOTE, OK, WARNING, Finding, Patient, fine
from tenant_quota.grants.held import Held, Right
from tenant_quota.grants.needs import CodeNeeds, read_code_needs
from tenant_quota.names import Account, parse_role, quote
from tenant_quota.paths import sql_root

#: What `tenant-quota grants` makes by default; others are found by what they hold.
ROLES = ("quota_app", "quota_monitor", "quota_admin")
_TEMPORARY = "CREATE TEMPORARY TABLES"


def roles(patient: Patient) -> Iterator[Finding]:
    """The roles, whatever their names: do they reach this schema, and no table too many?"""
    needs = read_code_needs(sql_root())
    ours = {"*", *needs.tables, *needs.views, *needs.procedures}
    found = False
    # A role is what was granted to somebody, or what CREATE ROLE left as it was.
    for row in patient.ask(
        "SELECT User AS user, Host AS host FROM mysql.user WHERE User IN %s "
        "OR (User, Host) IN (SELECT FROM_USER, FROM_HOST FROM mysql.role_edges) "
        "OR (account_locked = 'Y' AND password_expired = 'Y' AND authentication_string = '') "
        "ORDER BY User, Host",
        ROLES,
    ):
        role = Account(row["user"], row["host"])
        held = patient.held_by(role)
        here = any(r.schema == patient.schema and r.name in ours for r in held.rights)
        if here or role.user in ROLES:
            found = True
            yield _role(patient, role, held, needs)
    if not found:
        what = (
            f"none of the roles {', '.join(ROLES)} is there, and no other role holds anything of "
            "ours; applications need no more than EXECUTE"
        )
        yield Finding(NOTE, what, "tenant-quota grants --apply")


def _role(patient: Patient, role: Account, held: Held, needs: CodeNeeds) -> Finding:
    def on(names: Iterable[str], kind: str, *privileges: str) -> set[str]:
        return {
            name
            for name in names
            if any(held.holds(Right(patient.schema, kind, name, each)) for each in privileges)
        }

    name = role.user if role.host == "%" else str(role)
    calls = on(needs.procedures, "PROCEDURE", "EXECUTE")
    views = on(needs.views, "", "SELECT")
    tables = on(needs.tables, "", "SELECT", "INSERT", "UPDATE", "DELETE")
    if not (calls or views or tables):
        return Finding(NOTE, f"{name} has no grant on {patient.schema}", "", name)
    command = grants_command(role)
    if command and needs.views <= views and not calls:
        what = (
            f"{name} has SELECT on our views and EXECUTE on no procedure: a restore drops the "
            "procedures, and MySQL drops the grants on them"
        )
        return Finding(WARNING, what, command, name)
    # Administrators read what was changed; whoever only asks check_quota is not counted anyway.
    is_application = role.user == ROLES[0] or bool(
        calls & needs.application - {"check_quota"} and not calls & needs.administration
    )
    if tables and is_application:
        what = f"{name} may read or write tables: an application that does is not counted"
        do = f"REVOKE that from {role.quoted}; EXECUTE on the procedures is enough"
        return Finding(WARNING, what, do, name)
    what = f"{name} has EXECUTE on {len(calls)} of our procedures, SELECT on {len(views)} views"
    return Finding(OK, what, "", name)


@fine(f"no account that may call has {_TEMPORARY} here")
def temporary_tables(patient: Patient) -> Iterator[Finding]:
    """Who may call and make temporary tables here can put one in place of ours, unseen.

    MySQL looks for the caller's temporary tables first, also inside procedures. Whoever has
    CREATE USER could give itself anything, and is passed over; so is who cannot log in.
    """
    needs = read_code_needs(sql_root())
    wanted = Right(patient.schema, "", "*", _TEMPORARY)
    calls = [Right(patient.schema, "PROCEDURE", name, "EXECUTE") for name in sorted(needs.public)]
    holders, granted = _holders(patient, wanted), _granted_roles(patient)
    for row in patient.ask(
        "SELECT User AS user, Host AS host FROM mysql.user WHERE account_locked = 'N' "
        "ORDER BY User, Host"
    ):
        account = Account(row["user"], row["host"])
        by = _with_its_roles(account, granted) & holders.keys()
        if not by:
            continue
        held = patient.held_by(account, [role.quoted for role in granted.get(account, ())])
        if (
            held.holds(wanted, doubtful=True)
            and any(held.holds(right, doubtful=True) for right in calls)
            and not held.holds(Right("*", "", "*", "CREATE USER"))
        ):
            what = (
                f"{account} may call our procedures and {_TEMPORARY} here: one that is named as "
                "a table of ours is used in its place, and it is granted whatever it likes"
            )
            do = "; ".join(
                f"REVOKE {_TEMPORARY} ON {place} FROM {holder.quoted}"
                for holder in sorted(by)
                for place in holders[holder]
            )
            yield Finding(WARNING, what, do, str(account))


def _holders(patient: Patient, wanted: Right) -> dict[Account, list[str]]:
    """Return who was given the privilege itself, and on what that covers this schema."""
    holders: dict[Account, list[str]] = {}
    for row in patient.ask(
        "SELECT User AS user, Host AS host, '*' AS place FROM mysql.user "
        "WHERE Create_tmp_table_priv = 'Y' UNION ALL "
        "SELECT User, Host, Db FROM mysql.db WHERE Create_tmp_table_priv = 'Y'"
    ):
        given = Right(row["place"], "", "*", wanted.privilege, row["place"])
        if Held(frozenset({given}), literal=patient.literal).holds(wanted):
            place = "*.*" if row["place"] == "*" else f"{quote(row['place'])}.*"
            holders.setdefault(Account(row["user"], row["host"]), []).append(place)
    return holders


def _granted_roles(patient: Patient) -> dict[Account, set[Account]]:
    """Return the roles of every account and of every role: its own, and what all must have."""
    rows = patient.ask("SELECT User AS user, Host AS host FROM mysql.user")
    there = {Account(row["user"], row["host"]) for row in rows}
    names = patient.variables.get("mandatory_roles", "").split(",")
    named = {parse_role(name.strip(), "mandatory_roles") for name in names if name.strip()}
    granted = {account: {*named} & there for account in there}  # not all named need be there
    for row in patient.ask(
        "SELECT FROM_USER AS role, FROM_HOST AS role_host, TO_USER AS user, TO_HOST AS host "
        "FROM mysql.role_edges"
    ):
        role = Account(row["role"], row["role_host"])
        granted.setdefault(Account(row["user"], row["host"]), set()).add(role)
    return granted


def _with_its_roles(account: Account, granted: dict[Account, set[Account]]) -> set[Account]:
    """Return an account with all roles that it has, and that these have."""
    found, new = set[Account](), {account}
    while new:
        found |= new
        new = {role for each in new for role in granted.get(each, ())} - found
    return found
