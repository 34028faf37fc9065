"""Which SQL a pinned migration runs: what is there before, on the server or by the files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymysql.connections import Connection

from tenant_quota.apply import live_objects as live
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.apply.fingerprints import LONG_LISTS, fingerprint
from tenant_quota.apply.object_files import Pin, identity
from tenant_quota.apply.object_history import HISTORY, kept_as
from tenant_quota.apply.proof import SCRATCH
from tenant_quota.apply.stored_objects import pinned_file, quoted_definer
from tenant_quota.errors import TenantQuotaError
from tenant_quota.plan import objects
from tenant_quota.plan.steps import Check, Step, literal
from tenant_quota.statements import fetch

_NO_GRANTS = (
    "Who made this plan may not read mysql.procs_priv, so EXECUTE that was granted on this "
    "procedure itself (not on the schema) must be granted again."
)
_SUPERSEDED = "Its text is not shipped any more: a later migration installs the present one."
_UNSEEN = (
    "{} replaces {} {}, whose present text must be kept for a rollback, and only a server has it. "
    "Plan up to the migration before; for the rest make the plan with the server in sight (--url), "
    "or with a copy that is at the same version and has the same definer: it runs on either."
)
_MARK_ONLY = "An interrupted run has done this and could not mark it."


@dataclass(frozen=True)
class _Before:
    """What is live where a step begins: its text and state as SQL; ``grants`` can be kept."""

    exists: bool
    text: str = "NULL"
    state: str = "NULL"
    bare_state: str = "NULL"  # without grants
    grants: bool = True


class Installs:
    """Makes the steps of pinned migrations, in the order they are asked for."""

    def __init__(
        self,
        root: Path,
        definer: str | None,
        backend: QuotaBackend | None,
        pins: list[Pin],
        stale: set[str],
        changed: dict[str, str],
    ) -> None:
        self.root = root
        self.definer = quoted_definer(definer)
        self.connection: Connection[Any] | None = backend.connection if backend else None
        self.history = _history(backend)
        self.pins = pins
        self.stale = stale
        self.changed = changed  # by hand: the hash of what is there, by path
        self.applied: set[str] = set()
        self._checks: list[Check] = []
        self._absent: dict[str, list[str]] = {}  # by kind: what must not be there before
        self._made: dict[str, bool] = {}  # by path: made by this plan, or dropped (False)

    @property
    def checks(self) -> list[Check]:
        """Return what must hold before any of the steps, so that nothing is lost by them."""
        what = "is here already: make the plan with this server in sight, which keeps what it has"
        absent = [
            Check(objects.absent(kind, names), f"a {kind.lower()} that this plan creates {what}")
            for kind, names in self._absent.items()
        ]
        return [*absent, *self._checks]

    def step(self, pin: Pin, direction: str) -> Step:
        """Return what one migration runs, without its mark."""
        verb = "installs" if pin.sha256 else "drops"
        if direction == "rollback":
            step = Step(pin.migration, f"takes back what {verb} {pin.path}")
            self._restore(step, pin)
        else:
            step = Step(pin.migration, f"{verb} {pin.path}")
            if pin.sha256:
                self._install(step, pin)
            else:
                self._uninstall(step, pin)
        return step

    def _install(self, step: Step, pin: Pin) -> None:
        file = pinned_file(self.root, pin.migration, pin.path, pin.sha256)
        if file is None:
            step.notes.append(_SUPERSEDED)
            return
        row = self.history.get(pin.migration)
        ended = row is not None and row["installed_at"] is not None
        if ended and row and row["new_sha256"] == pin.sha256 and pin.migration not in self.stale:
            step.notes.append(_MARK_ONLY)
            return
        before = self._before(step, pin, file.kind, file.name)
        step.statements += self._intent(pin, file.kind, file.name, before)
        if before.exists and file.kind != "VIEW":
            step.statements += objects.prove(file, SCRATCH)
            step.statements.append(f"DROP {file.kind} IF EXISTS `{file.name}`")
        replace = before.exists and file.kind == "VIEW"
        step.statements.append(file.create(file.name, self.definer, replace=replace))
        if file.kind == "PROCEDURE" and (before.exists or row is not None):
            step.statements += objects.grant_again(pin.migration, file.name)
        step.statements.append(objects.installed(pin.migration, file.kind, file.name))
        self._made[pin.path] = True

    def _uninstall(self, step: Step, pin: Pin) -> None:
        kind, name = identity(pin.path)
        before = self._before(step, pin, kind, name)
        step.statements += self._intent(pin, kind, name, before)
        step.statements.append(f"DROP {kind} IF EXISTS `{name}`")
        step.statements.append(objects.installed(pin.migration, kind, name))
        self._made[pin.path] = False

    def _intent(self, pin: Pin, kind: str, name: str, before: _Before) -> list[str]:
        """Return what records the intent; the row of an interrupted run stays."""
        if pin.migration in self.history:
            kept = []
            if pin.path in self.changed:
                kept_row = kept_as(pin.migration, self.changed[pin.path])
                kept = [objects.keep(kept_row, kind, name, before.text, before.bare_state)]
            again = objects.intent_again(pin.migration, pin.sha256)
            ended = self.history[pin.migration]["installed_at"] is not None
            stale = ended and pin.migration in self.stale
            if kind == "PROCEDURE" and stale and before.grants:
                return [*kept, objects.undo_intent(pin.migration, name), again]
            return [*kept, again]
        return [objects.intent(pin.migration, kind, name, pin.sha256, before.text, before.state)]

    def _before(self, step: Step, pin: Pin, kind: str, name: str) -> _Before:
        """Return what is live when this migration begins."""
        earlier = [p for p in self.pins if p.path == pin.path and p.migration in self.applied]
        there = bool(earlier and earlier[-1].sha256)
        if self._made.get(pin.path, self.connection is None and there):
            raise TenantQuotaError(_UNSEEN.format(pin.migration, kind.lower(), name))
        before = _Before(False)
        if self.connection is not None and pin.path not in self._made:
            before = self._live(step, self.connection, kind, name)
        if not before.exists and pin.path not in self._made:
            self._absent.setdefault(kind, []).append(name)
        return before

    def _live(self, step: Step, connection: Connection[Any], kind: str, name: str) -> _Before:
        """Return what this server has, and have the plan check that it has it still."""
        current = live.read_live(connection, kind, name)
        if current is None:
            return _Before(False)
        grants = live.read_grants(connection, kind, name) is not None
        if not grants:
            step.notes.append(_NO_GRANTS)
        expression = fingerprint(kind, name)
        fetch(connection, LONG_LISTS)
        seen = fetch(connection, f"SELECT {expression} AS seen")[0]["seen"]
        what = f"{kind.lower()} {name} is not as it was when this plan was made: make a new one"
        self._checks.append(Check(f"{expression} = {literal(seen)}", what))
        state = bare = literal(live.state_to_json(current.settings, []))
        if kind == "PROCEDURE" and grants:
            state = objects.with_grants(state, name)
        return _Before(True, literal(current.create), state, bare, grants)

    def _restore(self, step: Step, pin: Pin) -> None:
        kind, name = identity(pin.path)
        drop = f"DROP {kind} IF EXISTS `{name}`"
        row = self.history.get(pin.migration)
        if self.connection is not None and row is None:
            return
        if self.connection is not None and pin.path in self.changed:
            before = self._live(step, self.connection, kind, name)
            kept_row = kept_as(pin.migration, self.changed.pop(pin.path))
            step.statements.append(
                objects.keep(kept_row, kind, name, before.text, before.bare_state)
            )
        if row is None or row["previous_create"] is None:
            condition = (
                f"NOT EXISTS (SELECT 1 FROM {HISTORY} WHERE previous_create IS NOT NULL\n"
                f"    AND migration_id = {literal(pin.migration)})"
            )
            what = f"{pin.migration} replaced something: make the plan with this server in sight"
            self._checks.append(Check(condition, what))
            step.statements += [
                objects.unfinished(pin.migration),
                drop,
                objects.taken_back(pin.migration),
            ]
            return
        previous = f"(SELECT SHA2(previous_create, 256) FROM {HISTORY}\n"
        previous += f"    WHERE migration_id = {literal(pin.migration)})"
        seen = fetch(self._server, f"SELECT {previous} AS seen")[0]["seen"]
        what = f"{pin.migration} replaced another text here than where this plan was made"
        self._checks.append(Check(f"{previous} = {literal(seen)}", what))
        settings, _ = live.state_from_json(row["previous_state"])
        if kind == "PROCEDURE":
            if live.read_grants(self._server, kind, name) is None:
                step.notes.append(_NO_GRANTS)
            elif row["installed_at"] is not None:
                step.statements.append(objects.undo_intent(pin.migration, name))
        step.statements.append(drop)
        step.statements += objects.create_previous(row["previous_create"], settings)
        if kind == "PROCEDURE":
            step.statements += objects.grant_again(pin.migration, name)
        step.statements.append(objects.taken_back(pin.migration))

    @property
    def _server(self) -> Connection[Any]:
        assert self.connection is not None  # noqa: S101 - rows of history come from it
        return self.connection


def _history(backend: QuotaBackend | None) -> dict[str, dict[str, Any]]:
    """Return the rows of quota_object_history by migration; none where there is no server."""
    if backend is None or HISTORY not in backend.list_tables():
        return {}
    rows = fetch(backend.connection, f"SELECT * FROM {HISTORY}")
    return {row["migration_id"]: row for row in rows}
