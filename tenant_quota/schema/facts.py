"""The facts of a schema as its server has them; nothing is written, and little is needed.

Facts are objects, their parts and their attributes, all of them text:
``{"table tenants": {"": {"engine": "InnoDB"}, "column status": {"type": "varchar(16)"}}}``.
What is empty is left out. SELECT, SHOW VIEW, EVENT and SHOW_ROUTINE show all but triggers,
which MySQL shows to nobody without TRIGGER. What an account may not see is said by name:
the server's own answer for it is an empty one, as if it were not there. See also queries.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from pymysql.connections import Connection

from tenant_quota.grants.held import Right, read_own
from tenant_quota.schema.queries import FOREIGN_KEYS, NAMES, OF_KIND
from tenant_quota.statements import StatementFailed, fetch

Facts = dict[str, dict[str, dict[str, str]]]

#: yoyo's own tables: what is in them is checked, how they look is yoyo's affair.
BOOKKEEPING = re.compile(r"_yoyo_\w+|yoyo_lock|yoyo_tmp_\w+")
_DENIED = {1044, 1142, 1143}
_ALGORITHM = re.compile(r"CREATE ALGORITHM=(\w+)")
_QUOTED = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/"
_PARENTHESIS = re.compile(rf"{_QUOTED}|[()]", re.DOTALL)
# As the server writes them, each on a line of its own, between parameters and body.
_CHARACTERISTICS = re.compile(
    r"\)\n(?: {4}(?:LANGUAGE \w+|CONTAINS SQL|NO SQL|READS SQL DATA|MODIFIES SQL DATA|"
    r"(?:NOT )?DETERMINISTIC|SQL SECURITY \w+|COMMENT '(?:[^'\\]|\\.|'')*')\n)*",
    re.DOTALL,
)


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
    names = [
        f"{row['kind']} {row['name']}"
        for row in fetch(connection, NAMES)
        if not (row["kind"] == "table" and BOOKKEEPING.fullmatch(row["name"]))
    ]
    chosen = [key for key in names if known is None or key in known]
    live.facts = {key: {} for key in names}
    for kind, queries in OF_KIND.items():
        of_kind = [key.partition(" ")[2] for key in chosen if key.startswith(f"{kind} ")]
        for query in queries if of_kind else ():
            _read(connection, query, kind, of_kind, live.facts)
    for key in chosen:
        _add_what_is_derived(connection, key, live.facts[key])
    live.unseen = _unseen(connection, live, chosen, known or ())
    return live


def _read(
    connection: Connection[Any], query: str, kind: str, names: list[str], facts: Facts
) -> None:
    """Add what a query says; a table that only points at ours is new then.

    Attributes that say nothing are left out, but a default may be the empty text.
    """
    for row in fetch(connection, query, {"names": names}):
        key, part = f"{kind} {row.pop('name')}", row.pop("part")
        if key in facts or query == FOREIGN_KEYS:  # else it was made just now
            facts.setdefault(key, {})[part] = {
                word: str(value)
                for word, value in row.items()
                if value not in (None, "") or (word == "default" and value is not None)
            }


def _add_what_is_derived(
    connection: Connection[Any], key: str, parts: dict[str, dict[str, str]]
) -> None:
    """Add the order of an object's parts, and what only its SHOW CREATE tells, where it is seen."""
    kind, _, name = key.partition(" ")
    for word in ("column", "parameter"):
        order = [part.partition(" ")[2] for part in parts if part.startswith(f"{word} ")]
        if order and "" in parts:
            parts[""][f"order of {word}s"] = ", ".join(order)
    if kind in ("view", "procedure") and "" in parts:
        try:
            text = fetch(connection, f"SHOW CREATE {kind} `{name}`")[0][
                f"Create {kind.capitalize()}"
            ]
        except StatementFailed:
            return
        if kind == "procedure" and text:
            parts[""]["body"] = body_of(text)
        elif kind == "view" and (match := _ALGORITHM.match(text)):
            parts[""]["algorithm"] = match[1]


def body_of(text: str) -> str:
    """Return what follows parameters and characteristics in a SHOW CREATE PROCEDURE text.

    Verbatim: information_schema's copy has lost its charset introducers.
    """
    depth = 0
    start = text.find("PROCEDURE")
    for token in _PARENTHESIS.finditer(text, start):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if token[0] == ")" and depth == 0:
            match = _CHARACTERISTICS.match(text, token.start())
            return text[match.end() :] if match else text[token.end() :]
    return text


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
