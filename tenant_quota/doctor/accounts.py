"""Checks of accounts: who is connected, whose rights procedures run with, and the roles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tenant_quota.doctor.findings import NOTE, OK, PROBLEM, WARNING, Finding, Patient
from tenant_quota.grants.held import Right
from tenant_quota.grants.wanted import PROCS_PRIV
from tenant_quota.names import Account, account_named
from tenant_quota.object_files import object_paths
from tenant_quota.paths import sql_root

#: What apply needs on the schema (README).
MIGRATOR = (
    *("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX"),
    *("CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EXECUTE", "EVENT"),
)
#: What the procedures and events need of their definer on the schema.
DEFINER = ("SELECT", "INSERT", "UPDATE", "DELETE", "EXECUTE")
ROLES = ("quota_app", "quota_monitor", "quota_admin")


def privileges(patient: Patient) -> Iterator[Finding]:
    """Could the connected account apply and roll back?"""
    (row,) = patient.ask("SELECT CURRENT_USER() AS account")
    account = account_named(row["account"]).quoted
    missing = [privilege for privilege in MIGRATOR if not patient.may(privilege)]
    if missing:
        what = f"{row['account']} could not run apply or rollback; fine where another account does"
        do = f"GRANT {', '.join(missing)} ON `{patient.schema}`.* TO {account}"
        yield Finding(NOTE, what, do)
    elif not patient.held.holds(PROCS_PRIV):
        what = (
            f"{row['account']} may not read mysql.procs_priv: when a procedure is replaced, "
            "EXECUTE that was granted on itself is lost"
        )
        yield Finding(NOTE, what, f"GRANT SELECT ON mysql.procs_priv TO {account}")
    else:
        yield Finding(OK, f"{row['account']} can apply and roll back")


def definers(patient: Patient) -> Iterator[Finding]:
    """Every call runs with its definer's rights: it must exist, suffice, and not log in."""
    rows = patient.ask(
        "SELECT definer, COUNT(*) AS objects FROM ("
        "SELECT definer AS definer FROM information_schema.routines "
        "WHERE routine_schema = DATABASE() "
        "UNION ALL SELECT definer FROM information_schema.views WHERE table_schema = DATABASE() "
        "UNION ALL SELECT definer FROM information_schema.events WHERE event_schema = DATABASE()"
        ") AS d GROUP BY definer ORDER BY objects DESC, definer"
    )
    for row in rows:
        yield _definer(patient, account_named(row["definer"]), row["objects"])
    if len(rows) > 1:
        what = f"the objects have {len(rows)} definers"
        yield Finding(NOTE, what, "tenant-quota verify --definer user@host names them")
    if not rows:
        yield Finding(NOTE, "no object of a definer is to be seen here")


def _definer(patient: Patient, definer: Account, objects: int) -> Finding:
    name, account = str(definer), definer.quoted
    found = patient.ask(
        "SELECT account_locked AS locked FROM mysql.user WHERE User = %s AND Host = %s",
        *(definer.user, definer.host),
    )
    if not found:
        what = f"{name}, the definer of {objects} objects, does not exist: every call fails (1449)"
        do = f"CREATE USER {account} ACCOUNT LOCK, and grant it {', '.join(DEFINER)}"
        return Finding(PROBLEM, what, do, name)
    held = patient.held_by(definer)
    missing = [p for p in DEFINER if not held.holds(Right(patient.schema, "", "*", p))]
    if missing:
        what = f"{name}, the definer of {objects} objects, lacks {', '.join(missing)}: calls fail"
        do = f"GRANT {', '.join(missing)} ON `{patient.schema}`.* TO {account}"
        return Finding(PROBLEM, what, do, name)
    if found[0]["locked"] != "Y":
        what = f"{name}, the definer of {objects} objects, can log in; a locked account cannot leak"
        do = "apply with --definer of a locked account that has no more than it needs"
        return Finding(NOTE, what, do, name)
    return Finding(OK, f"{name} is locked and has what it needs", "", name)


def roles(patient: Patient) -> Iterator[Finding]:
    """The roles, where they are there: do they reach this schema, and no table too many?"""
    rows = patient.ask(
        "SELECT User AS role, Host AS host FROM mysql.user WHERE User IN %s ORDER BY User", ROLES
    )
    if not rows:
        what = (
            f"none of the roles {', '.join(ROLES)} is there; applications need no more than EXECUTE"
        )
        yield Finding(NOTE, what, "tenant-quota grants --apply")
        return
    views = {Path(path).stem for path in object_paths(sql_root()) if path.startswith("views/")}
    for row in rows:
        name = row["role"]
        rights = patient.held_by(Account(name, row["host"])).rights
        ours = [right for right in rights if right.schema in ("*", patient.schema)]
        if not any(right.kind != "ROLE" for right in ours):
            yield Finding(NOTE, f"{name} has no grant on {patient.schema}", "", name)
        elif name == "quota_app" and any(
            right.privilege in ("SELECT", "INSERT", "UPDATE", "DELETE", "ALL PRIVILEGES")
            for right in ours
            if right.name not in views
        ):
            what = "quota_app may read or write tables: an application that does is not counted"
            do = f"REVOKE that from `{name}`@`{row['host']}`; EXECUTE on the procedures is enough"
            yield Finding(WARNING, what, do, name)
        else:
            yield Finding(OK, f"{name} is there", "", name)
