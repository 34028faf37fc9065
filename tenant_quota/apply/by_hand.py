"""What somebody changed by hand: objects that are not as the last migration left them.

`apply` would lose that text, so it stops, unless it is told to replace it and keep it. An
object that is not to be seen, or of which the history has no hash, counts as unchanged.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pymysql.connections import Connection

from tenant_quota.apply import live_objects as live
from tenant_quota.apply.fingerprints import LONG_LISTS, all_written
from tenant_quota.apply.object_files import Object, Pin
from tenant_quota.apply.object_history import HISTORY, newest
from tenant_quota.errors import TenantQuotaError
from tenant_quota.statements import fetch

_KEPT = (
    "`tenant-quota verify` shows what differs. `tenant-quota apply --force` replaces it and keeps "
    f"its text in {HISTORY}, from where a rollback of that migration brings it back. Or put back "
    "what was there."
)
#: What to do about one that no migration replaces now.
PUT_BACK = "tenant-quota apply --force puts back what is shipped, and keeps its text"


@dataclass(frozen=True)
class Changed:
    """One object that somebody changed, made or dropped by hand."""

    kind: str  # PROCEDURE, VIEW or EVENT
    name: str
    migration: str  # the last that installed or dropped it; empty: none did
    hash: str  # of what is there now; empty: nothing is
    made: bool = False  # no migration installed it
    begun: bool = False  # a migration has begun to replace it, and not finished

    @property
    def what(self) -> str:
        """Kind and name, e.g. procedure consume_quota."""
        return f"{self.kind.lower()} {self.name}"

    def __str__(self) -> str:
        if not self.hash:
            return f"{self.what} is missing: it was dropped by hand since {self.migration}"
        if self.made:
            return f"{self.what} was made by hand: no migration installed it"
        return f"{self.what} was changed by hand since {self.migration}"


def find(connection: Connection[Any], objects: Collection[Object]) -> dict[Object, Changed]:
    """Return which of these objects somebody changed. Reads only."""
    rows = newest(connection)
    there = _there(connection, objects)
    found = {}
    for each in objects:
        row, now = rows.get(each), there.get(each, "")
        if now is None or _is_known(connection, each, row, now):
            continue
        migration = row["migration_id"] if row else ""
        begun = row is not None and row["installed_at"] is None
        made = not (row and row["new_sha256"])
        found[each] = Changed(*each, migration, now, made, begun)
    return found


def changed(connection: Connection[Any], each: Object) -> Changed | None:
    """Return what somebody changed or made of this object; None: nothing, or it is missing."""
    found = find(connection, [each]).get(each)
    return found if found is not None and found.hash else None


def _is_known(
    connection: Connection[Any], each: Object, row: dict[str, Any] | None, now: str
) -> bool:
    """Whether the newest row accounts for the hash of what is there, empty for nothing."""
    if row is None:
        return not now
    begun = row["installed_at"] is None
    if not now:
        return begun or not row["new_sha256"]
    if row["installed_hash"] == now:
        return True
    if begun:
        # What it found may be there still; whoever may not read that cannot replace it either.
        with suppress(TenantQuotaError):
            current = live.read_live(connection, *each)
            return current is not None and current.create == row["previous_create"]
        return True
    return bool(row["new_sha256"]) and row["installed_hash"] is None


def _there(connection: Connection[Any], objects: Collection[Object]) -> dict[Object, str | None]:
    """Return the hash of each object that is there, None for one that is not to be seen."""
    of_kind: dict[str, dict[str, str]] = {}
    for kind, name in objects:
        of_kind.setdefault(kind, {})[name.lower()] = name
    fetch(connection, LONG_LISTS)
    there: dict[Object, str | None] = {}
    for kind, names in of_kind.items():
        for row in fetch(connection, all_written(kind, list(names))):
            there[kind, names[row["name"].lower()]] = row["hash"]
    return there


def refuse(in_the_way: list[tuple[Changed, Pin]]) -> None:
    """Raise TenantQuotaError naming each that a migration would replace; nothing if none."""
    if not in_the_way:
        return
    lines = [
        "What was changed by hand would be lost, so nothing was touched:",
        *(
            f"  {changed}; {pin.migration} would {'replace' if pin.sha256 else 'drop'} it"
            for changed, pin in in_the_way
        ),
        _KEPT,
    ]
    raise TenantQuotaError("\n".join(lines))


def kept(changed: Changed) -> str:
    """Return what is worth a line about one that no migration replaces now."""
    stays = "missing" if not changed.hash else "as it is"
    return f"{changed}. It stays {stays}; {PUT_BACK}."
