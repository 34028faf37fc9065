"""What a plan goes by: a server that is in sight while it is made, or none.

The mysql client can neither read a SHOW CREATE into a table nor run a text out of one. So the
plan holds the text that it replaces or brings back, which takes a server to read it from. What
was seen there the file checks again, before any of its steps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pymysql.connections import Connection

from tenant_quota.apply import crash_recovery
from tenant_quota.apply.fingerprints import exact, source
from tenant_quota.apply.history_statements import HISTORY, LiveObject, Row, key_of
from tenant_quota.apply.live_objects import read_live
from tenant_quota.apply.migrations import Migration, Reapplied
from tenant_quota.apply.object_files import Object, Pin, last_pins
from tenant_quota.apply.object_statements import Facts
from tenant_quota.apply.shipped import changed_by_hand
from tenant_quota.apply.state import rows_of
from tenant_quota.apply.stored_objects import sees_grants
from tenant_quota.errors import TenantQuotaError
from tenant_quota.names import literal
from tenant_quota.plan.checks import Check
from tenant_quota.statements import fetch

_SUPERSEDED = "{} is not shipped any more as it was then: a later migration installs what is."
_UNSEEN = (
    "{} replaces {} {}, whose present text must be kept for a rollback, and only a server has it. "
    "Plan up to the migration before; for the rest make the plan with the server in sight (--url), "
    "or with a copy that is at the same version and has the same definer: it runs on either."
)


class Seen(Facts):
    """The facts of one plan, in the order they are asked for."""

    def __init__(
        self,
        root: Path,
        definer: str | None,
        connection: Connection[Any] | None = None,
        rows: Mapping[Object, Row] | None = None,
        installed: Collection[Object] = (),
    ) -> None:
        """Begin with a server, or without one with the objects that are ``installed`` then."""
        super().__init__(root, definer, rows or {})
        self.connection = connection
        self.notes: list[str] = []  # of the step that is being made
        self._by_hand: dict[Object, str] = {}
        self._checks: list[Check] = []
        self._live: dict[Object, LiveObject | None] = {}
        self._absent: dict[str, list[str]] = {}  # by kind: what must not be there before
        #: Whether an object is there although nobody has looked: this plan made or dropped it.
        self._made = dict.fromkeys(installed, True)
        if connection is not None:
            self.sees_grants = sees_grants(connection)
            found = changed_by_hand(connection, last_pins(root), self.rows)
            self._by_hand = {each: changed.hash for each, changed in found.items()}

    @property
    def checks(self) -> list[Check]:
        """Return what must hold before any of the steps, so that nothing is lost by them."""
        what = "is here already: make the plan with this server in sight, which keeps what it has"
        absent = [
            Check(
                f"NOT EXISTS (SELECT 1 FROM {source(kind, *names)})",
                f"a {kind.lower()} that this plan creates {what}",
            )
            for kind, names in self._absent.items()
        ]
        return [*absent, *self._checks]

    def note(self, text: str) -> None:
        """Keep it for the step."""
        self.notes.append(text)

    def superseded(self, pin: Pin) -> None:
        """Say so in the step."""
        self.notes.append(_SUPERSEDED.format(pin.path))

    def live_before(self, pin: Pin) -> LiveObject | None:
        """Return what this server has; nothing if this plan has dropped it before."""
        each = pin.object
        if self._made.get(each):
            raise TenantQuotaError(_UNSEEN.format(pin.migration, each[0].lower(), each[1]))
        current = None if each in self._made else self.live(each)
        self._made[each] = bool(pin.sha256)
        return current

    def live(self, each: Object) -> LiveObject | None:
        """Return what this server has, and have the plan check that it has it still."""
        if each not in self._live:
            kind, name = each
            self._live[each] = read_live(self.connection, *each) if self.connection else None
            if self._live[each] is None:
                self._absent.setdefault(kind, []).append(name)
            else:
                what = f"{kind.lower()} {name} is not as it was when this plan was made: "
                self._expect(exact(kind, name), f"{what}make a new one")
        return self._live[each]

    def by_hand(self, each: Object, pin: Pin | None = None) -> str:
        """Return the fingerprint of what is live, if somebody made it by hand; once."""
        row, current = self.rows.get(each), self._live.get(each)
        if row and current and not row["installed_at"] and row["previous_create"] == current.create:
            return ""  # its row keeps it
        return self._by_hand.pop(each, "")

    def _expect(self, expression: str, message: str) -> None:
        """Have the plan check that an expression has the value that it has here."""
        if self.connection is not None:
            seen = fetch(self.connection, f"SELECT {expression} AS seen")[0]["seen"]
            self._checks.append(Check(f"{expression} = {literal(seen)}", message))

    def rows_of(self, migration: Migration | Reapplied) -> list[Row]:
        """Return the history's rows; without a server what they are if nothing was replaced.

        The plan checks that they are so.
        """
        if self.connection is None:
            rows: list[Row] = [
                {
                    "migration_id": migration.id,
                    "object_type": pin.object[0],
                    "object_name": pin.object[1],
                    "previous_create": None,
                    "installed_at": "not known",
                }
                for pin in migration.pins or ()
            ]
        else:
            rows = rows_of(self.connection, migration.id)
        for key, row in ((key_of(row), row) for row in rows):
            if row["previous_create"] is None:
                condition = f"NOT EXISTS (SELECT 1 FROM {HISTORY}\n    {key.where}\n"
                condition += "    AND previous_create IS NOT NULL)"
                what = (
                    f"{key.migration} replaced something: make the plan with this server in sight"
                )
                self._checks.append(Check(condition, what))
            else:
                previous = f"(SELECT SHA2(previous_create, 256) FROM {HISTORY}\n    {key.where})"
                what = f"{key.migration} replaced another text here than where this plan was made"
                self._expect(previous, what)
        return rows

    def done(self, migration: Migration, direction: str) -> int:
        """Return how many DDL statements of a migration an interrupted run has done."""
        if self.connection is None:
            return 0
        return crash_recovery.done(self.connection, migration, direction)
