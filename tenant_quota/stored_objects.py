"""What a migration that installs a stored object does: `install` and `uninstall`.

Called by the migrations in ``migrations/``, also under plain ``yoyo apply``. Each step may
be killed at any statement and run again: the intent and the text that was live before are
in ``quota_object_history`` before anything is dropped.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymysql.connections import Connection
from yoyo import step

from tenant_quota import live_objects as live
from tenant_quota.connection import LOCK_WAIT_SECONDS
from tenant_quota.errors import TenantQuotaError
from tenant_quota.names import parse_account
from tenant_quota.object_files import KINDS, ObjectFile, read_object_file, read_pins
from tenant_quota.statements import fetch, run

SCRATCH = "tenant_quota_scratch"


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=2)


@dataclass(frozen=True)
class _Manner:
    """How objects are installed: with which definer (quoted), and where to say what."""

    definer: str = ""
    note: Callable[[str], None] = _warn


_manner: ContextVar[_Manner] = ContextVar("manner", default=_Manner())  # noqa: B039 - frozen


@contextmanager
def installing(definer: str | None, note: Callable[[str], None]) -> Iterator[None]:
    """Within this, objects are created with ``user@host`` as their definer.

    None means the account that is connected. ``note`` gets what the user should know.
    Raises TenantQuotaError if the definer is no account.
    """
    token = _manner.set(_Manner(quoted_definer(definer), note))
    try:
        yield
    finally:
        _manner.reset(token)


def quoted_definer(definer: str | None) -> str:
    """Return ``user@host`` quoted, empty for None. Raises TenantQuotaError if it is no account."""
    return "" if definer is None else parse_account(definer, "--definer").quoted


def install(migration_file: str, path: str, *, sha256: str) -> None:
    """Declare the steps that install ``path`` as it is at this SHA-256, and undo that.

    Nothing is read before the step runs, so that an edited file stops only itself.
    """
    migration = Path(migration_file).stem
    root = Path(migration_file).resolve().parent.parent

    def apply(connection: Connection[Any]) -> None:
        file = pinned_file(root, migration, path, sha256)
        _prepare(connection)
        if file is not None:
            _replace(connection, migration, file)

    step(apply, lambda connection: _restore(connection, migration))


def uninstall(migration_file: str, path: str) -> None:
    """Declare the steps that drop an object whose file is gone, and bring it back."""
    migration = Path(migration_file).stem

    def apply(connection: Connection[Any]) -> None:
        _prepare(connection)
        kind, name = _identity(path)
        gone = live.read_live(connection, kind, name) is None
        _begin(connection, migration, path, "", done=gone)
        live.drop(connection, kind, name)
        _finish(connection, migration)

    step(apply, lambda connection: _restore(connection, migration))


def reopen(connection: Connection[Any], migration: str) -> None:
    """Have a migration install its object anew: with the grants of today, not of then."""
    row = _history(connection, migration)
    if row is None:
        return
    settings = live.Settings()
    if row["previous_state"] is not None:
        settings, _ = live.state_from_json(row["previous_state"])
    grants = _grants_to_keep(connection, row["object_type"], row["object_name"])
    run(
        connection,
        "UPDATE quota_object_history SET previous_state = %s, installed_at = NULL "
        "WHERE migration_id = %s",
        (live.state_to_json(settings, grants), migration),
    )


def pinned_file(root: Path, migration: str, path: str, sha256: str) -> ObjectFile | None:
    """Return the file this migration pins; None if a later migration pins the object."""
    try:
        file = read_object_file(root, path)
    except FileNotFoundError:
        file = None
    if file is not None and file.sha256 == sha256:
        return file
    if any(p.path == path and p.migration > migration for p in read_pins(root / "migrations")):
        return None
    if file is None:
        raise TenantQuotaError(f"{path} is gone, and {migration} installs it: put it back.")
    raise TenantQuotaError(
        f"{path} was edited without a new pin: {migration} pins {sha256[:12]}…, "
        f"the file has {file.sha256[:12]}…. Run `tenant-quota pin`."
    )


def _prepare(connection: Connection[Any]) -> None:
    """Set the session: every statement stands by itself, and locks are not waited for long."""
    connection.autocommit(True)
    run(connection, "SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin")
    run(connection, "SET SESSION lock_wait_timeout = %s", (LOCK_WAIT_SECONDS,))


def _replace(connection: Connection[Any], migration: str, file: ObjectFile) -> None:
    """Install the file's text, unless it is live already."""
    proved = _prove(connection, file)
    current = live.read_live(connection, file.kind, file.name)
    same = current is not None and _same(current, proved, file)
    grants = _begin(connection, migration, file.path, file.sha256, done=same)
    if not same:
        if file.kind != "VIEW":  # a view is replaced in one statement
            live.drop(connection, file.kind, file.name)
        statement = file.create(file.name, _manner.get().definer, replace=file.kind == "VIEW")
        live.create(connection, statement, live.Settings())
    live.restore_grants(connection, file.kind, file.name, grants)
    _finish(connection, migration)


def _prove(connection: Connection[Any], file: ObjectFile) -> live.LiveObject:
    """Create the object under a scratch name and return it as the server writes it.

    So an error in the text is found before the live object is dropped, and what is live
    can be compared in the server's own words.
    """
    live.drop(connection, file.kind, SCRATCH)
    try:
        if file.kind == "EVENT":
            live.create(connection, file.create_asleep(SCRATCH), live.Settings())
        else:
            live.create(connection, file.create(SCRATCH), live.Settings())
        proved = live.read_live(connection, file.kind, SCRATCH)
    finally:
        live.drop(connection, file.kind, SCRATCH)
    if proved is None:
        raise TenantQuotaError(f"{file.path}: the scratch object vanished; run this again.")
    return proved


def _same(current: live.LiveObject, proved: live.LiveObject, file: ObjectFile) -> bool:
    """Whether the live object has this text, settings and, where one is given, definer."""
    text = proved.as_named(SCRATCH, file.name)
    if file.kind == "EVENT":
        text = live.with_status(text, file.event_status)
    return (
        current.as_named(file.name, file.name) == text
        and current.settings == proved.settings
        and _manner.get().definer in ("", current.definer)
    )


def _identity(path: str) -> tuple[str, str]:
    """Return kind and name of the object that ``folder/name.sql`` holds."""
    return KINDS[Path(path).parts[0]], Path(path).stem


def _history(connection: Connection[Any], migration: str) -> dict[str, Any] | None:
    rows = fetch(
        connection,
        "SELECT object_type, object_name, previous_create, previous_state, installed_at "
        "FROM quota_object_history WHERE migration_id = %s",
        (migration,),
    )
    return rows[0] if rows else None


def _begin(
    connection: Connection[Any], migration: str, path: str, sha256: str, *, done: bool
) -> list[dict[str, str]]:
    """Record the intent with all that is live, and return the grants to give back.

    The record of an interrupted run stays: by now what it found may be dropped. So does
    that of a run which was killed after its last statement (``done``), before yoyo's mark.
    """
    kind, name = _identity(path)
    row = _history(connection, migration)
    if row is not None and (done or row["installed_at"] is None):
        run(
            connection,
            "UPDATE quota_object_history SET new_sha256 = %s WHERE migration_id = %s",
            (sha256, migration),
        )
        return live.state_from_json(row["previous_state"])[1] if row["previous_state"] else []

    current = live.read_live(connection, kind, name)
    grants = _grants_to_keep(connection, kind, name) if current else []
    run(
        connection,
        "REPLACE INTO quota_object_history (migration_id, object_type, object_name, new_sha256, "
        "previous_create, previous_state) VALUES (%s, %s, %s, %s, %s, %s)",
        (
            migration,
            kind,
            name,
            sha256,
            current and current.create,
            current and live.state_to_json(current.settings, grants),
        ),
    )
    return grants


def _grants_to_keep(connection: Connection[Any], kind: str, name: str) -> list[dict[str, str]]:
    grants = live.read_grants(connection, kind, name)
    if grants is None:
        _manner.get().note(
            f"{name}: this account may not read mysql.procs_priv, so EXECUTE that was granted "
            f"on this procedure itself (not on the schema) must be granted again."
        )
    return grants or []


def _finish(connection: Connection[Any], migration: str) -> None:
    run(
        connection,
        "UPDATE quota_object_history SET installed_at = UTC_TIMESTAMP(6) WHERE migration_id = %s",
        (migration,),
    )


def _restore(connection: Connection[Any], migration: str) -> None:
    """Bring back exactly what this migration replaced; nothing if it replaced nothing.

    The routine's grants of today come back, not those of then. They are in the history
    before the DROP, and ``installed_at`` NULL says so, in case this is interrupted.
    """
    _prepare(connection)
    row = _history(connection, migration)
    if row is None:
        return
    kind, name = row["object_type"], row["object_name"]
    if row["previous_create"] is None:
        live.drop(connection, kind, name)
    else:
        settings, grants = live.state_from_json(row["previous_state"])
        previous = live.LiveObject(row["previous_create"], settings)
        current = live.read_live(connection, kind, name)
        if row["installed_at"] is not None and current is not None:
            grants = _grants_to_keep(connection, kind, name)
            run(
                connection,
                "UPDATE quota_object_history SET previous_state = %s, installed_at = NULL "
                "WHERE migration_id = %s",
                (live.state_to_json(settings, grants), migration),
            )
        if current != previous:
            live.drop(connection, kind, name)
            live.create(connection, previous.create, settings)
        live.restore_grants(connection, kind, name, grants)
    run(connection, "DELETE FROM quota_object_history WHERE migration_id = %s", (migration,))
