"""Is this what we shipped? Of an object on a server: what a file makes, or what was installed.

A fingerprint tells: of the file's text under a scratch name, or of what a migration left, which
the history has. An object that has another now was changed by hand. `apply` would lose that text,
so it stops, unless it is told to replace it and keep it. What is not to be seen, or has no
fingerprint in the history, counts as unchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymysql.connections import Connection

from tenant_quota.apply import live_objects as live
from tenant_quota.apply.fingerprints import LONG_LISTS, all_written, source, written
from tenant_quota.apply.history_statements import HISTORY, LiveObject, Row
from tenant_quota.apply.object_files import (
    KINDS,
    Object,
    ObjectFile,
    Pin,
    pinned_file,
    shows_whole,
)
from tenant_quota.apply.object_statements import SCRATCH, try_out
from tenant_quota.errors import TenantQuotaError
from tenant_quota.statements import fetch, run

_KEPT = (
    "`tenant-quota verify` shows what differs. `tenant-quota apply --force` replaces it and keeps "
    f"its text in {HISTORY}, from where a rollback of that migration brings it back. Or put back "
    "what was there."
)
#: What to do about one that no migration replaces now.
PUT_BACK = "tenant-quota apply --force puts back what is shipped, and keeps its text"


def is_same(connection: Connection[Any], file: ObjectFile, current: LiveObject) -> bool:
    """Whether the live object is what the file makes, which stands under the scratch name now.

    Whoever its definer is. What information_schema does not show whole counts as another.
    """
    if not all(shows_whole(file.kind, text) for text in (file.statement, current.create)):
        return False
    made = written(file.kind, SCRATCH, file.event_status)
    same = fetch(connection, f"SELECT {made} = {written(file.kind, file.name)} AS same")[0]["same"]
    return bool(same)


def sweep(connection: Connection[Any]) -> None:
    """Drop what a run that was killed while it tried something out has left."""
    for kind in KINDS.values():
        if fetch(connection, f"SELECT 1 FROM {source(kind, SCRATCH)}"):  # noqa: S608
            live.drop(connection, kind, SCRATCH)


def is_shipped(connection: Connection[Any], root: Path, pin: Pin) -> bool:
    """Whether what is live is what this pin installs, whoever made it; tries that out."""
    try:
        file = pinned_file(root, pin)
        current = live.read_live(connection, *pin.object)
        if file is None or current is None:
            return False
        for statement in try_out(file):
            run(connection, statement)
        try:
            return is_same(connection, file, current)
        finally:
            live.drop(connection, file.kind, SCRATCH)
    except TenantQuotaError:
        return False  # the migration itself will say what is wrong


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

    @property
    def stays(self) -> str:
        """What is worth a line about one that no migration replaces now."""
        return f"{self}. It stays {'as it is' if self.hash else 'missing'}; {PUT_BACK}."


def changed_by_hand(
    connection: Connection[Any], objects: Collection[Object], rows: Mapping[Object, Row]
) -> dict[Object, Changed]:
    """Return which of these objects somebody changed, by the newest row of each. Reads only."""
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


def _is_known(connection: Connection[Any], each: Object, row: Row | None, now: str) -> bool:
    """Whether the newest row accounts for the hash of what is there, empty for nothing."""
    if row is None:
        return not now
    begun = row["installed_at"] is None
    if not now:
        return begun or not row["new_sha256"]
    if row["installed_hash"] == now:
        return True
    if begun and row["installed_hash"] is None and row["previous_create"] is None:
        return True  # nothing was there before: the migration itself has made it
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
