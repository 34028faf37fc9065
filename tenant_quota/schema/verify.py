"""`verify`: a live schema against what this version ships; reads only, in one session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pymysql.connections import Connection

from tenant_quota import __version__
from tenant_quota.apply.backend import lock_name
from tenant_quota.apply.history_statements import Row
from tenant_quota.apply.object_files import Object, Pin, last_pins, path_in, read_object_file
from tenant_quota.apply.shipped import PUT_BACK, Changed, changed_by_hand
from tenant_quota.apply.state import State, read_state
from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError
from tenant_quota.names import parse_account
from tenant_quota.paths import sql_root
from tenant_quota.schema.diff import (
    DIFFERENCE,
    NOTE,
    UNSEEN,
    Finding,
    compare,
    ignored,
    is_ours,
)
from tenant_quota.schema.facts import read_schema
from tenant_quota.schema.lock import Lock, digest, hash_migrations, read_lock
from tenant_quota.statements import StatementFailed, fetch

_BODY = {
    "procedure": re.compile(r"\n((?:\w+: )?BEGIN\n.*)\Z", re.DOTALL),
    "event": re.compile(r"\n\s*DO\s+(.*)\Z", re.DOTALL),
}


@dataclass(frozen=True)
class Report:
    """What `verify` found, and what it looked at."""

    database: str
    server: str  # VERSION()
    findings: list[Finding]
    looked_at: list[str]  # objects and migrations, e.g. table tenants
    by_hand: list[str] = field(default_factory=list)  # of what differs, who it was, in words

    @property
    def differences(self) -> list[Finding]:
        """What must not be."""
        return [f for f in self.findings if f.level == DIFFERENCE]

    @property
    def unseen(self) -> list[Finding]:
        """What this account should see, and does not."""
        return [f for f in self.findings if f.level == UNSEEN]

    @property
    def notes(self) -> list[Finding]:
        """What is worth a line, and no more."""
        return [f for f in self.findings if f.level == NOTE]

    @property
    def exit_code(self) -> int:
        """0 the same, 1 differences, 2 something could not be compared."""
        if self.differences:
            return 1
        return 2 if self.unseen else 0


def verify(
    options: ConnectionOptions,
    *,
    root: Path | None = None,
    definer: str | None = None,
    ignore: tuple[str, ...] = (),
    strict: bool = False,
) -> Report:
    """Compare a schema with the lock of this version. Nothing is written.

    ``definer`` is ``user@host``, None meaning whoever most objects have. ``ignore`` holds
    patterns (``*``, ``?``) of names whose differences are only notes. ``strict`` makes a
    difference of what would be a note, but not of what is ignored. Raises TenantQuotaError.
    """
    account = None if definer is None else str(parse_account(definer, "--definer"))
    root = root or sql_root()
    lock = read_lock(root)
    with closing(connect_to_database(options)) as connection:
        # The server itself now refuses whatever would write.
        fetch(connection, "SET SESSION transaction_read_only = ON")
        live = read_schema(connection, lock.objects)
        findings = [*_running(connection, options.database)]
        changed: list[Changed] = []
        try:
            state = read_state(connection)
            findings += _migrations(state, lock, root)
            changed += changed_by_hand(connection, _last_pins(root), state.rows).values()
        except StatementFailed as error:
            if error.number not in (1142, 1143):
                raise
            findings.append(Finding(UNSEEN, "migrations", "cannot be seen: SELECT is missing"))
    objects = compare(lock, live, definer=account, shipped_body=lambda key: shipped_body(root, key))
    if not set(lock.objects) & set(live.facts) and not live.unseen:
        what = f"tenant-quota is not installed here: {len(_names(lock))} migrations are pending"
        findings = [Finding(DIFFERENCE, f"schema {live.name}", what)]
    else:
        findings = [*objects, *findings]
    findings = _together([*_files(lock, root), *findings])
    if strict:
        findings = [_strictly(finding) for finding in findings]
    findings = [ignored(finding, ignore) for finding in findings]
    differ = {finding.object for finding in findings if finding.level == DIFFERENCE}
    return Report(
        live.name,
        live.version,
        findings,
        [*lock.objects, *(f"migration {name}" for name in _names(lock))],
        [f"{each}; {PUT_BACK}." for each in changed if each.hash and each.what in differ],
    )


def _together(findings: list[Finding]) -> list[Finding]:
    """Return the findings with all that concern one object side by side."""
    order: dict[str, int] = {}
    for finding in findings:
        order.setdefault(finding.object, len(order))
    return sorted(findings, key=lambda finding: order[finding.object])


def _strictly(finding: Finding) -> Finding:
    return replace(finding, level=DIFFERENCE) if finding.level == NOTE else finding


def shipped_body(root: Path, key: str) -> str | None:
    """Return the body in an object's file; None where there is none."""
    kind, _, name = key.partition(" ")
    if kind not in _BODY:
        return None
    try:
        path = path_in(root, kind.upper(), name)
        match = _BODY[kind].search(read_object_file(root, path).statement) if path else None
    except TenantQuotaError:
        return None
    return match[1] if match else None


def _names(lock: Lock) -> list[str]:
    """Return the migrations' names, oldest first."""
    return sorted(
        name.rpartition(".")[0] for name in lock.migrations if not name.endswith(".rollback.sql")
    )


def _files(lock: Lock, root: Path) -> Iterator[Finding]:
    """Yield what was done to this copy of the package: files edited, missing, or not locked."""
    files = hash_migrations(root)
    for name, sha256 in lock.migrations.items():
        if name not in files:
            yield Finding(DIFFERENCE, f"file migrations/{name}", "missing from this copy")
        elif files[name] != sha256:
            what = "edited since the lock was made"
            yield Finding(DIFFERENCE, f"file migrations/{name}", what, "", "", sha256, files[name])
    for name in files:
        if name not in lock.migrations:
            yield Finding(DIFFERENCE, f"file migrations/{name}", "not in the lock (make lock)")
    for pin in _last_pins(root).values():
        try:
            sha256 = read_object_file(root, pin.path).sha256
        except FileNotFoundError:
            yield Finding(DIFFERENCE, f"file {pin.path}", "missing from this copy")
            continue
        if sha256 != pin.sha256:
            what = f"edited without a new pin in {pin.migration}"
            yield Finding(DIFFERENCE, f"file {pin.path}", what, "", "", pin.sha256, sha256)


def stale_lock(root: Path) -> list[str]:
    """Return the files of this copy that the lock does not know as they are."""
    lock = read_lock(root)
    stale = {finding.object.removeprefix("file ") for finding in _files(lock, root)}
    for key, parts in lock.objects.items():
        body = shipped_body(root, key)
        if body is not None and digest(body) != parts[""]["body"]:
            stale.add(key)
    return sorted(stale)


def _last_pins(root: Path) -> dict[Object, Pin]:
    """Return the pin that counts for each object: the last; none for what is dropped."""
    return {each: pin for each, pin in last_pins(root).items() if pin.sha256}


def _running(connection: Connection[Any], schema: str) -> Iterator[Finding]:
    """Say so where an apply or rollback is at work: what it drops and makes anew is missing."""
    row = fetch(connection, "SELECT IS_USED_LOCK(%s) AS holder", (lock_name(schema),))[0]
    if row["holder"]:
        what = f"apply or rollback is running (connection {row['holder']}): look again when it ends"
        yield Finding(NOTE, f"schema {schema}", what)


def _migrations(state: State, lock: Lock, root: Path) -> Iterator[Finding]:
    """Yield what differs in the history of the schema: pending, unknown, or another text."""
    names = _names(lock)
    for name in names:
        if name not in state.applied:
            is_begun = name in state.begun
            what = "begun, and interrupted" if is_begun else "pending: it is not applied here"
            yield Finding(DIFFERENCE, f"migration {name}", what)
    for name in sorted(state.applied.keys() - {*names}):
        level = DIFFERENCE if is_ours(f"migration {name}") else NOTE
        yield Finding(level, f"migration {name}", "applied here and unknown to this version")
    for pin in _last_pins(root).values() if state.rows else ():
        if pin.migration in state.applied:
            yield from _installed(pin, state.rows.get(pin.object))


def _installed(pin: Pin, row: Row | None) -> Iterator[Finding]:
    """Yield what quota_object_history says otherwise than the pin."""
    key = f"migration {pin.migration}"
    if row is None:
        what = f"quota_object_history has no record of {pin.path}"
        yield Finding(DIFFERENCE, key, what, "", "pin")
    elif row["new_sha256"] != pin.sha256:
        what = f"it installed another text of {pin.path} than it pins now: run tenant-quota apply"
        yield Finding(DIFFERENCE, key, what, "", "pin", pin.sha256, row["new_sha256"])
    elif row["installed_at"] is None:
        what = f"installing {pin.path} was interrupted: run tenant-quota apply"
        yield Finding(DIFFERENCE, key, what)


def heading(report: Report) -> str:
    """Return what was compared with what."""
    return f"{report.database} (MySQL {report.server}) and tenant-quota {__version__}"
