"""The rows of ``quota_object_history``: what each migration replaced, and what it left.

Only the statements that write them, made without a connection. `apply` and `plan` use the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from tenant_quota.apply.fingerprints import written
from tenant_quota.apply.migrations import AGAIN
from tenant_quota.apply.object_files import Pin
from tenant_quota.connection import SQL_MODE
from tenant_quota.names import literal

HISTORY = "quota_object_history"
#: In the id of a row that keeps a text made by hand, and belongs to no migration.
BY_HAND = " by hand "

_ACCOUNT = r"`(?:[^`]|``)*`"
_DEFINER = re.compile(rf" DEFINER=({_ACCOUNT}@{_ACCOUNT})")

Row = Mapping[str, Any]  # of quota_object_history


@dataclass(frozen=True)
class Settings:
    """What a stored object remembers of the session that created it."""

    sql_mode: str = SQL_MODE
    character_set_client: str = "utf8mb4"
    collation_connection: str = "utf8mb4_0900_bin"
    time_zone: str = "+00:00"  # events only

    @property
    def session(self) -> str:
        """The statement that gives a session these."""
        return (
            f"SET SESSION sql_mode = {literal(self.sql_mode)},\n"
            f"    SESSION character_set_client = {self.character_set_client},\n"
            f"    SESSION collation_connection = {self.collation_connection},\n"
            f"    SESSION time_zone = {literal(self.time_zone)}"
        )


@dataclass(frozen=True)
class LiveObject:
    """An object's SHOW CREATE text and its settings."""

    create: str
    settings: Settings

    @property
    def state(self) -> str:
        """What the history keeps beside the text: the settings; grants come to them."""
        return json.dumps({**asdict(self.settings), "grants": []}, ensure_ascii=False)

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> LiveObject:
        """Return what a row of the history has kept."""
        state = json.loads(row["previous_state"])
        state.pop("grants", None)
        return cls(row["previous_create"], Settings(**state))

    @property
    def definer(self) -> str:
        """The definer account, quoted with backticks."""
        match = _DEFINER.search(self.create)
        return match[1] if match else ""


class Key(NamedTuple):
    """Whose row it is: a migration's, or what `again_id` named; and of which object."""

    migration: str
    kind: str
    name: str

    @property
    def where(self) -> str:
        """The condition that finds the row."""
        return (
            f"WHERE migration_id = {literal(self.migration)} AND object_type = {literal(self.kind)} "
            f"AND object_name = {literal(self.name)}"
        )


def key_of(row: Row) -> Key:
    """Return the key of a row that was read."""
    return Key(row["migration_id"], row["object_type"], row["object_name"])


def is_done(row: Row | None, pin: Pin) -> bool:
    """Whether the newest row of an object says that this pin is installed."""
    return row is not None and bool(row["installed_at"]) and row["new_sha256"] == pin.sha256


def is_own(row: Row | None, pin: Pin) -> bool:
    """Whether the newest row is of the pin's own migration, whether or not it was pinned anew."""
    return row is not None and row["migration_id"] >= pin.migration


def again_id(last: str, ids: Collection[str], rows: Iterable[Row]) -> str:
    """Return under which id the next rows are kept of what is pinned anew.

    ``last`` was applied last, ``ids`` are those that are there, ``rows`` the newest of each
    object: what an interrupted run has begun goes on under its own id.
    """
    taken = [each for each in ids if each.startswith(f"{last}{AGAIN}")]
    latest = max(taken, default=f"{last}{AGAIN}000")
    begun = {row["migration_id"] for row in rows if row["installed_at"] is None}
    return latest if latest in begun else f"{last}{AGAIN}{int(latest[-3:]) + 1:03}"


def intent(key: Key, sha256: str, live: LiveObject | None, expected: str, with_grants: bool) -> str:
    """Return what records, before anything is dropped, what is live and will be replaced.

    ``expected`` is an expression: the fingerprint that the new object will have, or NULL.
    """
    state = literal(live.state if live else None)
    if live is not None and key.kind == "PROCEDURE" and with_grants:
        state = _with_grants(state, key.name)
    return (
        f"REPLACE INTO {HISTORY} (migration_id, object_type, object_name, new_sha256,\n"
        "    installed_hash, previous_create, previous_state)\n"
        f"VALUES ({', '.join(map(literal, key))}, {literal(sha256)},\n"
        f"    {expected}, {literal(live.create if live else None)},\n    {state})"
    )


def intent_again(key: Key, sha256: str, expected: str) -> str:
    """Return what goes on with a row that is there; an earlier run may have known the fingerprint."""
    known = "" if expected == "NULL" else f",\n    installed_hash = {expected}"
    return f"UPDATE {HISTORY} SET new_sha256 = {literal(sha256)}{known}\n{key.where}"


def unfinished(row: Row, with_grants: bool) -> str:
    """Return what notes, before what is live is dropped, that it will be, and who may call it."""
    key, state = key_of(row), "previous_state"
    if key.kind == "PROCEDURE" and with_grants:
        state = _with_grants("COALESCE(previous_state, JSON_OBJECT())", key.name)
    return f"UPDATE {HISTORY} SET installed_at = NULL,\n    previous_state = {state}\n{key.where}"


def _with_grants(state: str, name: str) -> str:
    """Return an expression: the state with the grants that the routine itself has now.

    Without those of whoever runs it: MySQL gives them to the account that creates the routine.
    Grants on views live with the name and outlast the view; events have none.
    """
    return (
        f"JSON_SET({state}, '$.grants',\n"
        "        COALESCE((SELECT JSON_ARRAYAGG(JSON_OBJECT('user', User, 'host', Host,\n"
        "            'privileges', Proc_priv)) FROM mysql.procs_priv WHERE Db = DATABASE()\n"
        f"            AND Routine_name = '{name}' AND Routine_type = 'PROCEDURE'\n"
        "            AND CONCAT(User, '@', Host) <> CURRENT_USER()), JSON_ARRAY()))"
    )


def installed(key: Key) -> str:
    """Return what ends the intent, and keeps the fingerprint of what is installed.

    Where nothing is kept that a rollback brings back, its state is no more needed: it had
    the grants of the day in it.
    """
    return (
        f"UPDATE {HISTORY} SET installed_at = UTC_TIMESTAMP(6),\n"
        f"    installed_hash = {written(key.kind, key.name)},\n"
        f"    previous_state = IF(previous_create IS NULL, NULL, previous_state)\n{key.where}"
    )


def kept_as(key: Key, found: str) -> Key:
    """Return the key of the row that keeps a text made by hand, by the text's fingerprint."""
    return key._replace(migration=f"{key.migration}{BY_HAND}{found[:12]}")


def keep(kept: Key, live: LiveObject) -> str:
    """Return the row that keeps a text made by hand; twice is once."""
    return (
        f"REPLACE INTO {HISTORY} (migration_id, object_type, object_name, new_sha256,\n"
        "    previous_create, previous_state, installed_at)\n"
        f"VALUES ({', '.join(map(literal, kept))}, '',\n"
        f"    {literal(live.create)},\n    {literal(live.state)}, UTC_TIMESTAMP(6))"
    )


def taken_back(key: Key) -> str:
    """Return what removes the row once nothing is left of what it tells.

    And those of later ids: plain `yoyo rollback` takes back a migration that was pinned anew
    without what came again.
    """
    where = key.where.replace("migration_id = ", "migration_id >= ")
    return f"DELETE FROM {HISTORY} {where}\n    AND migration_id NOT LIKE '%{BY_HAND}%'"
