"""Tables as information_schema shows them: columns, indexes, checks, keys, partitions, triggers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymysql.connections import Connection

from tenant_quota.statements import fetch

#: Objects, their parts and their attributes, see schema/facts.py.
Facts = dict[str, dict[str, dict[str, str]]]

# Settings for the whole server or schema, or of the statistics: a DBA's own affair.
_OPTIONS_OF_OTHERS = ("encryption=", "stats_", "row_format=", "partitioned")


def without_empty(**attributes: str | None) -> dict[str, str]:
    """Return the attributes that say something; an underscore in a name becomes a space."""
    return {name.replace("_", " "): value for name, value in attributes.items() if value}


def ask(
    connection: Connection[Any], statement: str, arguments: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    """Return the rows; information_schema's own names for columns come in small letters."""
    rows = fetch(connection, statement, arguments)
    return [{name.lower(): value for name, value in row.items()} for row in rows]


def yes(value: object) -> str:
    """Return how facts say a truth."""
    return "yes" if value else "no"


def read_tables(connection: Connection[Any], names: Sequence[str]) -> Facts:
    """Return all facts of these tables but their foreign keys."""
    if not names:
        return {}
    facts: Facts = {}
    for row in ask(
        connection,
        "SELECT table_name AS name, engine, row_format AS row_format, "
        "table_collation AS collation, table_comment AS comment, create_options AS options "
        "FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN %s",
        (names,),
    ):
        words = (row["options"] or "").split()
        options = [word for word in words if not word.lower().startswith(_OPTIONS_OF_OTHERS)]
        facts[f"table {row['name']}"] = {
            "": without_empty(
                engine=row["engine"],
                row_format=row["row_format"],
                collation=row["collation"],
                comment=row["comment"],
                options=" ".join(options),
            )
        }
    for read in (_columns, _indexes, _checks, _partitions, _triggers):
        for row in read(connection, names):
            if f"table {row['table']}" in facts:  # else it was made just now
                facts[f"table {row['table']}"][row["part"]] = row["facts"]
    for parts in facts.values():
        columns = [part.partition(" ")[2] for part in parts if part.startswith("column ")]
        parts[""] |= without_empty(order_of_columns=", ".join(columns))
    return facts


def _columns(connection: Connection[Any], names: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    for row in ask(
        connection,
        "SELECT table_name AS name, column_name AS part, column_type AS type, "
        "is_nullable AS nullable, column_default AS value, extra, "
        "generation_expression AS expression, character_set_name AS charset, "
        "collation_name AS collation, column_comment AS comment, srs_id AS srs "
        "FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN %s "
        "ORDER BY table_name, ordinal_position",
        (names,),
    ):
        computed = "DEFAULT_GENERATED" in row["extra"]
        facts = without_empty(
            type=row["type"],
            nullable=row["nullable"].lower(),
            default_expression=row["value"] if computed else None,
            extra=row["extra"].replace("DEFAULT_GENERATED", "").strip(),
            generated_as=row["expression"],
            charset=row["charset"],
            collation=row["collation"],
            comment=row["comment"],
            srs_id=row["srs"] and str(row["srs"]),
        )
        if row["value"] is not None and not computed:
            facts["default"] = row["value"]  # may be the empty text
        found.append({"table": row["name"], "part": f"column {row['part']}", "facts": facts})
    return found


def _indexes(connection: Connection[Any], names: Sequence[str]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in ask(
        connection,
        "SELECT table_name AS name, index_name AS part, non_unique, column_name AS col, "
        "collation AS direction, sub_part AS prefix, index_type AS type, "
        "index_comment AS comment, is_visible AS visible, expression "
        "FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name IN %s "
        "ORDER BY table_name, index_name, seq_in_index",
        (names,),
    ):
        index = found.setdefault(
            (row["name"], row["part"]),
            {
                "table": row["name"],
                "part": f"index {row['part']}",
                "facts": without_empty(
                    unique=yes(not row["non_unique"]),
                    visible=row["visible"].lower(),
                    type=row["type"],
                    comment=row["comment"],
                ),
            },
        )
        name = row["col"] or f"({row['expression']})"
        prefix = f"({row['prefix']})" if row["prefix"] else ""
        column = f"{name}{prefix}{' DESC' if row['direction'] == 'D' else ''}"
        before = index["facts"].get("columns")
        index["facts"]["columns"] = f"{before}, {column}" if before else column
    return list(found.values())


def _checks(connection: Connection[Any], names: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "table": row["name"],
            "part": f"check {row['part']}",
            "facts": {"clause": row["clause"], "enforced": row["enforced"].lower()},
        }
        for row in ask(
            connection,
            "SELECT t.table_name AS name, t.constraint_name AS part, t.enforced, "
            "c.check_clause AS clause "
            "FROM information_schema.table_constraints AS t "
            "JOIN information_schema.check_constraints AS c "
            "ON c.constraint_schema = t.constraint_schema "
            "AND c.constraint_name = t.constraint_name "
            "WHERE t.table_schema = DATABASE() AND t.constraint_type = 'CHECK' "
            "AND t.table_name IN %s",
            (names,),
        )
    ]


def _partitions(connection: Connection[Any], names: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "table": row["name"],
            "part": f"partition {row['part']}",
            "facts": without_empty(
                by=f"{row['method']} ({row['expression']})", less_than_or_in=row["description"]
            ),
        }
        for row in ask(
            connection,
            "SELECT table_name AS name, COALESCE(subpartition_name, partition_name) AS part, "
            "COALESCE(subpartition_method, partition_method) AS method, "
            "COALESCE(subpartition_expression, partition_expression) AS expression, "
            "partition_description AS description "
            "FROM information_schema.partitions WHERE table_schema = DATABASE() "
            "AND partition_name IS NOT NULL AND table_name IN %s",
            (names,),
        )
    ]


def _triggers(connection: Connection[Any], names: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "table": row["name"],
            "part": f"trigger {row['part']}",
            "facts": without_empty(
                when=row["moment"], body=row["body"], definer=row["definer"], sql_mode=row["mode"]
            ),
        }
        for row in ask(
            connection,
            "SELECT event_object_table AS name, trigger_name AS part, "
            "CONCAT(action_timing, ' ', event_manipulation) AS moment, "
            "action_statement AS body, definer, sql_mode AS mode "
            "FROM information_schema.triggers "
            "WHERE event_object_schema = DATABASE() AND event_object_table IN %s",
            (names,),
        )
    ]


def read_foreign_keys(connection: Connection[Any], names: Sequence[str]) -> Facts:
    """Return the foreign keys of these tables, and those of other tables that point at them."""
    if not names:
        return {}
    facts: Facts = {}
    for row in ask(
        connection,
        "SELECT r.constraint_name AS part, r.table_name AS name, "
        "IF(r.constraint_schema = DATABASE(), '', CONCAT(r.constraint_schema, '.')) AS place, "
        "r.referenced_table_name AS target, r.update_rule, r.delete_rule, "
        "GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position SEPARATOR ', ') AS cols, "
        "GROUP_CONCAT(k.referenced_column_name ORDER BY k.ordinal_position SEPARATOR ', ') "
        "AS target_cols "
        "FROM information_schema.referential_constraints AS r "
        "LEFT JOIN information_schema.key_column_usage AS k "
        "ON k.constraint_schema = r.constraint_schema AND k.constraint_name = r.constraint_name "
        "AND k.table_name = r.table_name "
        "WHERE (r.constraint_schema = DATABASE() AND r.table_name IN %s) "
        "OR (r.unique_constraint_schema = DATABASE() AND r.referenced_table_name IN %s) "
        "GROUP BY r.constraint_schema, r.constraint_name, r.table_name, "
        "r.referenced_table_name, r.update_rule, r.delete_rule",
        (names, names),
    ):
        key = f"table {row['place']}{row['name']}"
        facts.setdefault(key, {})[f"foreign key {row['part']}"] = without_empty(
            columns=row["cols"],
            references=f"{row['target']} ({row['target_cols'] or '?'})",
            on_update=row["update_rule"],
            on_delete=row["delete_rule"],
        )
    return facts
