"""What is applied and must be installed anew, and what was changed by hand and is in the way."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from tenant_quota.apply import by_hand, interrupted
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.apply.live_objects import by_number, definers
from tenant_quota.apply.object_files import Pin, identity, read_pins
from tenant_quota.apply.object_history import BY_HAND, HISTORY
from tenant_quota.apply.stored_objects import is_shipped, reopen
from tenant_quota.names import parse_account
from tenant_quota.paths import sql_root


def last_pins(root: Path | None) -> dict[str, Pin]:
    """Return the pin that counts for each object, by path: a later one supersedes an earlier."""
    return {pin.path: pin for pin in read_pins((root or sql_root()) / "migrations")}


def stale(backend: QuotaBackend, root: Path | None, applied: Collection[str]) -> list[str]:
    """Return the applied migrations that have not installed what they pin now.

    Either the pin is another than then: only what no release has shipped is ever pinned anew
    in place, for a database that follows a checkout. Or a rollback was interrupted, which has
    begun to take it back, or has done so and not said it.
    """
    undone = [name for name in interrupted.begun(backend, "rollback") if name in applied]
    rows = _history(backend)
    if rows is None:
        return undone
    installed = {migration: sha256 for migration, _, sha256, finished in rows if finished}
    newest = {name: migration for migration, name, _, _ in rows}
    return undone + [
        pin.migration
        for path, pin in last_pins(root).items()
        if pin.migration in applied
        and installed.get(pin.migration) != pin.sha256
        # A later version than this one may have installed it; then that has the say.
        and newest.get(identity(path)[1], "") <= pin.migration
    ]


def half_applied(backend: QuotaBackend, applied: Collection[str]) -> set[str]:
    """Return the migrations that are not marked, and have left more or less behind."""
    names = {migration for migration, *_ in _history(backend) or ()}
    for direction in interrupted.OPERATIONS:
        names |= interrupted.begun(backend, direction)
    return names - {*applied}


def _history(backend: QuotaBackend) -> list[tuple[str, str, str, int]] | None:
    """Return migration, object, hash and whether it is finished; None without a history."""
    if HISTORY not in backend.list_tables():
        return None
    rows = backend.execute(
        "SELECT migration_id, object_name, new_sha256, installed_at IS NOT NULL "  # noqa: S608
        f"FROM {HISTORY} ORDER BY migration_id"
    ).fetchall()
    return [row for row in rows if BY_HAND not in row[0]]


def of_others(backend: QuotaBackend, root: Path | None, definer: str | None) -> list[str]:
    """Return the migrations whose objects run as another account than ``definer``, if given."""
    if definer is None or HISTORY not in backend.list_tables():
        return []
    mine = str(parse_account(definer, "--definer"))
    last = last_pins(root)
    found = definers(backend.connection, last)
    return [last[path].migration for path, theirs in found.items() if theirs != mine]


def definer_of_most(backend: QuotaBackend, root: Path | None) -> str | None:
    """Return the account (user@host) that most of what is installed runs as; None: nothing is."""
    counts = by_number(definers(backend.connection, last_pins(root)))
    return counts[0][0] if counts else None


def make_pending(backend: QuotaBackend, names: Collection[str]) -> None:
    """Make these pending again, as after an interrupted run, which keeps the previous text."""
    # A rollback of everything that was interrupted may have dropped the history already.
    has_history = HISTORY in backend.list_tables()
    with backend.transaction():
        for name in sorted(names):
            if has_history:
                reopen(backend.connection, name)
            backend.execute(
                f"DELETE FROM {backend.migration_table_quoted} WHERE migration_id = :id",  # noqa: S608
                {"id": name},
            )


def changed_by_hand(
    backend: QuotaBackend, root: Path | None, pending: Collection[str]
) -> tuple[list[tuple[by_hand.Changed, Pin]], list[by_hand.Changed]]:
    """Return what somebody changed: what ``pending`` migrations would replace, and the rest."""
    last = last_pins(root)
    in_the_way, rest = [], []
    for path, changed in by_hand.find(backend.connection, list(last)).items():
        if last[path].migration not in pending:
            rest.append(changed)
        elif changed.hash:
            in_the_way.append((changed, last[path]))
    return in_the_way, rest


def replace_or_keep(
    backend: QuotaBackend,
    root: Path | None,
    pending: Collection[str],
    force: bool,
    on_note: Callable[[str], None],
) -> list[str]:
    """Return the applied migrations to do again because ``force`` replaces what they installed.

    Raises TenantQuotaError where, without it, a text would be lost that is not shipped. Tells
    ``on_note`` what stays as it is.
    """
    # On a connection of its own: on the backend's it would hold a lock on the history.
    with backend.copy() as looking:
        in_the_way, rest = changed_by_hand(looking, root, pending)
        if not force:
            lost = [each for each in in_the_way if not _ships(looking, root, each[1])]
            by_hand.refuse(lost)
    if force:
        last = last_pins(root)
        return [last[changed.path].migration for changed in rest]
    for changed in rest:
        on_note(by_hand.kept(changed))
    return []


def _ships(backend: QuotaBackend, root: Path | None, pin: Pin) -> bool:
    return bool(pin.sha256) and is_shipped(backend.connection, root or sql_root(), pin)
