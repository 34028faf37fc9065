"""Checks of who may call: the roles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tenant_quota.doctor.findings import NOTE, OK, WARNING, Finding, Patient
from tenant_quota.grants.held import Held, Right
from tenant_quota.grants.needs import CodeNeeds, read_code_needs
from tenant_quota.names import Account
from tenant_quota.paths import sql_root

#: What `tenant-quota grants` makes by default; others are found by what they hold.
ROLES = ("quota_app", "quota_monitor", "quota_admin")


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
