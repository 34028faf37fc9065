"""Running a migration's statements on a server, with what that says of stored objects meanwhile.

``install`` is how plain `yoyo` runs a migration that pins files.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from pymysql.connections import Connection
from yoyo import step

from tenant_quota.apply import crash_recovery, shipped
from tenant_quota.apply import live_objects as live
from tenant_quota.apply.fingerprints import LONG_LISTS
from tenant_quota.apply.generator import work
from tenant_quota.apply.history_statements import HISTORY, Key, LiveObject, Row, Settings
from tenant_quota.apply.migrations import Migration, Reapplied
from tenant_quota.apply.object_files import Object, ObjectFile, Pin, last_pins
from tenant_quota.apply.object_statements import SCRATCH, Create, Facts, GiveBack, Statement
from tenant_quota.apply.state import State, newest, read_rows, rows_of
from tenant_quota.connection import LOCK_WAIT_SECONDS
from tenant_quota.names import Account, parse_account
from tenant_quota.statements import StatementFailed, fetch, run

_NO_SUCH_ACCOUNT = {1133, 1410}


def install(migration_file: str, pins: dict[str, str], drop: Collection[str] = ()) -> None:
    """Declare what a migration does: install each file as it is at its SHA-256, and undo that.

    ``drop`` names objects whose files are gone. This is how plain `yoyo` runs it; our own
    commands read the pins, and say besides who the definer is.
    """
    path = Path(migration_file).resolve()
    wanted = {**pins, **dict.fromkeys(drop, "")}
    pinned = tuple(Pin(path.stem, file, sha256) for file, sha256 in wanted.items())
    migration = Migration(path.stem, path, pins=pinned)

    def run_on(connection: Connection[Any], direction: str) -> None:
        _prepare(connection)
        execute(connection, work(migration, direction, Server(connection, path.parent.parent)))

    step(
        lambda connection: run_on(connection, "apply"),
        lambda connection: run_on(connection, "rollback"),
    )


class Server(Facts):
    """What a server says while the statements run on it."""

    def __init__(
        self,
        connection: Connection[Any],
        root: Path,
        definer: str | None = None,
        on_note: Callable[[str], None] = lambda text: warnings.warn(text, stacklevel=2),
        force: bool = False,
    ) -> None:
        """Begin; ``force`` replaces what somebody changed by hand too, whose text is kept then."""
        super().__init__(root, definer, {})
        self.connection = connection
        self.on_note = on_note
        self.force = force
        self.sees_grants = sees_grants(connection)
        self.compares = True
        self.look_again()

    def look_again(self) -> None:
        """Read which rows are the newest now."""
        self.rows = newest(read_rows(self.connection))

    def note(self, text: str) -> None:
        """Say it to whoever listens."""
        self.on_note(text)

    def live(self, each: Object) -> LiveObject | None:
        """Return what is there of an object."""
        return live.read_live(self.connection, *each)

    def is_same(self, file: ObjectFile, live: LiveObject) -> bool:
        """Whether the live object has the text that stands under the scratch name now."""
        return shipped.is_same(self.connection, file, live)

    def by_hand(self, each: Object, pin: Pin | None = None) -> str:
        """Return the fingerprint of what is live, if somebody made it by hand; else nothing.

        Raises TenantQuotaError where, without `--force`, ``pin`` would replace it.
        """
        changed = shipped.changed_by_hand(self.connection, [each], self.rows).get(each)
        if changed is None:
            return ""
        if pin is not None and not self.force:
            live.drop(self.connection, pin.object[0], SCRATCH)
            shipped.refuse([(changed, pin)])
        return changed.hash

    def rows_of(self, migration: Migration | Reapplied) -> list[Row]:
        """Return all that the rows of a migration hold."""
        return rows_of(self.connection, migration.id)

    def done(self, migration: Migration, direction: str) -> int:
        """Return how many DDL statements of a migration an interrupted run has done."""
        return crash_recovery.done(self.connection, migration, direction)


def execute(
    connection: Connection[Any], statements: Iterable[Statement], definer: str = ""
) -> None:
    """Run statements, each before the next is asked for. Raises TenantQuotaError.

    ``definer``, quoted, is as whom objects are to run, if one was named.
    """
    for each in statements:
        if isinstance(each, GiveBack):
            _give_back(connection, each.key)
        elif isinstance(each, Create):
            text, settings = each.earlier.create, each.earlier.settings
            with live.explained(connection, text, definer):
                live.create(connection, text, settings, drop_first=each.drop)
        else:
            with live.explained(connection, each, definer):
                run(connection, each)


def _give_back(connection: Connection[Any], key: Key) -> None:
    """Grant again what a DROP took away; accounts that are gone meanwhile are passed over."""
    (row,) = fetch(connection, f"SELECT previous_state FROM {HISTORY} {key.where}")  # noqa: S608
    for grant in json.loads(row["previous_state"] or "{}").get("grants", []):
        words = [word.strip().upper() for word in grant["privileges"].split(",") if word.strip()]
        privileges = ", ".join(word for word in words if word != "GRANT") or "USAGE"
        option = " WITH GRANT OPTION" if "GRANT" in words else ""
        account = Account(grant["user"], grant["host"]).quoted
        try:
            run(connection, f"GRANT {privileges} ON {key.kind} `{key.name}` TO {account}{option}")
        except StatementFailed as error:
            if error.number not in _NO_SUCH_ACCOUNT:
                raise


def sees_grants(connection: Connection[Any]) -> bool:
    """Whether this account may read who else may call a procedure."""
    try:
        fetch(connection, "SELECT 1 FROM mysql.procs_priv LIMIT 0")
    except StatementFailed:
        return False
    return True


def definer_of_most(connection: Connection[Any], root: Path) -> str | None:
    """Return the account (user@host) that most of what is installed runs as; None: nothing is."""
    counts = live.by_number(live.definers(connection, last_pins(root)))
    return counts[0][0] if counts else None


def pins_to_install(
    connection: Connection[Any],
    root: Path,
    state: State,
    *,
    definer: str | None,
    force: bool,
    on_note: Callable[[str], None],
    reads_only: bool = False,
) -> list[Pin]:
    """Return the pins that are pending, or installed as another than ``definer``.

    With ``force`` also those of what somebody changed. Raises TenantQuotaError where, without
    it, a text would be lost that is not shipped, which takes trying that out: with ``reads_only``
    any text. Tells ``on_note`` what stays as it is.
    """
    pending, last = state.pending_pins(root), last_pins(root)
    if definer is not None:
        mine = str(parse_account(definer, "--definer"))
        installed = live.definers(connection, last)
        pending += [last[each] for each, theirs in installed.items() if theirs != mine]
    changed = shipped.changed_by_hand(connection, last, state.rows)
    found = [(each, last[of]) for of, each in changed.items()]
    if force:
        return pending + [pin for _, pin in found]
    lost = [(each, pin) for each, pin in found if pin in pending and each.hash]
    if not reads_only:
        lost = [each for each in lost if not shipped.is_shipped(connection, root, each[1])]
    shipped.refuse(lost)
    for each, pin in found:
        if pin not in pending:
            on_note(each.stays)
    return pending


def _prepare(connection: Connection[Any]) -> None:
    """Set plain yoyo's session: each statement commits, and no lock is waited for long."""
    connection.autocommit(True)
    run(connection, "SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin")
    run(connection, Settings().session)
    run(connection, "SET SESSION lock_wait_timeout = %s", (LOCK_WAIT_SECONDS,))
    run(connection, LONG_LISTS)
