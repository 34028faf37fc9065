"""Which SQL installs pinned files: what is there before, on the server or by the files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymysql.connections import Connection

from tenant_quota.apply import live_objects as live
from tenant_quota.apply import object_history as history
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.apply.fingerprints import LONG_LISTS, fingerprint
from tenant_quota.apply.object_files import Object, ObjectFile, Pin
from tenant_quota.apply.object_history import HISTORY, Key
from tenant_quota.apply.proof import SCRATCH
from tenant_quota.apply.stored_objects import Manner, pinned_file
from tenant_quota.errors import TenantQuotaError
from tenant_quota.names import literal
from tenant_quota.plan import objects
from tenant_quota.plan.steps import Check, Step
from tenant_quota.statements import fetch

_NO_GRANTS = (
    "Who made this plan may not read mysql.procs_priv, so EXECUTE that was granted on {} "
    "itself (not on the schema) must be granted again."
)
_SUPERSEDED = "{} is not shipped any more as it was then: a later migration installs what is."
_UNSEEN = (
    "{} replaces {} {}, whose present text must be kept for a rollback, and only a server has it. "
    "Plan up to the migration before; for the rest make the plan with the server in sight (--url), "
    "or with a copy that is at the same version and has the same definer: it runs on either."
)


@dataclass(frozen=True)
class _Before:
    """What is live where a step begins: its text and state as SQL; ``grants`` can be kept."""

    exists: bool
    text: str = "NULL"
    state: str = "NULL"
    bare_state: str = "NULL"  # without grants
    grants: bool = True


class Installs:
    """Adds to steps what pinned files take, in the order they are asked for."""

    def __init__(
        self,
        root: Path,
        definer: str | None,
        backend: QuotaBackend | None,
        pins: Mapping[str, list[Pin]],
    ) -> None:
        self.root = root
        self.definer = Manner(definer).quoted_definer
        self.connection: Connection[Any] | None = backend.connection if backend else None
        self.rows = history.newest(backend.connection) if backend else {}
        self.pins = [pin for each in pins.values() for pin in each]
        self.changed: dict[Object, str] = {}  # by hand: the hash of what is there
        self.anew: list[Pin] = []  # what is installed although it seems done
        self.again = ""  # the id of the rows of what is pinned anew
        self.intents: list[str] = []  # and what writes them, all before the first step
        self.applied: set[str] = set()
        self._checks: list[Check] = []
        self._absent: dict[str, list[str]] = {}  # by kind: what must not be there before
        self._made: dict[Object, bool] = {}  # made by this plan, or dropped (False)

    @property
    def checks(self) -> list[Check]:
        """Return what must hold before any of the steps, so that nothing is lost by them."""
        what = "is here already: make the plan with this server in sight, which keeps what it has"
        absent = [
            Check(objects.absent(kind, names), f"a {kind.lower()} that this plan creates {what}")
            for kind, names in self._absent.items()
        ]
        return [*absent, *self._checks]

    def install(self, step: Step, pin: Pin) -> None:
        """Add what installs or drops one object, unless it is done."""
        row = self.rows.get(pin.object)
        file = pinned_file(self.root, pin)
        if file is None and pin.sha256:
            step.notes.append(_SUPERSEDED.format(pin.path))
            return
        if history.is_done(row, pin) and pin not in self.anew:
            return
        kind, name = pin.object
        before = self._before(step, pin)
        key = self._intent(step, pin, row, before)
        if file is None:
            step.statements.append(f"DROP {kind} IF EXISTS `{name}`")
        else:
            self._create(step, file, before)
            if kind == "PROCEDURE" and (before.exists or row is not None):
                step.statements += objects.grant_again(key)
        step.statements.append(history.installed(key))
        self._made[pin.object] = file is not None

    def _create(self, step: Step, file: ObjectFile, before: _Before) -> None:
        if before.exists and file.kind != "VIEW":
            step.statements += objects.prove(file, SCRATCH)
            step.statements.append(f"DROP {file.kind} IF EXISTS `{file.name}`")
        replace = before.exists and file.kind == "VIEW"
        step.statements.append(file.create(file.name, self.definer, replace=replace))

    def _intent(self, step: Step, pin: Pin, row: dict[str, Any] | None, before: _Before) -> Key:
        """Add what records the intent, and return its row; that of an interrupted run stays."""
        key = Key(pin.migration, *pin.object)
        if row is None or not history.is_own(row, pin):
            step.statements.append(history.intent(key, pin.sha256, before.text, before.state))
            return key
        ended, same = row["installed_at"] is not None, row["new_sha256"] == pin.sha256
        if ended and not same and pin in self.anew:
            key = key._replace(migration=self.again)
            self.intents.append(history.intent(key, pin.sha256, before.text, before.state))
            return key
        if pin.object in self.changed:
            kept = history.kept_as(key, self.changed[pin.object])
            step.statements.append(history.keep(kept, before.text, before.bare_state))
        key = key._replace(migration=row["migration_id"])
        if ended and pin.object[0] == "PROCEDURE" and before.grants:
            step.statements.append(_undo_intent(key))
        step.statements.append(history.intent_again(key, pin.sha256))
        return key

    def _before(self, step: Step, pin: Pin) -> _Before:
        """Return what is live when this migration begins."""
        kind, name = pin.object
        earlier = [p for p in self.pins if p.object == pin.object and p.migration in self.applied]
        there = bool(earlier and earlier[-1].sha256)
        if self._made.get(pin.object, self.connection is None and there):
            raise TenantQuotaError(_UNSEEN.format(pin.migration, kind.lower(), name))
        before = _Before(False)
        if self.connection is not None and pin.object not in self._made:
            before = self._live(step, self.connection, kind, name)
        if not before.exists and pin.object not in self._made:
            self._absent.setdefault(kind, []).append(name)
        return before

    def _live(self, step: Step, connection: Connection[Any], kind: str, name: str) -> _Before:
        """Return what this server has, and have the plan check that it has it still."""
        current = live.read_live(connection, kind, name)
        if current is None:
            return _Before(False)
        grants = live.read_grants(connection, kind, name) is not None
        if not grants:
            step.notes.append(_NO_GRANTS.format(name))
        expression = fingerprint(kind, name)
        fetch(connection, LONG_LISTS)
        seen = fetch(connection, f"SELECT {expression} AS seen")[0]["seen"]
        what = f"{kind.lower()} {name} is not as it was when this plan was made: make a new one"
        self._checks.append(Check(f"{expression} = {literal(seen)}", what))
        state = bare = literal(live.state_to_json(current.settings, []))
        if kind == "PROCEDURE" and grants:
            state = objects.with_grants(state, name)
        return _Before(True, literal(current.create), state, bare, grants)

    def restore(self, step: Step, migration: str, pins: Collection[Pin]) -> None:
        """Add what takes back a migration, or what `again_id` named, which has no pins."""
        if self.connection is None:
            keys = [Key(migration, *pin.object) for pin in pins]
            step.statements += _together([history.unfinished(key) for key in keys])
            for key in keys:
                self._drop(step, key)
            return
        rows = history.rows_of(self.connection, migration)
        begun = [self._reopen(step, self.connection, row) for row in rows]
        step.statements += _together(begun)
        for row in rows:
            self._restore(step, self.connection, row)

    def _reopen(self, step: Step, connection: Connection[Any], row: dict[str, Any]) -> str:
        """Return what notes, before anything is dropped, that this row's object will be."""
        key = history.key_of(row)
        if key.kind != "PROCEDURE" or row["previous_create"] is None or row["installed_at"] is None:
            return history.unfinished(key)
        if live.read_grants(connection, key.kind, key.name) is None:
            step.notes.append(_NO_GRANTS.format(key.name))
            return history.unfinished(key)
        return _undo_intent(key)

    def _drop(self, step: Step, key: Key) -> None:
        """Add what drops an object that took nobody's place."""
        condition = f"NOT EXISTS (SELECT 1 FROM {HISTORY}\n    {key.where}\n"
        condition += "    AND previous_create IS NOT NULL)"
        what = f"{key.migration} replaced something: make the plan with this server in sight"
        self._checks.append(Check(condition, what))
        step.statements += [f"DROP {key.kind} IF EXISTS `{key.name}`", history.taken_back(key)]

    def _restore(self, step: Step, connection: Connection[Any], row: dict[str, Any]) -> None:
        key = history.key_of(row)
        kind, name = key.kind, key.name
        if (kind, name) in self.changed:
            before = self._live(step, connection, kind, name)
            kept = history.kept_as(key, self.changed.pop((kind, name)))
            step.statements.append(history.keep(kept, before.text, before.bare_state))
        if row["previous_create"] is None:
            self._drop(step, key)
            return
        previous = f"(SELECT SHA2(previous_create, 256) FROM {HISTORY}\n    {key.where})"
        seen = fetch(connection, f"SELECT {previous} AS seen")[0]["seen"]
        what = f"{key.migration} replaced another text here than where this plan was made"
        self._checks.append(Check(f"{previous} = {literal(seen)}", what))
        settings, _ = live.state_from_json(row["previous_state"])
        step.statements.append(f"DROP {kind} IF EXISTS `{name}`")
        step.statements += objects.create_previous(row["previous_create"], settings)
        if kind == "PROCEDURE":
            step.statements += objects.grant_again(key)
        step.statements.append(history.taken_back(key))


def _together(statements: list[str]) -> list[str]:
    return ["START TRANSACTION", *statements, "COMMIT"] if statements else []


def _undo_intent(key: Key) -> str:
    """Return what notes the grants of today before what is live is dropped."""
    state = objects.with_grants("COALESCE(previous_state, JSON_OBJECT())", key.name)
    return history.unfinished(key, state)
