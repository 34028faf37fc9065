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

from tenant_quota.apply import by_hand
from tenant_quota.apply import live_objects as live
from tenant_quota.apply import object_history as history
from tenant_quota.apply.object_files import (
    ObjectFile,
    Pin,
    identity,
    path_of,
    read_object_file,
    read_pins,
)
from tenant_quota.apply.object_history import Intent
from tenant_quota.apply.proof import prove
from tenant_quota.connection import LOCK_WAIT_SECONDS
from tenant_quota.errors import TenantQuotaError
from tenant_quota.names import parse_account
from tenant_quota.statements import run


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=2)


@dataclass(frozen=True)
class _Manner:
    """How objects are installed: with which definer (quoted), and where to say what.

    ``force``: also where somebody changed the object by hand, whose text is kept then.
    """

    definer: str = ""
    note: Callable[[str], None] = _warn
    force: bool = False


_manner: ContextVar[_Manner] = ContextVar("manner", default=_Manner())  # noqa: B039 - frozen


@contextmanager
def installing(
    definer: str | None, note: Callable[[str], None], *, force: bool = False
) -> Iterator[None]:
    """Within this, objects are created with ``user@host`` as their definer.

    None means the account that is connected. ``note`` gets what the user should know.
    With ``force`` what was changed by hand is replaced, and kept. Raises TenantQuotaError
    if the definer is no account.
    """
    token = _manner.set(_Manner(quoted_definer(definer), note, force))
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
        kind, name = identity(path)
        current = live.read_live(connection, kind, name)
        if current is not None:
            _keep_by_hand(connection, migration, path, current)
        _begin(connection, Intent(migration, kind, name), done=current is None)
        live.drop(connection, kind, name)
        history.finish(connection, migration, kind, name)

    step(apply, lambda connection: _restore(connection, migration))


def reopen(connection: Connection[Any], migration: str) -> None:
    """Have a migration install its object anew: with the grants of today, not of then.

    What is begun and not finished has those of today already, and they may be dropped.
    """
    row = history.read(connection, migration)
    if row is None or row["installed_at"] is None:
        return
    settings = live.Settings()
    if row["previous_state"] is not None:
        settings, _ = live.state_from_json(row["previous_state"])
    grants = _grants_to_keep(connection, row["object_type"], row["object_name"])
    history.unfinish(connection, migration, settings, grants)


def is_shipped(connection: Connection[Any], root: Path, pin: Pin) -> bool:
    """Whether what is live is what this pin installs, whoever made it; tries that out."""
    _prepare(connection)
    kind, name = identity(pin.path)
    try:
        file = pinned_file(root, pin.migration, pin.path, pin.sha256)
        current = live.read_live(connection, kind, name)
        if file is None or current is None:
            return False
        return prove(connection, file).is_text_of(current)
    except TenantQuotaError:
        return False  # the migration itself will say what is wrong


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
    proof = prove(connection, file)
    current = live.read_live(connection, file.kind, file.name)
    same = current is not None and proof.is_text_of(current)
    if current is not None and not same:
        _keep_by_hand(connection, migration, file.path, current)
    same = same and current is not None and _manner.get().definer in ("", current.definer)
    intent = Intent(migration, file.kind, file.name, file.sha256, proof.hash)
    grants = _begin(connection, intent, done=same)
    if not same:
        definer = _manner.get().definer
        if file.kind == "VIEW":  # it is replaced in one statement
            statement = file.create(file.name, definer, replace=True)
            live.create_or_replace(connection, file.name, statement)
        else:
            statement = file.create(file.name, definer)
            live.replace(connection, file.kind, file.name, statement, live.Settings())
    live.restore_grants(connection, file.kind, file.name, grants)
    history.finish(connection, migration, file.kind, file.name)


def _keep_by_hand(
    connection: Connection[Any], migration: str, path: str, current: live.LiveObject
) -> None:
    """Keep what somebody changed by hand; without `--force` raise TenantQuotaError instead.

    The first time the migration's own row keeps it, and rollback brings it back. Where the
    row has kept something else since then, it gets a row of its own.
    """
    if not by_hand.is_changed(connection, path):
        return
    if not _manner.get().force:
        by_hand.refuse(
            [
                (changed, Pin(migration, path, "replaces"))
                for changed in by_hand.find(connection, [path]).values()
            ]
        )
    if history.read(connection, migration) is not None:
        history.keep(connection, migration, *identity(path), current)


def _begin(connection: Connection[Any], intent: Intent, *, done: bool) -> list[dict[str, str]]:
    """Record the intent with all that is live, and return the grants to give back.

    The record of an interrupted run stays: by now what it found may be dropped. So does
    that of a run which was killed after its last statement (``done``), before yoyo's mark.
    """
    row = history.read(connection, intent.migration)
    if row is not None and (done or row["installed_at"] is None):
        history.record_again(connection, intent.migration, intent.sha256)
        return live.state_from_json(row["previous_state"])[1] if row["previous_state"] else []

    current = live.read_live(connection, intent.kind, intent.name)
    grants = _grants_to_keep(connection, intent.kind, intent.name) if current else []
    history.record(connection, intent, current, grants)
    return grants


def _grants_to_keep(connection: Connection[Any], kind: str, name: str) -> list[dict[str, str]]:
    grants = live.read_grants(connection, kind, name)
    if grants is None:
        _manner.get().note(
            f"{name}: this account may not read mysql.procs_priv, so EXECUTE that was granted "
            f"on this procedure itself (not on the schema) must be granted again."
        )
    return grants or []


def _restore(connection: Connection[Any], migration: str) -> None:
    """Bring back exactly what this migration replaced; nothing if it replaced nothing.

    The routine's grants of today come back, not those of then. They are in the history
    before the DROP, and ``installed_at`` NULL says so, in case this is interrupted.
    """
    _prepare(connection)
    row = history.read(connection, migration)
    if row is None:
        return
    kind, name = row["object_type"], row["object_name"]
    current = live.read_live(connection, kind, name)
    if current is not None and by_hand.is_changed(connection, path_of(kind, name)):
        kept = history.keep(connection, migration, kind, name, current)
        where = f"{history.HISTORY}, migration_id '{kept}'"
        _manner.get().note(
            f"{kind.lower()} {name} was changed by hand: its text is kept in {where}."
        )
    state = row["previous_state"]
    settings, grants = live.state_from_json(state) if state else (live.Settings(), [])
    if row["installed_at"] is not None:
        grants = _grants_to_keep(connection, kind, name) if current is not None else grants
        history.unfinish(connection, migration, settings, grants)
    if row["previous_create"] is None:
        live.drop(connection, kind, name)
    else:
        previous = live.LiveObject(row["previous_create"], settings)
        if current != previous:
            live.replace(connection, kind, name, previous.create, settings)
        live.restore_grants(connection, kind, name, grants)
    history.forget(connection, migration)
