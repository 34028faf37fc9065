"""What a migration that installs stored objects does: `install`.

Called by the migrations in ``migrations/``, also under plain ``yoyo apply``. Each step may
be killed at any statement and run again: the intent and the text that was live before are
in ``quota_object_history`` before anything is dropped.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator
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
from tenant_quota.apply.fingerprints import LONG_LISTS
from tenant_quota.apply.object_files import ObjectFile, Pin, last_pins, read_object_file
from tenant_quota.apply.proof import prove
from tenant_quota.connection import LOCK_WAIT_SECONDS
from tenant_quota.errors import TenantQuotaError
from tenant_quota.names import literal, parse_account
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


def install(migration_file: str, pins: dict[str, str], drop: Collection[str] = ()) -> None:
    """Declare the step that installs these files, each as it is at its SHA-256, and undoes that.

    ``drop`` names objects whose files are gone. Nothing is read before the step runs, so that
    an edited file stops only itself. What is installed already is passed over.
    """
    migration = Path(migration_file).stem
    root = Path(migration_file).resolve().parent.parent
    wanted = [Pin(migration, path, sha256) for path, sha256 in pins.items()]
    wanted += [Pin(migration, path, "") for path in drop]

    def apply(connection: Connection[Any]) -> None:
        _prepare(connection)
        rows = history.newest(connection)
        for pin in wanted:
            if not history.is_done(rows.get(pin.object), pin):
                _install(connection, root, pin, rows.get(pin.object))

    step(apply, lambda connection: restore(connection, migration))


def reopen(connection: Connection[Any], pin: Pin, row: dict[str, Any], anew: str) -> None:
    """Have a pin of an applied migration installed anew; ``row`` is the newest of its object.

    If that tells of another text, a row with the id ``anew`` keeps what is live now. Either
    way the grants are those of today, not of then.
    """
    if row["new_sha256"] == pin.sha256:
        _reopen(connection, history.key_of(row))
    else:
        _record(connection, history.Key(anew, *pin.object), pin.sha256)


def _reopen(connection: Connection[Any], key: history.Key) -> None:
    """Note that what this row tells of will be replaced, and today's grants, if it is there."""
    if live.read_live(connection, key.kind, key.name) is None:
        run(connection, history.unfinished(key))
        return
    state = history.read(connection, key)["previous_state"]
    settings = live.state_from_json(state)[0] if state else live.Settings()
    grants = _grants_to_keep(connection, key.kind, key.name)
    run(connection, history.unfinished(key, literal(live.state_to_json(settings, grants))))


def is_shipped(connection: Connection[Any], root: Path, pin: Pin) -> bool:
    """Whether what is live is what this pin installs, whoever made it; tries that out."""
    _prepare(connection)
    try:
        file = pinned_file(root, pin)
        current = live.read_live(connection, *pin.object)
        if file is None or current is None:
            return False
        return prove(connection, file).is_text_of(current)
    except TenantQuotaError:
        return False  # the migration itself will say what is wrong


def pinned_file(root: Path, pin: Pin) -> ObjectFile | None:
    """Return the file that is pinned; None if it drops the object, or a later pin supersedes it."""
    if not pin.sha256:
        return None
    try:
        file = read_object_file(root, pin.path)
    except FileNotFoundError:
        file = None
    if file is not None and file.sha256 == pin.sha256:
        return file
    if last_pins(root).get(pin.object) != pin:
        return None
    if file is None:
        raise TenantQuotaError(f"{pin.path} is gone, and {pin.migration} installs it: put it back.")
    raise TenantQuotaError(
        f"{pin.path} was edited without a new pin: {pin.migration} pins {pin.sha256[:12]}…, "
        f"the file has {file.sha256[:12]}…. Run `tenant-quota pin`."
    )


def _prepare(connection: Connection[Any]) -> None:
    """Set the session: every statement stands by itself, and locks are not waited for long."""
    connection.autocommit(True)
    run(connection, "SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin")
    run(connection, "SET SESSION lock_wait_timeout = %s", (LOCK_WAIT_SECONDS,))


def _install(connection: Connection[Any], root: Path, pin: Pin, row: dict[str, Any] | None) -> None:
    """Install or drop one object, unless that has happened; ``row`` is its newest."""
    file = pinned_file(root, pin)
    if file is None and pin.sha256:
        return
    kind, name = pin.object
    proof = prove(connection, file) if file else None
    current = live.read_live(connection, kind, name)
    same = current is None if proof is None else current and proof.is_text_of(current)
    if current is not None and not same:
        _keep_by_hand(connection, pin, row, current)
    definer = _manner.get().definer
    same = same and (current is None or definer in ("", current.definer))
    key, grants = _begin(connection, pin, row, proof.hash if proof else None, done=bool(same))
    if not same and file is None:
        live.drop(connection, kind, name)
    elif not same and file is not None and kind == "VIEW":  # it is replaced in one statement
        statement = file.create(name, definer, replace=True)
        live.create_or_replace(connection, name, statement)
    elif not same and file is not None:
        live.replace(connection, kind, name, file.create(name, definer), live.Settings())
    if file is not None:
        live.restore_grants(connection, kind, name, grants)
    run(connection, LONG_LISTS)
    run(connection, history.installed(key))


def _keep_by_hand(
    connection: Connection[Any], pin: Pin, row: dict[str, Any] | None, current: live.LiveObject
) -> None:
    """Keep what somebody changed by hand; without `--force` raise TenantQuotaError instead.

    The first time the migration's own row keeps it, and rollback brings it back. Where the
    row has kept something else since then, it gets a row of its own.
    """
    changed = by_hand.changed(connection, pin.object)
    if changed is None:
        return
    if not _manner.get().force:
        by_hand.refuse([(changed, pin)])
    if history.is_own(row, pin):
        _keep(connection, history.Key(pin.migration, *pin.object), current)


def _keep(connection: Connection[Any], key: history.Key, current: live.LiveObject) -> str:
    """Keep a text made by hand in a row of its own, whose id is returned; twice is once."""
    kept = history.kept_as(key, history.read_hash(connection, key.kind, key.name) or "")
    state = live.state_to_json(current.settings, [])
    run(connection, history.keep(kept, literal(current.create), literal(state)))
    return kept.migration


def _begin(
    connection: Connection[Any],
    pin: Pin,
    row: dict[str, Any] | None,
    expected: str | None,
    *,
    done: bool,
) -> tuple[history.Key, list[dict[str, str]]]:
    """Record the intent with all that is live; return its row and the grants to give back.

    The record of an interrupted run stays: by now what it found may be dropped. So does
    that of a run which was killed after its last statement (``done``), before yoyo's mark.
    """
    if row is None or not history.is_own(row, pin):
        key = history.Key(pin.migration, *pin.object)
        return key, _record(connection, key, pin.sha256, expected)
    key = history.key_of(row)
    if row["installed_at"] is not None and not done:
        _reopen(connection, key)
    run(connection, history.intent_again(key, pin.sha256, expected))
    state = history.read(connection, key)["previous_state"]
    return key, live.state_from_json(state)[1] if state else []


def _record(
    connection: Connection[Any], key: history.Key, sha256: str, expected: str | None = None
) -> list[dict[str, str]]:
    """Record the intent with what is live in it; return the grants."""
    current = live.read_live(connection, key.kind, key.name)
    grants = _grants_to_keep(connection, key.kind, key.name) if current else []
    state = live.state_to_json(current.settings, grants) if current else None
    text = current.create if current else None
    run(connection, history.intent(key, sha256, literal(text), literal(state), expected))
    return grants


def _grants_to_keep(connection: Connection[Any], kind: str, name: str) -> list[dict[str, str]]:
    grants = live.read_grants(connection, kind, name)
    if grants is None:
        _manner.get().note(
            f"{name}: this account may not read mysql.procs_priv, so EXECUTE that was granted "
            f"on this procedure itself (not on the schema) must be granted again."
        )
    return grants or []


def restore(connection: Connection[Any], migration: str) -> None:
    """Bring back exactly what this migration replaced, or what `again_id` named.

    The routines' grants of today come back, not those of then. They are in the history
    before the first DROP, and ``installed_at`` NULL says so, in case this is interrupted.
    """
    _prepare(connection)
    run(connection, "START TRANSACTION")
    for row in history.rows_of(connection, migration):
        if row["installed_at"] is not None:
            _reopen(connection, history.key_of(row))
    run(connection, "COMMIT")
    for row in history.rows_of(connection, migration):
        _restore(connection, row)


def _restore(connection: Connection[Any], row: dict[str, Any]) -> None:
    """Bring back what one row tells of."""
    key = history.key_of(row)
    kind, name = key.kind, key.name
    current = live.read_live(connection, kind, name)
    if current is not None and by_hand.changed(connection, (kind, name)):
        kept = _keep(connection, key, current)
        _manner.get().note(
            f"{kind.lower()} {name} was changed by hand: its text is kept in {history.HISTORY}, "
            f"migration_id '{kept}'."
        )
    state = row["previous_state"]
    settings, grants = live.state_from_json(state) if state else (live.Settings(), [])
    if row["previous_create"] is None:
        live.drop(connection, kind, name)
    else:
        previous = live.LiveObject(row["previous_create"], settings)
        if current != previous:
            live.replace(connection, kind, name, previous.create, settings)
        live.restore_grants(connection, kind, name, grants)
    run(connection, history.taken_back(key))
