"""Installing stored objects, and bringing back what they replaced.

Every step may be killed at any statement and run again: the intent and the text that was live
before are in ``quota_object_history`` before anything is dropped.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
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
from tenant_quota.apply.object_history import Key
from tenant_quota.apply.proof import prove
from tenant_quota.connection import LOCK_WAIT_SECONDS
from tenant_quota.errors import TenantQuotaError
from tenant_quota.names import literal, parse_account
from tenant_quota.statements import run


def install(migration_file: str, pins: dict[str, str], drop: Collection[str] = ()) -> None:
    """Declare what a migration does: install each file as it is at its SHA-256, and undo that.

    ``drop`` names objects whose files are gone. This is how plain `yoyo` runs it; our own
    commands read the pins, and say besides who the definer is.
    """
    migration = Path(migration_file).stem
    root = Path(migration_file).resolve().parent.parent
    wanted = [Pin(migration, path, sha256) for path, sha256 in pins.items()]
    wanted += [Pin(migration, path, "") for path in drop]
    step(
        lambda connection: Installer(connection).install(root, wanted),
        lambda connection: Installer(connection).restore(migration),
    )


@dataclass(frozen=True)
class Manner:
    """How objects are installed, and where to say what the user should know.

    ``definer`` (user@host) is who they run as, None whoever is connected. ``force``: also where
    somebody changed the object by hand, whose text is kept then.
    """

    definer: str | None = None
    note: Callable[[str], None] = lambda text: warnings.warn(text, stacklevel=2)
    force: bool = False

    @property
    def quoted_definer(self) -> str:
        """As SQL has it, empty for None. Raises TenantQuotaError if it is no account."""
        return "" if self.definer is None else parse_account(self.definer, "--definer").quoted


class Installer:
    """Installs and restores objects over one connection."""

    def __init__(self, connection: Connection[Any], manner: Manner | None = None) -> None:
        self.connection = connection
        self.manner = manner or Manner()

    def install(self, root: Path, pins: Collection[Pin]) -> None:
        """Install these pins of one migration; what is installed already is passed over.

        A file is read when its turn comes, so that an edited one stops only itself.
        """
        _prepare(self.connection)
        rows = history.newest(self.connection)
        for pin in pins:
            if not history.is_done(rows.get(pin.object), pin):
                self._install(root, pin, rows.get(pin.object))

    def reopen(self, pin: Pin, row: dict[str, Any], anew: str) -> None:
        """Have a pin installed anew; ``row`` is the newest of its object.

        If that tells of another text, a row with the id ``anew`` keeps what is live now.
        """
        if row["new_sha256"] == pin.sha256:
            self._reopen(history.key_of(row))
        else:
            self._record(Key(anew, *pin.object), pin.sha256)

    def restore(self, migration: str) -> None:
        """Bring back exactly what this migration replaced, or what `again_id` named.

        The routines' grants of today come back, not those of then. They are in the history
        before the first DROP, and ``installed_at`` NULL says so, in case this is interrupted.
        """
        _prepare(self.connection)
        run(self.connection, "START TRANSACTION")
        for row in history.rows_of(self.connection, migration):
            if row["installed_at"] is not None:
                self._reopen(history.key_of(row))
        run(self.connection, "COMMIT")
        for row in history.rows_of(self.connection, migration):
            self._restore(row)

    def _reopen(self, key: Key) -> None:
        """Note that what this row tells of will be replaced, and who may call it today."""
        if self._live(key) is None:
            run(self.connection, history.unfinished(key))
            return
        state = history.read(self.connection, key)["previous_state"]
        settings = live.state_from_json(state)[0] if state else live.Settings()
        state = live.state_to_json(settings, self._grants_to_keep(key))
        run(self.connection, history.unfinished(key, literal(state)))

    def _install(self, root: Path, pin: Pin, row: dict[str, Any] | None) -> None:
        """Install or drop one object, unless that has happened; ``row`` is its newest."""
        file = pinned_file(root, pin)
        if file is None and pin.sha256:
            return
        proof = prove(self.connection, file) if file else None
        key, definer = Key(pin.migration, *pin.object), self.manner.quoted_definer
        current = self._live(key)
        if current is None:
            done = file is None
        else:
            done = proof is not None and proof.is_text_of(current)
            if not done:
                self._keep_by_hand(pin, row, current)
            done = done and definer in ("", current.definer)
        key, grants = self._begin(pin, row, proof.hash if proof else None, done=done)
        if not done:
            self._make(key, file, definer)
        if file is not None:
            live.restore_grants(self.connection, key.kind, key.name, grants)
        run(self.connection, LONG_LISTS)
        run(self.connection, history.installed(key))

    def _make(self, key: Key, file: ObjectFile | None, definer: str) -> None:
        """Put the file's text in place of what is live; without one drop that."""
        if file is None:
            live.drop(self.connection, key.kind, key.name)
        elif key.kind == "VIEW":  # it is replaced in one statement
            statement = file.create(key.name, definer, replace=True)
            live.create_or_replace(self.connection, key.name, statement)
        else:
            statement = file.create(key.name, definer)
            live.replace(self.connection, key.kind, key.name, statement, live.Settings())

    def _keep_by_hand(self, pin: Pin, row: dict[str, Any] | None, current: live.LiveObject) -> None:
        """Keep what somebody changed by hand; without `--force` raise TenantQuotaError instead.

        The first time the migration's own row keeps it, and rollback brings it back. Where the
        row has kept something else since then, it gets a row of its own.
        """
        changed = by_hand.changed(self.connection, pin.object)
        if changed is None:
            return
        if not self.manner.force:
            by_hand.refuse([(changed, pin)])
        if history.is_own(row, pin):
            self._keep(Key(pin.migration, *pin.object), current)

    def _keep(self, key: Key, current: live.LiveObject) -> str:
        """Keep a text made by hand in a row of its own, whose id is returned; twice is once."""
        found = history.read_hash(self.connection, key.kind, key.name)
        kept = history.kept_as(key, found or "")
        state = live.state_to_json(current.settings, [])
        run(self.connection, history.keep(kept, literal(current.create), literal(state)))
        return kept.migration

    def _begin(
        self, pin: Pin, row: dict[str, Any] | None, expected: str | None, *, done: bool
    ) -> tuple[Key, list[dict[str, str]]]:
        """Record the intent with all that is live; return its row and the grants to give back.

        The record of an interrupted run stays: by now what it found may be dropped. So does
        that of a run which was killed after its last statement (``done``), before yoyo's mark.
        """
        if row is None or not history.is_own(row, pin):
            key = Key(pin.migration, *pin.object)
            return key, self._record(key, pin.sha256, expected)
        key = history.key_of(row)
        if row["installed_at"] is not None and not done:
            self._reopen(key)
        run(self.connection, history.intent_again(key, pin.sha256, expected))
        state = history.read(self.connection, key)["previous_state"]
        return key, live.state_from_json(state)[1] if state else []

    def _record(self, key: Key, sha256: str, expected: str | None = None) -> list[dict[str, str]]:
        """Record the intent with what is live in it; return the grants."""
        current = self._live(key)
        grants = self._grants_to_keep(key) if current else []
        state = live.state_to_json(current.settings, grants) if current else None
        text = current.create if current else None
        run(self.connection, history.intent(key, sha256, literal(text), literal(state), expected))
        return grants

    def _live(self, key: Key) -> live.LiveObject | None:
        return live.read_live(self.connection, key.kind, key.name)

    def _grants_to_keep(self, key: Key) -> list[dict[str, str]]:
        grants = live.read_grants(self.connection, key.kind, key.name)
        if grants is None:
            self.manner.note(
                f"{key.name}: this account may not read mysql.procs_priv, so EXECUTE that was "
                f"granted on this procedure itself (not on the schema) must be granted again."
            )
        return grants or []

    def _restore(self, row: dict[str, Any]) -> None:
        """Bring back what one row tells of."""
        key, current = history.key_of(row), self._live(history.key_of(row))
        if current is not None and by_hand.changed(self.connection, (key.kind, key.name)):
            kept = self._keep(key, current)
            self.manner.note(
                f"{key.kind.lower()} {key.name} was changed by hand: its text is kept in "
                f"{history.HISTORY}, migration_id '{kept}'."
            )
        if row["previous_create"] is None:
            live.drop(self.connection, key.kind, key.name)
        else:
            settings, grants = live.state_from_json(row["previous_state"])
            previous = live.LiveObject(row["previous_create"], settings)
            if current != previous:
                live.replace(self.connection, key.kind, key.name, previous.create, settings)
            live.restore_grants(self.connection, key.kind, key.name, grants)
        run(self.connection, history.taken_back(key))


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
