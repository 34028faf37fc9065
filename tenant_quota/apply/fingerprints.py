"""Expressions in SQL by which an object or a table is known again, as information_schema has it.

They cannot give its text back (SHOW CREATE does, which no SQL can read), and of that text they
lack what information_schema lacks: the introducers of literals, and a view's ALGORITHM.
"""

from __future__ import annotations

from tenant_quota.names import literal

#: Needed before any of these is asked: the parameters of a procedure pass MySQL's 1,024.
LONG_LISTS = "SET SESSION group_concat_max_len = 1000000"

_ASLEEP = "('SLAVESIDE_DISABLED', 'REPLICA_SIDE_DISABLED')"

# Without the definer, which `apply --definer` and ALTER EVENT change and nobody wrote; and of
# events without what ALTER EVENT takes from the session, and a failover from the server.
_WRITTEN = {
    "PROCEDURE": (
        "o.character_set_client, '|', o.collation_connection, '|', o.sql_mode, '|',\n"
        "        o.sql_data_access, o.is_deterministic, o.security_type, o.routine_comment,\n"
        "        COALESCE((SELECT GROUP_CONCAT(p.parameter_mode, p.parameter_name, p.dtd_identifier,\n"
        "            COALESCE(p.collation_name, '') ORDER BY p.ordinal_position)\n"
        "        FROM information_schema.parameters AS p\n"
        "        WHERE p.specific_schema = o.routine_schema AND p.specific_name = o.specific_name\n"
        "            AND p.routine_type = 'PROCEDURE'), ''), o.routine_definition"
    ),
    # Without the schema's name before a table's: behind FROM or JOIN, or with an alias or a
    # column behind it. An alias may be named like the schema, and stays (EXTRACT has a FROM).
    "VIEW": (
        "o.character_set_client, '|', o.collation_connection, '|',\n"
        "        o.security_type, o.check_option, REGEXP_REPLACE(o.view_definition,\n"
        "        REPLACE('((?:(?<!extract\\\\([a-z_]{{1,20}} )from|join) \\\\(*)`schema`\\\\.|`schema`\\\\.(?=`[^`]+`(?: `|\\\\.`))',\n"
        "            'schema', CONCAT('\\\\Q', DATABASE(), '\\\\E')), '$1')"
    ),
    "EVENT": (
        "o.sql_mode, '|', o.time_zone, '|',\n"
        "        o.event_type, COALESCE(o.execute_at, ''), COALESCE(o.interval_value, ''),\n"
        "        COALESCE(o.interval_field, ''), COALESCE(o.starts, ''), COALESCE(o.ends, ''),\n"
        "        o.on_completion, {status}, o.event_comment, o.event_definition"
    ),
}
# What else there is of an object, whoever or whatever changed it.
_NOT_WRITTEN = "o.definer, o.character_set_client, o.collation_connection"
#: Of each kind: the view of information_schema, and its columns for schema and name.
SOURCES = {
    "PROCEDURE": ("routines", "routine_schema", "routine_name"),
    "VIEW": ("views", "table_schema", "table_name"),
    "EVENT": ("events", "event_schema", "event_name"),
}

_PARTS_OF_TABLES = (  # of which view of information_schema, what, in which order
    (
        "columns",
        "p.column_name, p.column_type, p.is_nullable, HEX(p.column_default), p.extra,\n"
        "            p.collation_name, p.column_comment, p.generation_expression",
        "p.ordinal_position",
    ),
    (
        "statistics",
        "p.index_name, p.non_unique, p.column_name, p.expression, p.sub_part, p.collation,\n"
        "            p.index_type, p.index_comment, p.is_visible",
        "p.index_name, p.seq_in_index",
    ),
    (
        "table_constraints",
        "p.constraint_name, p.constraint_type, p.enforced,\n"
        "            (SELECT c.check_clause FROM information_schema.check_constraints AS c\n"
        "            WHERE c.constraint_schema = p.constraint_schema\n"
        "                AND c.constraint_name = p.constraint_name)",
        "p.constraint_name",
    ),
    (
        "key_column_usage",
        "p.constraint_name, p.column_name, p.referenced_table_name, p.referenced_column_name",
        "p.constraint_name, p.ordinal_position",
    ),
    (
        "partitions",
        "p.partition_name, p.subpartition_name, p.partition_method, p.partition_expression,\n"
        "            p.subpartition_method, p.subpartition_expression, p.partition_description",
        "p.partition_ordinal_position, p.subpartition_ordinal_position",
    ),
)


def source(kind: str, *names: str) -> str:
    """Return what follows FROM, for these objects as ``o``; names are those of our files."""
    table, schema, name = SOURCES[kind]
    listed = ",\n        ".join(f"'{each}'" for each in names)
    also = " AND o.routine_type = 'PROCEDURE'" if kind == "PROCEDURE" else ""
    return (
        f"information_schema.{table} AS o\n    WHERE o.{schema} = DATABASE() "
        f"AND o.{name} IN ({listed}){also}"
    )


def exact(kind: str, name: str) -> str:
    """Return an expression for all of an object, whatever changed it; NULL: not to be seen."""
    status = ", o.status" if kind == "EVENT" else ""
    what = f"SHA2(CONCAT({_NOT_WRITTEN}{status},\n        {_hash(kind)}), 256)"
    return f"(SELECT {what}\n    FROM {source(kind, name)})"


def written(kind: str, name: str, status: str = "") -> str:
    """Return an expression for what somebody wrote of an object: its text and its settings.

    ``status`` ENABLE or DISABLE is what an event counts as, empty what it is.
    """
    return f"(SELECT {_hash(kind, status)}\n    FROM {source(kind, name)})"


def all_written(kind: str, names: list[str]) -> str:
    """Return a query for the same of many objects: their ``name`` and ``hash``."""
    name = SOURCES[kind][2]
    return f"SELECT o.{name} AS name, {_hash(kind)} AS hash\nFROM {source(kind, *names)}"


def _hash(kind: str, status: str = "") -> str:
    is_on = f"'{status}D'" if status else f"IF(o.status IN {_ASLEEP}, 'ENABLED', o.status)"
    return f"SHA2(CONCAT({_WRITTEN[kind].format(status=is_on)}), 256)"


def table(name: str) -> str:
    """Return an expression for a table's definition; NULL: it is not there."""
    parts = ",\n        ".join(
        f"(SELECT GROUP_CONCAT(CONCAT_WS('|', {what}) ORDER BY {order})\n"
        f"            FROM information_schema.{source} AS p\n"
        "            WHERE p.table_schema = t.table_schema AND p.table_name = t.table_name)"
        for source, what, order in _PARTS_OF_TABLES
    )
    return (
        "(SELECT SHA2(CONCAT_WS('|', t.engine, t.row_format, t.table_collation, t.table_comment,\n"
        f"        t.create_options,\n        {parts}), 256)\n"
        "    FROM information_schema.tables AS t\n"
        f"    WHERE t.table_schema = DATABASE() AND t.table_name = {literal(name)})"
    )
