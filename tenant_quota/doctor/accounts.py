"""Checks of accounts: who is connected, and whose rights procedures run with."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote as shell_quote

from tenant_quota.apply import live_objects
from tenant_quota.apply.object_files import shipped_objects
from tenant_quota.doctor.findings import NOTE, OK, PROBLEM, Finding, Patient, unseen
from tenant_quota.grants.held import Right
from tenant_quota.grants.needs import read_code_needs
from tenant_quota.grants.server import default_roles, is_locked
from tenant_quota.grants.wanted import (
    PROCS_PRIV,
    code_rights,
    grant,
    in_order,
    migrator_rights,
)
from tenant_quota.names import Account, account_named
from tenant_quota.paths import sql_root

_ABOVE_READ_ONLY = ("SUPER", "CONNECTION_ADMIN")
_FEW = 3  # GRANTs that a person reads; more are left to the command


def privileges(patient: Patient) -> Iterator[Finding]:
    """Could the connected account apply and roll back?"""
    (row,) = patient.ask("SELECT CURRENT_USER() AS account")
    account = account_named(row["account"])
    others = {definer for definer, _ in _read_definers(patient)} - {str(account)}
    needed = migrator_rights(patient.schema, patient.version, of_others=bool(others))
    missing = {right for right in needed if not patient.held.holds(right)}
    what = f"{account} can apply and roll back"
    if missing - {PROCS_PRIV, Right(patient.schema, "", "*", "TRIGGER")}:
        what = f"{account} could not run apply or rollback; fine where another account does"
    elif PROCS_PRIV in missing:
        what = (
            f"{account} may not read mysql.procs_priv: when a procedure is replaced, "
            "EXECUTE that was granted on itself is lost"
        )
    elif missing:
        what = f"{what}; triggers, which verify looks for, it cannot see"
    do = "; ".join(_grants(patient, account, missing))
    yield Finding(NOTE if missing else OK, what, do)


def _grants(patient: Patient, account: Account, rights: set[Right]) -> list[str]:
    return [statement for statement, _ in grant(rights, account, literal=patient.literal)]


def _read_definers(patient: Patient) -> list[tuple[str, int]]:
    """Return who our objects run as, and how many."""
    return live_objects.by_number(
        live_objects.definers(patient.connection, shipped_objects(sql_root()))
    )


def definers(patient: Patient) -> Iterator[Finding]:
    """Every call runs with its definer's rights: it must exist, suffice, and not log in."""
    rows = _read_definers(patient)
    for definer, objects in rows:
        yield _definer(patient, account_named(definer), objects)
    if len(rows) > 1:
        what = f"the objects have {len(rows)} definers"
        yield Finding(NOTE, what, "tenant-quota verify --definer user@host names them")
    if not rows:
        yield unseen("no procedure, view or event of ours shows to this account")


def _definer(patient: Patient, account: Account, objects: int) -> Finding:
    """Judge a definer by what all of the shipped code needs, whatever of it runs as this one."""
    locked = is_locked(patient.connection, account)
    which = f"{account}, the definer of {objects} objects,"
    if locked is None:
        what = f"{which} does not exist: every call fails (1449)"
        return Finding(PROBLEM, what, _command(account), str(account))
    # Procedures run with its default roles; it does not help that it has others.
    roles = [role.quoted for role in default_roles(patient.connection, account)]
    needed = code_rights(read_code_needs(sql_root()), patient.schema, patient.version)
    held = patient.held_by(account, roles)
    missing = {right for right in needed if not held.holds(right)}
    if missing:
        what = f"{which} lacks {_told(missing)}: {_consequence(missing)}"
        grants = _grants(patient, account, missing)
        do = "; ".join(grants) if len(grants) <= _FEW else _command(account)
        if all(patient.held_by(account).holds(right) for right in missing):
            do = f"SET DEFAULT ROLE ALL TO {account.quoted}"
        return Finding(PROBLEM, what, do, str(account))
    above = [word for word in _ABOVE_READ_ONLY if held.holds(Right("*", "", "*", word))]
    if above:
        words = ", ".join(above)
        what = f"{which} holds {words}: what runs as it could write on a read_only server"
        do = f"REVOKE {words} ON *.* FROM {account.quoted}"
        if not locked:
            do = "tenant-quota grants --apply; tenant-quota apply --definer quota_definer@localhost"
        return Finding(PROBLEM, what, do, str(account))
    if not locked:
        what = f"{which} can log in; a locked account cannot leak"
        do = "apply with --definer of a locked account that has no more than it needs"
        return Finding(NOTE, what, do, str(account))
    return Finding(OK, f"{account} is locked and has what it needs", "", str(account))


def _told(rights: set[Right]) -> str:
    """Name privileges, with what they are on where that is not much."""
    places: dict[str, set[str]] = {}
    for right in rights:
        place = "the schema" if right.name == "*" else right.name
        places.setdefault(place, set()).add(right.privilege)
    if len(places) > _FEW:
        return ", ".join(in_order({right.privilege for right in rights}))
    return " and ".join(f"{', '.join(in_order(p))} on {name}" for name, p in sorted(places.items()))


def _consequence(rights: set[Right]) -> str:
    return "its events do not run" if {r.privilege for r in rights} == {"EVENT"} else "calls fail"


def grants_command(account: Account) -> str:
    """Return the command that made an account of this name, and mends its rights; else nothing."""
    hosts = {"definer": "localhost", "app": "%", "monitor": "%", "admin": "%"}
    prefix, _, kind = account.user.rpartition("_")
    if not prefix or hosts.get(kind) != account.host:
        return ""
    option = "" if prefix == "quota" else f"--prefix {shell_quote(prefix)} "
    return f"tenant-quota grants {option}--apply"


def _command(definer: Account) -> str:
    other = f"tenant-quota grants --definer {shell_quote(str(definer))} --apply"
    return grants_command(definer) or other
