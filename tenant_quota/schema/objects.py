"""Views, procedures and events as a server has them: settings, parameters, text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pymysql.connections import Connection

from tenant_quota.schema.tables import Facts, ask, without_empty
from tenant_quota.statements import StatementFailed, fetch

_QUOTED = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/"
_PARENTHESIS = re.compile(rf"{_QUOTED}|[()]", re.DOTALL)
# As the server writes them, each on a line of its own, between parameters and body.
_CHARACTERISTICS = re.compile(
    r"\)\n(?: {4}(?:LANGUAGE \w+|CONTAINS SQL|NO SQL|READS SQL DATA|MODIFIES SQL DATA|"
    r"(?:NOT )?DETERMINISTIC|SQL SECURITY \w+|COMMENT '(?:[^'\\]|\\.|'')*')\n)*",
    re.DOTALL,
)
_ALGORITHM = re.compile(r"CREATE ALGORITHM=(\w+)")


def read_views(connection: Connection[Any], names: Sequence[str]) -> Facts:
    """Return the facts of these views; without a definition where it may not be seen."""
    if not names:
        return {}
    facts: Facts = {}
    columns: dict[str, list[str]] = {}
    for row in ask(
        connection,
        "SELECT table_name AS name, column_name AS col FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND table_name IN %s "
        "ORDER BY table_name, ordinal_position",
        (names,),
    ):
        columns.setdefault(row["name"], []).append(row["col"])
    for row in ask(
        connection,
        "SELECT table_name AS name, view_definition AS definition, check_option, is_updatable, "
        "definer, security_type AS security, character_set_client AS client, "
        "collation_connection AS collation "
        "FROM information_schema.views WHERE table_schema = DATABASE() AND table_name IN %s",
        (names,),
    ):
        facts[f"view {row['name']}"] = {
            "": without_empty(
                definition=row["definition"],
                # A view whose table is gone has none; that table is what differs.
                columns=", ".join(columns.get(row["name"], [])),
                algorithm=_algorithm(connection, row["name"]),
                check_option=row["check_option"],
                updatable=row["is_updatable"].lower(),
                security=row["security"],
                character_set_client=row["client"],
                collation_connection=row["collation"],
                definer=row["definer"],
            )
        }
    return facts


def _algorithm(connection: Connection[Any], view: str) -> str:
    """Return what only SHOW CREATE VIEW tells; empty where it may not be seen."""
    try:
        text = fetch(connection, f"SHOW CREATE VIEW `{view}`")[0]["Create View"]
    except StatementFailed:
        return ""
    match = _ALGORITHM.match(text)
    return match[1] if match else ""


def read_routines(connection: Connection[Any], names: Sequence[str]) -> Facts:
    """Return the facts of these procedures; without a body where it may not be seen."""
    if not names:
        return {}
    facts: Facts = {}
    for row in ask(
        connection,
        "SELECT routine_name AS name, sql_data_access AS access, is_deterministic, "
        "security_type AS security, sql_mode AS mode, routine_comment AS comment, "
        "character_set_client AS client, collation_connection AS collation, "
        "database_collation, definer "
        "FROM information_schema.routines WHERE routine_schema = DATABASE() "
        "AND routine_type = 'PROCEDURE' AND routine_name IN %s",
        (names,),
    ):
        facts[f"procedure {row['name']}"] = {
            "": without_empty(
                data_access=row["access"],
                deterministic=row["is_deterministic"].lower(),
                security=row["security"],
                sql_mode=row["mode"],
                comment=row["comment"],
                character_set_client=row["client"],
                collation_connection=row["collation"],
                database_collation=row["database_collation"],
                definer=row["definer"],
                body=_body(connection, row["name"]),
            )
        }
    order: dict[str, list[str]] = {}
    for row in ask(
        connection,
        "SELECT specific_name AS name, parameter_name AS part, parameter_mode AS mode, "
        "dtd_identifier AS type, character_set_name AS charset, collation_name AS collation "
        "FROM information_schema.parameters WHERE specific_schema = DATABASE() "
        "AND routine_type = 'PROCEDURE' AND specific_name IN %s "
        "ORDER BY specific_name, ordinal_position",
        (names,),
    ):
        if f"procedure {row['name']}" not in facts:
            continue  # it was made just now
        order.setdefault(row["name"], []).append(row["part"])
        facts[f"procedure {row['name']}"][f"parameter {row['part']}"] = without_empty(
            mode=row["mode"], type=row["type"], charset=row["charset"], collation=row["collation"]
        )
    for name, parameters in order.items():
        facts[f"procedure {name}"][""]["order of parameters"] = ", ".join(parameters)
    return facts


def _body(connection: Connection[Any], name: str) -> str | None:
    """Return the body verbatim: information_schema's copy has lost its charset introducers."""
    try:
        text = fetch(connection, f"SHOW CREATE PROCEDURE `{name}`")[0]["Create Procedure"]
    except StatementFailed:
        return None
    return body_of(text) if text else None


def body_of(text: str) -> str:
    """Return what follows parameters and characteristics in a SHOW CREATE PROCEDURE text."""
    depth = 0
    start = text.find("PROCEDURE")
    for token in _PARENTHESIS.finditer(text, start):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if token[0] == ")" and depth == 0:
            match = _CHARACTERISTICS.match(text, token.start())
            return text[match.end() :] if match else text[token.end() :]
    return text


def read_events(connection: Connection[Any], names: Sequence[str]) -> Facts:
    """Return the facts of these events."""
    if not names:
        return {}
    facts: Facts = {}
    for row in ask(
        connection,
        "SELECT event_name AS name, event_definition AS body, execute_at, interval_value, "
        "interval_field, starts, ends, status, on_completion, time_zone, sql_mode AS mode, "
        "event_comment AS comment, character_set_client AS client, "
        "collation_connection AS collation, database_collation, definer "
        "FROM information_schema.events WHERE event_schema = DATABASE() AND event_name IN %s",
        (names,),
    ):
        every = f"EVERY {row['interval_value']} {row['interval_field']}"
        facts[f"event {row['name']}"] = {
            "": without_empty(
                schedule=every if row["interval_value"] else f"AT {row['execute_at']}",
                starts=row["starts"] and str(row["starts"]),
                ends=row["ends"] and str(row["ends"]),
                status=row["status"],
                on_completion=row["on_completion"],
                time_zone=row["time_zone"],
                sql_mode=row["mode"],
                comment=row["comment"],
                character_set_client=row["client"],
                collation_connection=row["collation"],
                database_collation=row["database_collation"],
                definer=row["definer"],
                body=row["body"],
            )
        }
    return facts
