"""The rows of ``quota_object_history``: what each migration replaced, and what it left.

The statements that write them hold all that they say, so `apply` runs them and `plan` prints
them. ``previous`` and ``state`` are SQL: a literal, or an expression.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from pymysql.connections import Connection

from tenant_quota.apply.fingerprints import LONG_LISTS, written
from tenant_quota.apply.object_files import Object, Pin
from tenant_quota.names import literal
from tenant_quota.statements import StatementFailed, fetch, run

HISTORY = "quota_object_history"
#: In the id of a row that keeps a text made by hand, and belongs to no migration.
BY_HAND = " by hand "
#: In the id of rows that a migration wrote when it was pinned anew after it had been applied.
#: What stands before it is the last migration that was applied then: so ids sort by age.
AGAIN = " again "


class Key(NamedTuple):
    """Whose row it is: a migration's, or what `again_id` named; and of which object."""

    migration: str
    kind: str
    name: str

    @property
    def where(self) -> str:
        """The condition that finds the row."""
        return f"WHERE migration_id = {literal(self.migration)} AND {self._object}"

    @property
    def _object(self) -> str:
        return f"object_type = {literal(self.kind)} AND object_name = {literal(self.name)}"


def key_of(row: Mapping[str, Any]) -> Key:
    """Return the key of a row that was read."""
    return Key(row["migration_id"], row["object_type"], row["object_name"])


def newest(connection: Connection[Any]) -> dict[Object, dict[str, Any]]:
    """Return the newest row of each object; texts only of what is begun and not finished."""
    try:
        rows = fetch(
            connection,
            "SELECT migration_id, object_type, object_name, new_sha256, installed_hash, "
            "IF(installed_at IS NULL, previous_create, NULL) AS previous_create, installed_at "
            f"FROM {HISTORY} ORDER BY migration_id",
        )
    except StatementFailed as error:
        if error.number != 1146:
            raise
        return {}
    return {
        (row["object_type"], row["object_name"]): row
        for row in rows
        if BY_HAND not in row["migration_id"]
    }


def rows_of(connection: Connection[Any], migration: str) -> list[dict[str, Any]]:
    """Return all that a migration's rows hold."""
    where = f"WHERE migration_id = {literal(migration)} ORDER BY object_type, object_name"
    return fetch(connection, f"SELECT * FROM {HISTORY} {where}")


def read(connection: Connection[Any], key: Key) -> dict[str, Any]:
    """Return all that a row holds, which must be there."""
    return fetch(connection, f"SELECT * FROM {HISTORY} {key.where}")[0]


def is_done(row: dict[str, Any] | None, pin: Pin) -> bool:
    """Whether the newest row of an object says that this pin is installed."""
    return row is not None and bool(row["installed_at"]) and row["new_sha256"] == pin.sha256


def is_own(row: dict[str, Any] | None, pin: Pin) -> bool:
    """Whether the newest row is of the pin's own migration, whether or not it was pinned anew."""
    return row is not None and row["migration_id"] >= pin.migration


def again_id(last: str, ids: Collection[str], rows: Iterable[dict[str, Any]]) -> str:
    """Return under which id the next rows are kept of what is pinned anew.

    ``last`` was applied last, ``ids`` are those that are there, ``rows`` the newest of each
    object: what an interrupted run has begun goes on under its own id.
    """
    taken = [each for each in ids if each.startswith(f"{last}{AGAIN}")]
    latest = max(taken, default=f"{last}{AGAIN}000")
    begun = {row["migration_id"] for row in rows if row["installed_at"] is None}
    return latest if latest in begun else f"{last}{AGAIN}{int(latest[-3:]) + 1:03}"


def read_hash(connection: Connection[Any], kind: str, name: str, status: str = "") -> str | None:
    """Return the object's fingerprint, an event's as if it had this status."""
    run(connection, LONG_LISTS)
    found = fetch(connection, f"SELECT {written(kind, name, status)} AS hash")[0]["hash"]
    return None if found is None else str(found)


def intent(key: Key, sha256: str, previous: str, state: str, expected: str | None = None) -> str:
    """Return what records, before anything is dropped, what is live and will be replaced.

    ``expected`` is the fingerprint that the new object will have, as far as that is known.
    """
    return (
        f"REPLACE INTO {HISTORY} (migration_id, object_type, object_name, new_sha256,\n"
        "    installed_hash, previous_create, previous_state)\n"
        f"VALUES ({', '.join(map(literal, key))}, {literal(sha256)},\n"
        f"    {literal(expected)}, {previous},\n    {state})"
    )


def intent_again(key: Key, sha256: str, expected: str | None = None) -> str:
    """Return what goes on with the row of an interrupted run: what it found may be gone."""
    known = f", installed_hash = {literal(expected)}" if expected else ""
    return f"UPDATE {HISTORY} SET new_sha256 = {literal(sha256)}{known}\n{key.where}"


def unfinished(key: Key, state: str = "previous_state") -> str:
    """Return what notes, before what is live is dropped, that it will be; and its grants."""
    return f"UPDATE {HISTORY} SET installed_at = NULL,\n    previous_state = {state}\n{key.where}"


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


def keep(kept: Key, previous: str, state: str) -> str:
    """Return the row that keeps a text made by hand."""
    return (
        f"REPLACE INTO {HISTORY} (migration_id, object_type, object_name, new_sha256,\n"
        "    previous_create, previous_state, installed_at)\n"
        f"VALUES ({', '.join(map(literal, kept))}, '',\n"
        f"    {previous},\n    {state}, UTC_TIMESTAMP(6))"
    )


def taken_back(key: Key) -> str:
    """Return what removes the row once nothing is left of what it tells.

    And those of later ids: plain `yoyo rollback` takes back a migration that was pinned anew
    without what came again.
    """
    where = key.where.replace("migration_id = ", "migration_id >= ")
    return f"DELETE FROM {HISTORY} {where}\n    AND migration_id NOT LIKE '%{BY_HAND}%'"
