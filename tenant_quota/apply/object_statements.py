"""The statements that install a stored object, or bring back what it replaced, and record it.

Made without a connection: `apply` runs them one by one, and may be killed at any; `plan` prints
them. The intent and the text that was live before are in ``quota_object_history`` before
anything is dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenant_quota.apply import history_statements as history
from tenant_quota.apply.fingerprints import written
from tenant_quota.apply.history_statements import HISTORY, Key, LiveObject, Row, Settings, key_of
from tenant_quota.apply.object_files import Object, ObjectFile, Pin, pinned_file
from tenant_quota.names import parse_account

SCRATCH = "tenant_quota_scratch"
_NO_GRANTS = (
    "{}: this account may not read mysql.procs_priv, so EXECUTE that was granted on this "
    "procedure itself (not on the schema) must be granted again."
)


@dataclass(frozen=True)
class Create:
    """The DROP of an object, and the CREATE of an earlier text in a session as it had then."""

    key: Key
    earlier: LiveObject

    @property
    def drop(self) -> str:
        """The statement before it."""
        return drop(self.key.kind, self.key.name)

    def lines(self) -> list[str]:
        """Return it for the mysql client.

        The file is UTF-8: a text with other letters is told to be that, whatever it was then.
        """
        text, settings = self.earlier.create, self.earlier.settings
        if not text.isascii() and not settings.character_set_client.startswith("utf8"):
            settings = Settings(settings.sql_mode, time_zone=settings.time_zone)
        return [settings.session, self.drop, text, Settings().session]


@dataclass(frozen=True)
class GiveBack:
    """The grants on a procedure that the history says it had before the DROP."""

    key: Key

    def lines(self) -> list[str]:
        """Return it for the mysql client: a GRANT for each privilege, to all who had it."""
        found = []
        for held, words, option in (
            ("Execute", "EXECUTE", ""),
            ("Alter Routine", "ALTER ROUTINE", ""),
            ("Grant", "USAGE", " WITH GRANT OPTION"),
        ):
            found += [
                "SET @tenant_quota_sql = COALESCE((SELECT\n"
                f"    CONCAT('GRANT {words} ON PROCEDURE `{self.key.name}` TO ',\n"
                f"        GROUP_CONCAT(QUOTE(g.user), '@', QUOTE(g.host)), '{option}')\n"
                f"    FROM {HISTORY} AS h JOIN JSON_TABLE(h.previous_state, '$.grants[*]' COLUMNS (\n"
                "        user VARCHAR(255) PATH '$.user', host VARCHAR(255) PATH '$.host',\n"
                "        privileges VARCHAR(255) PATH '$.privileges')) AS g\n"
                f"    {self.key.where} AND FIND_IN_SET('{held}', g.privileges)),\n"
                "    'DO 0')",
                "PREPARE tenant_quota_statement FROM @tenant_quota_sql",
                "EXECUTE tenant_quota_statement",
                "DEALLOCATE PREPARE tenant_quota_statement",
            ]
        return found


Statement = str | Create | GiveBack


def as_lines(statements: Iterable[Statement]) -> list[str]:
    """Return statements as the mysql client runs them."""
    return [
        line for each in statements for line in ([each] if isinstance(each, str) else each.lines())
    ]


class Facts:
    """What is known of objects when their turn comes. Here: nothing, no server is in sight."""

    def __init__(self, root: Path, definer: str | None, rows: Mapping[Object, Row]) -> None:
        """Begin with the newest row of each object; ``definer`` is user@host or None."""
        self.root = root
        self.definer = "" if definer is None else parse_account(definer, "--definer").quoted
        self.rows = dict(rows)
        self.sees_grants = False  # mysql.procs_priv can be read
        self.compares = False  # what is live can be seen while the statements run

    def runs_as_wanted(self, live: LiveObject | None) -> bool:
        """Whether an object has the definer that it is to have."""
        return live is not None and self.definer in ("", live.definer)

    def note(self, text: str) -> None:
        """Hear what a user should know."""

    def superseded(self, pin: Pin) -> None:
        """Hear that a later pin installs what this one did."""

    def live(self, each: Object) -> LiveObject | None:
        """Return what is there of an object that will be replaced or dropped."""
        return None

    def live_before(self, pin: Pin) -> LiveObject | None:
        """Return the same, when a pin's turn has come."""
        return self.live(pin.object)

    def is_same(self, file: ObjectFile, live: LiveObject) -> bool:
        """Whether the live object has the text that stands under the scratch name now."""
        return False

    def by_hand(self, each: Object, pin: Pin | None = None) -> str:
        """Return the fingerprint of what is live, if somebody made it by hand; else nothing.

        Raises TenantQuotaError if ``pin`` may not replace it.
        """
        return ""

    def rows_of(self, migration: Any) -> list[Row]:
        """Return the history's rows of a migration that is to be taken back."""
        raise NotImplementedError

    def done(self, migration: Any, direction: str) -> int:
        """Return how many DDL statements of a migration an interrupted run has done."""
        return 0


def install(pin: Pin, facts: Facts) -> Iterator[Statement]:
    """Yield what installs or drops one object; nothing if that is done.

    What is live is replaced only after the server has taken the new text under another name.
    Goes on with the row of an interrupted run: by now what that found may be dropped.
    """
    row = facts.rows.get(pin.object)
    if history.is_done(row, pin):
        return
    file = pinned_file(facts.root, pin)
    if file is None and pin.sha256:
        facts.superseded(pin)
        return
    key, live = Key(pin.migration, *pin.object), facts.live_before(pin)
    expected, is_same = "NULL", False
    if file is not None and live is not None:
        yield from try_out(file)
        expected, is_same = written(key.kind, SCRATCH, file.event_status), facts.is_same(file, live)
    by_hand = facts.by_hand(pin.object, pin) if live is not None and not is_same else ""
    done = live is None if file is None else is_same and facts.runs_as_wanted(live)
    if row is None or not history.is_own(row, pin):
        yield history.intent(key, pin.sha256, live, expected, facts.sees_grants)
    else:
        if by_hand and live is not None:
            yield history.keep(history.kept_as(key, by_hand), live)
        key = key_of(row)
        if row["installed_at"] is not None and not done:
            yield history.unfinished(row, facts.sees_grants)
        yield history.intent_again(key, pin.sha256, expected)
    if file is not None and live is not None:
        yield drop(key.kind, SCRATCH)
    if live is not None and key.kind == "PROCEDURE" and not done and not facts.sees_grants:
        facts.note(_NO_GRANTS.format(key.name))
    if live is not None and not done and (file is None or key.kind != "VIEW"):
        yield drop(key.kind, key.name)
    if file is not None and not done:
        yield file.create(file.name, facts.definer, replace=live is not None and key.kind == "VIEW")
    if key.kind == "PROCEDURE" and file is not None and (live is not None or row is not None):
        yield GiveBack(key)
    yield history.installed(key)


def try_out(file: ObjectFile) -> list[str]:
    """Return what shows under a scratch name that the server takes the text; it stays there."""
    return [drop(file.kind, SCRATCH), file.scratch(SCRATCH)]


def restore(migration: Any, facts: Facts) -> Iterator[Statement]:
    """Yield what brings back all that a migration replaced, or what `again_id` named.

    The routines' grants of today come back, not those of then. They are in the history
    before the first DROP, and ``installed_at`` NULL says so, in case this is interrupted.
    """
    rows = facts.rows_of(migration)
    begun = [row for row in rows if row["installed_at"]]
    yield from together([history.unfinished(row, facts.sees_grants) for row in begun])
    for row in rows:
        key = key_of(row)
        by_hand = facts.by_hand((key.kind, key.name))
        live = facts.live((key.kind, key.name)) if facts.compares or by_hand else None
        if by_hand and live is not None:
            kept = history.kept_as(key, by_hand)
            yield history.keep(kept, live)
            facts.note(
                f"{key.kind.lower()} {key.name} was changed by hand: its text is kept in "
                f"{HISTORY}, migration_id '{kept.migration}'."
            )
        if row["previous_create"] is None:
            yield drop(key.kind, key.name)
        else:
            earlier = LiveObject.of_row(row)
            if live != earlier:
                yield Create(key, earlier)
            if key.kind == "PROCEDURE":
                if not facts.sees_grants:
                    facts.note(_NO_GRANTS.format(key.name))
                yield GiveBack(key)
        yield history.taken_back(key)


def reopen(
    pins: Iterable[Pin], applied: Collection[str], again: str, facts: Facts
) -> Iterator[str]:
    """Yield what writes down that pins of applied migrations will be installed anew.

    Another text than the row tells of gets a row of its own, ``again``, with what is live now:
    so a rollback takes back what was applied last. The migration stays marked meanwhile; that
    its rows are not finished says that it must be run again. The facts' rows say so then.
    """
    statements: list[str] = []
    for pin in pins:
        row = facts.rows.get(pin.object)
        if row is None or row["installed_at"] is None or not history.is_own(row, pin):
            continue  # it is new here, or under way
        now = {**row, "new_sha256": pin.sha256, "installed_at": None}
        if row["new_sha256"] == pin.sha256:
            statements.append(history.unfinished(row, facts.sees_grants))
        elif pin.migration in applied:
            key, live = Key(again, *pin.object), facts.live(pin.object)
            statements.append(history.intent(key, pin.sha256, live, "NULL", facts.sees_grants))
            now |= {"migration_id": again, "previous_create": live.create if live else None}
        else:
            continue
        facts.rows[pin.object] = now
    yield from together(statements)


def together(statements: list[str]) -> list[str]:
    """Return statements as one transaction; none if there are none."""
    return ["START TRANSACTION", *statements, "COMMIT"] if statements else []


def drop(kind: str, name: str) -> str:
    """Return what drops the object if it is there."""
    return f"DROP {kind} IF EXISTS `{name}`"
