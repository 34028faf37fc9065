"""What is applied and must be installed anew, and what was changed by hand and is in the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from tenant_quota.apply import by_hand, interrupted
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.apply.live_objects import by_number, definers
from tenant_quota.apply.object_files import Pin, last_pins
from tenant_quota.apply.object_history import (
    AGAIN,
    BY_HAND,
    HISTORY,
    again_id,
    is_done,
    is_own,
    newest,
)
from tenant_quota.apply.stored_objects import Installer, Manner, is_shipped
from tenant_quota.names import parse_account


@dataclass(frozen=True)
class Reapplied:
    """What one `apply` installed anew of migrations that were applied before; see AGAIN."""

    id: str

    @property
    def after(self) -> str:
        """The last migration that was applied then."""
        return self.id.partition(AGAIN)[0]


def pending_pins(backend: QuotaBackend, root: Path, definer: str | None = None) -> list[Pin]:
    """Return the pins that are not installed as they are now, or as another than ``definer``.

    Those of applied migrations are among them: a pin is another than then if no release has
    shipped it, for a database that follows a checkout. Or a rollback was interrupted that had
    begun to take it back.
    """
    rows, last = newest(backend.connection), last_pins(root)
    known = {file.stem for file in (root / "migrations").glob("[0-9]*")}

    def is_of_a_later_version(pin: Pin) -> bool:
        row = rows.get(pin.object)
        return row is not None and row["migration_id"].partition(AGAIN)[0] not in known

    pins = [pin for pin in last.values() if not is_done(rows.get(pin.object), pin)]
    pins = [pin for pin in pins if not is_of_a_later_version(pin)]
    if definer is not None:
        mine = str(parse_account(definer, "--definer"))
        found = definers(backend.connection, last)
        pins += [last[each] for each, theirs in found.items() if theirs != mine]
    return pins


def undone(backend: QuotaBackend, applied: Collection[str]) -> set[str]:
    """Return the applied migrations of tables that an interrupted run has changed."""
    return {*interrupted.begun(backend)} & {*applied}


def half_applied(backend: QuotaBackend, applied: Collection[str]) -> set[str]:
    """Return the migrations that are not marked, and have left more or less behind."""
    names = {name for name in _ids(backend) if AGAIN not in name}
    return {*names, *interrupted.begun(backend)} - {*applied}


def reapplied(backend: QuotaBackend) -> list[Reapplied]:
    """Return what was installed anew, oldest first."""
    return [Reapplied(name) for name in sorted(_ids(backend)) if AGAIN in name]


def _ids(backend: QuotaBackend) -> set[str]:
    if HISTORY not in backend.list_tables():
        return set()
    rows = backend.execute(f"SELECT DISTINCT migration_id FROM {HISTORY}").fetchall()  # noqa: S608
    return {name for (name,) in rows if BY_HAND not in name}


def definer_of_most(backend: QuotaBackend, root: Path) -> str | None:
    """Return the account (user@host) that most of what is installed runs as; None: nothing is."""
    counts = by_number(definers(backend.connection, last_pins(root)))
    return counts[0][0] if counts else None


def next_id(backend: QuotaBackend, applied: Collection[str]) -> str:
    """Return the id of the rows of what is installed anew next."""
    rows = newest(backend.connection)
    return again_id(max(applied, default=""), _ids(backend), rows.values())


def begin(
    backend: QuotaBackend, applied: Collection[str], pins: Iterable[Pin], manner: Manner
) -> None:
    """Write down what will be installed anew of applied migrations, before any of it is.

    Another text than the row tells of gets a row of its own, with what is live now: so a
    rollback takes back what was applied last. The migration stays marked meanwhile; that its
    rows are not finished says that it must be run again.
    """
    rows = newest(backend.connection)
    installer = Installer(backend.connection, manner)
    with backend.transaction():
        anew = next_id(backend, applied)
        for pin in pins:
            row = rows.get(pin.object)
            if row is None or row["installed_at"] is None or not is_own(row, pin):
                continue  # it is new here, or under way
            if pin.migration in applied or row["new_sha256"] == pin.sha256:
                installer.reopen(pin, row, anew)


def replace_or_keep(
    backend: QuotaBackend,
    root: Path,
    pending: Collection[Pin],
    force: bool,
    on_note: Callable[[str], None],
    *,
    reads_only: bool = False,
) -> list[Pin]:
    """Return what ``force`` replaces of what somebody changed, of ``pending`` and beside it.

    Raises TenantQuotaError where, without it, a text would be lost that is not shipped, which
    takes trying that out: with ``reads_only`` any text. Tells ``on_note`` what stays as it is.
    """
    last = last_pins(root)
    # On a connection of its own: on the backend's it would hold a lock on the history.
    with backend.copy() as looking:
        found = [(each, last[of]) for of, each in by_hand.find(looking.connection, last).items()]
        if force:
            return [pin for _, pin in found]
        lost = [(each, pin) for each, pin in found if pin in pending and each.hash]
        if not reads_only:
            lost = [each for each in lost if not is_shipped(looking.connection, root, each[1])]
        by_hand.refuse(lost)
    for changed, pin in found:
        if pin not in pending:
            on_note(by_hand.kept(changed))
    return []
