"""What a database holds once migrations have run, for comparing one way with another."""

from __future__ import annotations

import json
import re
from contextlib import closing
from typing import Any

from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import resolve
from tenant_quota.schema.facts import read_schema
from tests.helpers.support import rows

_HISTORY = (
    "SELECT migration_id, object_type, object_name, new_sha256, previous_create,"
    " previous_state, installed_hash, installed_at IS NULL FROM quota_object_history ORDER BY 1"
)


def recorded(url: str) -> dict[str, list[Any]]:
    """Return what the history tables hold, but ids, times, and who did it where."""
    with closing(connect_to_database(resolve(url=url))) as connection:
        names = {name for (name,) in rows(connection, "SHOW TABLES")}

        def ask(table: str, statement: str) -> list[Any]:
            return rows(connection, statement.replace("%", "%%")) if table in names else []

        tables = ("_yoyo_migration", "_yoyo_log", "_yoyo_version")
        return {
            "marks": ask(
                "_yoyo_migration",
                "SELECT migration_hash, migration_id FROM _yoyo_migration ORDER BY 2",
            ),
            "log": ask(
                "_yoyo_log",
                "SELECT migration_hash, migration_id, operation, comment, username <> '',"
                " hostname <> '' FROM _yoyo_log ORDER BY 2, 3, 1",
            ),
            "version": ask("_yoyo_version", "SELECT version FROM _yoyo_version"),
            "objects": ask("quota_object_history", _HISTORY),
            "yoyo": [
                re.sub(r" AUTO_INCREMENT=\d+", "", create)
                for table in tables
                for (_, create) in ask(table, f"SHOW CREATE TABLE {table}")
            ],
        }


def facts(url: str) -> Any:
    """Return every fact of the schema, whatever its name is."""
    with closing(connect_to_database(resolve(url=url))) as connection:
        live = read_schema(connection)
    return json.loads(json.dumps(live.facts).replace(live.name, "{schema}"))
