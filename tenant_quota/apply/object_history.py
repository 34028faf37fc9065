"""The rows of ``quota_object_history``: what each migration replaced, and what it left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pymysql.connections import Connection

from tenant_quota.apply import live_objects as live
from tenant_quota.apply.fingerprints import LONG_LISTS, written
from tenant_quota.statements import fetch, run

HISTORY = "quota_object_history"
#: In the id of a row that keeps a text made by hand, and belongs to no migration.
BY_HAND = " by hand "
#: What ends an intent sets: by what the object is known again. Where nothing is kept that a
#: rollback brings back, its state is no more needed: it had today's grants in it.
FINISHED = (
    "installed_hash = {},\n    previous_state = IF(previous_create IS NULL, NULL, previous_state)"
)


def read(connection: Connection[Any], migration: str) -> dict[str, Any] | None:
    """Return a migration's row, None where there is none."""
    rows = fetch(connection, f"SELECT * FROM {HISTORY} WHERE migration_id = %s", (migration,))
    return rows[0] if rows else None


@dataclass(frozen=True)
class Intent:
    """What is about to be installed or dropped; ``hash`` is by what it will be known again."""

    migration: str
    kind: str
    name: str
    sha256: str = ""  # of the file; empty where the object is dropped
    hash: str | None = None


def record(
    connection: Connection[Any],
    intent: Intent,
    current: live.LiveObject | None,
    grants: list[dict[str, str]],
) -> None:
    """Write the intent, with all that is live, before anything is dropped."""
    run(
        connection,
        f"REPLACE INTO {HISTORY} (migration_id, object_type, object_name, new_sha256, "
        "installed_hash, previous_create, previous_state) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            intent.migration,
            intent.kind,
            intent.name,
            intent.sha256,
            intent.hash,
            current and current.create,
            current and live.state_to_json(current.settings, grants),
        ),
    )


def read_hash(connection: Connection[Any], kind: str, name: str, status: str = "") -> str | None:
    """Return by what an object is known again, an event as if it had this status."""
    run(connection, LONG_LISTS)
    found = fetch(connection, f"SELECT {written(kind, name, status)} AS hash")[0]["hash"]
    return None if found is None else str(found)


def record_again(connection: Connection[Any], migration: str, sha256: str) -> None:
    """Go on with the row of an interrupted run: by now what it found may be dropped."""
    run(
        connection,
        f"UPDATE {HISTORY} SET new_sha256 = %s WHERE migration_id = %s",
        (sha256, migration),
    )


def unfinish(
    connection: Connection[Any],
    migration: str,
    settings: live.Settings,
    grants: list[dict[str, str]],
) -> None:
    """Say that what the migration installed is about to be dropped, and keep the grants."""
    run(
        connection,
        f"UPDATE {HISTORY} SET previous_state = %s, installed_at = NULL WHERE migration_id = %s",
        (live.state_to_json(settings, grants), migration),
    )


def finish(connection: Connection[Any], migration: str, kind: str, name: str) -> None:
    """Say that it is installed, and keep by what it is known again."""
    run(connection, LONG_LISTS)
    run(
        connection,
        f"UPDATE {HISTORY} SET installed_at = UTC_TIMESTAMP(6),\n"
        f"    {FINISHED.format(written(kind, name))}\nWHERE migration_id = %s",
        (migration,),
    )


def keep(
    connection: Connection[Any], migration: str, kind: str, name: str, current: live.LiveObject
) -> str:
    """Keep a text made by hand in a row of its own, whose id is returned; twice is once."""
    kept = kept_as(migration, read_hash(connection, kind, name) or "")
    record(connection, Intent(kept, kind, name), current, [])
    run(
        connection,
        f"UPDATE {HISTORY} SET installed_at = UTC_TIMESTAMP(6) WHERE migration_id = %s",
        (kept,),
    )
    return kept


def kept_as(migration: str, found: str) -> str:
    """Return the id of the row that keeps a text made by hand, with the text's hash."""
    return f"{migration}{BY_HAND}{found[:12]}"


def forget(connection: Connection[Any], migration: str) -> None:
    """Remove the row: what it told of is taken back."""
    run(connection, f"DELETE FROM {HISTORY} WHERE migration_id = %s", (migration,))
