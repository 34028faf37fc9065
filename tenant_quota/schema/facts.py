"""The facts of a schema as its server has them; nothing is written, and little is needed.

Facts are objects, their parts and their attributes, all of them text:
``{"table tenants": {"": {"engine": "InnoDB"}, "column status": {"type": "varchar(16)"}}}``.
What is empty is left out. SELECT, SHOW VIEW, EVENT and SHOW_ROUTINE show all but triggers,
which MySQL shows to nobody without TRIGGER. What an account may not see is said by name:
the server's own answer for it is an empty one, as if it were not there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from pymysql.connections import Connection

from tenant_quota.grants.held import Right, read_own
from tenant_quota.schema import objects, tables
from tenant_quota.schema.tables import Facts
from tenant_quota.statements import StatementFailed, fetch

#: yoyo's own tables: what is in them is checked, how they look is yoyo's affair.
BOOKKEEPING = re.compile(r"_yoyo_\w+|yoyo_lock|yoyo_tmp_\w+")
_DENIED = {1044, 1142, 1143}


@dataclass
class LiveSchema:
    """One schema: its facts, and why what is not among them could not be seen."""

    name: str
    version: str  # VERSION()
    collation: str  # what a new table would get
    is_replica: bool  # as far as this account can tell: read_only, or it replicates
    facts: Facts = field(default_factory=dict)
    unseen: dict[str, str] = field(default_factory=dict)  # object, or "object, what of it": why

    @property
    def series(self) -> str:
        """The server's series, e.g. 9.7."""
        return ".".join(self.version.split(".")[:2])


def read_schema(connection: Connection[Any], known: Collection[str] | None = None) -> LiveSchema:
    """Read the connected schema.

    ``known`` are the objects of which all is read, e.g. ``table tenants``; of others only
    that they are there. None means that all are known. Raises StatementFailed.
    """
    row = fetch(
        connection,
        "SELECT DATABASE() AS name, VERSION() AS version, @@collation_database AS collation",
    )[0]
    live = LiveSchema(**row, is_replica=is_replica(connection))
    names = _names(connection)
    chosen = [key for key in names if known is None or key in known]
    live.facts = {key: {} for key in names}

    of_kind: dict[str, list[str]] = {}
    for key in chosen:
        kind, _, name = key.partition(" ")
        of_kind.setdefault(kind, []).append(name)
    live.facts |= tables.read_tables(connection, of_kind.get("table", []))
    live.facts |= objects.read_views(connection, of_kind.get("view", []))
    live.facts |= objects.read_routines(connection, of_kind.get("procedure", []))
    live.facts |= objects.read_events(connection, of_kind.get("event", []))
    for key, parts in tables.read_foreign_keys(connection, of_kind.get("table", [])).items():
        live.facts.setdefault(key, {}).update(parts)
    live.unseen = _unseen(connection, live, chosen, known or ())
    return live


def _names(connection: Connection[Any]) -> list[str]:
    """Return every object that this account may see, e.g. ``view quota_health``."""
    rows = fetch(
        connection,
        "SELECT IF(table_type = 'VIEW', 'view', 'table') AS kind, table_name AS name "
        "FROM information_schema.tables WHERE table_schema = DATABASE() "
        "UNION ALL SELECT LOWER(routine_type), routine_name "
        "FROM information_schema.routines WHERE routine_schema = DATABASE() "
        "UNION ALL SELECT 'event', event_name "
        "FROM information_schema.events WHERE event_schema = DATABASE()",
    )
    return [
        f"{row['kind']} {row['name']}"
        for row in rows
        if not (row["kind"] == "table" and BOOKKEEPING.fullmatch(row["name"]))
    ]


def is_replica(connection: Connection[Any]) -> bool:
    """Whether the server is read-only or, where this account may look, replicates another."""
    if fetch(connection, "SELECT @@read_only OR @@super_read_only AS yes")[0]["yes"]:
        return True
    try:
        rows = fetch(
            connection,
            "SELECT 1 FROM performance_schema.replication_connection_status "
            "WHERE service_state = 'ON' AND channel_name NOT LIKE 'group_replication%'",
        )
    except StatementFailed:
        return False
    return bool(rows)


def _unseen(
    connection: Connection[Any], live: LiveSchema, chosen: Iterable[str], known: Iterable[str]
) -> dict[str, str]:
    """Return what cannot be seen, and which privilege would show it."""
    held = read_own(connection)
    unseen: dict[str, str] = {}
    for key in chosen:
        kind, _, name = key.partition(" ")
        parts = live.facts[key]
        itself = parts.get("", {})
        if kind == "table":
            if not any(part.startswith("column ") for part in parts):
                unseen[f"{key}, columns"] = "SELECT on it is missing"
            if not held.holds(Right(live.name, "", name, "TRIGGER")):
                unseen[f"{key}, triggers"] = "TRIGGER on it is missing"
        elif kind == "view" and "definition" not in itself:
            unseen[key] = "SHOW VIEW on it is missing"
        elif kind == "procedure" and "body" not in itself:
            unseen[f"{key}, body"] = "SHOW_ROUTINE is missing"
    for key in known:
        if key not in live.facts:
            why = _why_absent(connection, key, held.see_routines)
            if why:
                unseen[key] = why
    return unseen


def _why_absent(connection: Connection[Any], key: str, see_routines: bool) -> str:
    """Return the privilege without which nobody can tell that it is missing, else nothing."""
    kind, _, name = key.partition(" ")
    if kind == "procedure":
        return "" if see_routines else "SHOW_ROUTINE is missing"
    probe = "SHOW EVENTS" if kind == "event" else f"SELECT 1 FROM `{name}` LIMIT 0"  # noqa: S608
    try:
        fetch(connection, probe)
    except StatementFailed as error:
        if error.number in _DENIED:
            return "EVENT is missing" if kind == "event" else "SELECT on it is missing"
    return ""
