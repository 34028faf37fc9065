"""Expressions in SQL by which a stored object is known again, as information_schema has it.

They cannot give its text back (SHOW CREATE does, which no SQL can read), and of that text
they lack what information_schema lacks: the introducers of literals.
"""

from __future__ import annotations

from tenant_quota.apply import live_objects as live

#: Needed before any of these is asked: the parameters of a procedure pass MySQL's 1,024.
LONG_LISTS = "SET SESSION group_concat_max_len = 1000000"

_SETTINGS = live.Settings()
_ASLEEP = "('SLAVESIDE_DISABLED', 'REPLICA_SIDE_DISABLED')"

_DEFINITIONS = {
    "PROCEDURE": (
        "o.sql_data_access, o.is_deterministic, o.security_type, o.routine_comment,\n"
        "        COALESCE((SELECT GROUP_CONCAT(p.parameter_mode, p.parameter_name, p.dtd_identifier,\n"
        "            COALESCE(p.collation_name, '') ORDER BY p.ordinal_position)\n"
        "        FROM information_schema.parameters AS p\n"
        "        WHERE p.specific_schema = o.routine_schema AND p.specific_name = o.specific_name\n"
        "            AND p.routine_type = 'PROCEDURE'), ''), o.routine_definition"
    ),
    # Without the schema's name before a table's: behind FROM or JOIN, or with an alias or a
    # column behind it. An alias may be named like the schema, and stays (EXTRACT has a FROM).
    "VIEW": (
        "o.security_type, o.check_option, REGEXP_REPLACE(o.view_definition,\n"
        "        REPLACE('((?:(?<!extract\\\\([a-z_]{{1,20}} )from|join) \\\\(*)`schema`\\\\.|`schema`\\\\.(?=`[^`]+`(?: `|\\\\.`))',\n"
        "            'schema', CONCAT('\\\\Q', DATABASE(), '\\\\E')), '$1')"
    ),
    "EVENT": (
        "o.event_type, COALESCE(o.execute_at, ''), COALESCE(o.interval_value, ''),\n"
        "        COALESCE(o.interval_field, ''), COALESCE(o.starts, ''), COALESCE(o.ends, ''),\n"
        "        o.on_completion, {status}, o.event_comment, o.event_definition"
    ),
}
# Without the definer, which `apply --definer` and ALTER EVENT change and nobody wrote; and of
# events without what ALTER EVENT takes from the session, and a failover from the server.
_SETTINGS_WRITTEN = {
    "PROCEDURE": "o.character_set_client, '|', o.collation_connection, '|', o.sql_mode",
    "VIEW": "o.character_set_client, '|', o.collation_connection",
    "EVENT": "o.sql_mode, '|', o.time_zone",
}
_NAMES = {"PROCEDURE": "o.routine_name", "VIEW": "o.table_name", "EVENT": "o.event_name"}
_SOURCES = {
    "PROCEDURE": "information_schema.routines AS o\n    WHERE o.routine_schema = DATABASE() "
    "AND o.routine_name IN ({names}) AND o.routine_type = 'PROCEDURE'",
    "VIEW": "information_schema.views AS o\n    WHERE o.table_schema = DATABASE() "
    "AND o.table_name IN ({names})",
    "EVENT": "information_schema.events AS o\n    WHERE o.event_schema = DATABASE() "
    "AND o.event_name IN ({names})",
}


def source(kind: str, *names: str) -> str:
    """Return what follows FROM, for these objects as ``o``; names are those of our files."""
    listed = ",\n        ".join(f"'{name}'" for name in names)
    return _SOURCES[kind].format(names=listed)


def fingerprint(kind: str, name: str) -> str:
    """Return an expression for all of an object, whatever changed it; NULL: not to be seen."""
    mode = f"'{_SETTINGS.sql_mode}'" if kind == "VIEW" else "o.sql_mode"
    zone = "o.time_zone" if kind == "EVENT" else f"'{_SETTINGS.time_zone}'"
    text = _DEFINITIONS[kind].format(status="o.status")
    return (
        f"(SELECT SHA2(CONCAT(o.definer, '|', o.character_set_client, '|', o.collation_connection, '|',\n"
        f"        {mode}, '|', {zone}, '|', {text}), 256)\n    FROM {source(kind, name)})"
    )


def written(kind: str, name: str, status: str = "") -> str:
    """Return an expression for what somebody wrote of an object: its text and its settings.

    ``status`` ENABLE or DISABLE is what an event counts as, empty what it is.
    """
    return f"(SELECT {_written(kind, status)}\n    FROM {source(kind, name)})"


def all_written(kind: str, names: list[str]) -> str:
    """Return a query for the same of many objects: their ``name`` and ``hash``."""
    return f"SELECT {_NAMES[kind]} AS name, {_written(kind)} AS hash\nFROM {source(kind, *names)}"


def _written(kind: str, status: str = "") -> str:
    is_on = f"'{status}D'" if status else f"IF(o.status IN {_ASLEEP}, 'ENABLED', o.status)"
    text = _DEFINITIONS[kind].format(status=is_on)
    return f"SHA2(CONCAT({_SETTINGS_WRITTEN[kind]}, '|',\n        {text}), 256)"
