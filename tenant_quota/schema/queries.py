"""What information_schema is asked of each kind of object: each column of an answer is a fact.

``name`` and ``part`` say of which object and of which of its parts a row is; every other column
is an attribute under its own name. What a DBA sets for a whole server or schema is left out.
"""

from __future__ import annotations

_LONG = "/*+ SET_VAR(group_concat_max_len = 1000000) */"
_IN = "= DATABASE() AND {} IN %(names)s"

_TABLES = f"""
SELECT table_name AS name, '' AS part, engine AS `engine`, row_format AS `row format`,
    table_collation AS `collation`, table_comment AS `comment`,
    TRIM(REGEXP_REPLACE(create_options,
        '(^| )(encryption=|stats_|row_format=|partitioned)[^ ]*', '')) AS `options`
FROM information_schema.tables WHERE table_schema {_IN.format("table_name")}"""

_COLUMNS = f"""
SELECT table_name AS name, CONCAT('column ', column_name) AS part, column_type AS `type`,
    LOWER(is_nullable) AS `nullable`,
    IF(extra LIKE '%%DEFAULT_GENERATED%%', column_default, NULL) AS `default expression`,
    TRIM(REPLACE(extra, 'DEFAULT_GENERATED', '')) AS `extra`,
    generation_expression AS `generated as`, character_set_name AS `charset`,
    collation_name AS `collation`, column_comment AS `comment`, srs_id AS `srs id`,
    IF(extra LIKE '%%DEFAULT_GENERATED%%', NULL, column_default) AS `default`
FROM information_schema.columns WHERE table_schema {_IN.format("table_name")}
ORDER BY table_name, ordinal_position"""

_INDEXES = f"""
SELECT {_LONG} table_name AS name, CONCAT('index ', index_name) AS part,
    IF(MIN(non_unique), 'no', 'yes') AS `unique`, LOWER(MIN(is_visible)) AS `visible`,
    MIN(index_type) AS `type`, MIN(index_comment) AS `comment`,
    GROUP_CONCAT(COALESCE(column_name, CONCAT('(', expression, ')')),
        COALESCE(CONCAT('(', sub_part, ')'), ''), IF(collation = 'D', ' DESC', '')
        ORDER BY seq_in_index SEPARATOR ', ') AS `columns`
FROM information_schema.statistics WHERE table_schema {_IN.format("table_name")}
GROUP BY table_name, index_name ORDER BY table_name, index_name"""

_CHECKS = f"""
SELECT t.table_name AS name, CONCAT('check ', t.constraint_name) AS part,
    c.check_clause AS `clause`, LOWER(t.enforced) AS `enforced`
FROM information_schema.table_constraints AS t
JOIN information_schema.check_constraints AS c
    ON c.constraint_schema = t.constraint_schema AND c.constraint_name = t.constraint_name
WHERE t.constraint_type = 'CHECK' AND t.table_schema {_IN.format("t.table_name")}"""

_PARTITIONS = f"""
SELECT table_name AS name,
    CONCAT('partition ', COALESCE(subpartition_name, partition_name)) AS part,
    CONCAT(COALESCE(subpartition_method, partition_method), ' (',
        COALESCE(subpartition_expression, partition_expression), ')') AS `by`,
    partition_description AS `less than or in`
FROM information_schema.partitions
WHERE partition_name IS NOT NULL AND table_schema {_IN.format("table_name")}"""

_TRIGGERS = f"""
SELECT event_object_table AS name, CONCAT('trigger ', trigger_name) AS part,
    CONCAT(action_timing, ' ', event_manipulation) AS `when`, action_statement AS `body`,
    definer AS `definer`, sql_mode AS `sql mode`
FROM information_schema.triggers WHERE event_object_schema {_IN.format("event_object_table")}"""

# An invalid view has no columns; the table that it lacks is what differs.
_VIEWS = f"""
SELECT {_LONG} table_name AS name, '' AS part, view_definition AS `definition`,
    (SELECT GROUP_CONCAT(c.column_name ORDER BY c.ordinal_position SEPARATOR ', ')
        FROM information_schema.columns AS c
        WHERE c.table_schema = v.table_schema AND c.table_name = v.table_name) AS `columns`,
    check_option AS `check option`, LOWER(is_updatable) AS `updatable`,
    security_type AS `security`, character_set_client AS `character set client`,
    collation_connection AS `collation connection`, definer AS `definer`
FROM information_schema.views AS v WHERE table_schema {_IN.format("table_name")}"""

_PROCEDURES = f"""
SELECT routine_name AS name, '' AS part, sql_data_access AS `data access`,
    LOWER(is_deterministic) AS `deterministic`, security_type AS `security`,
    sql_mode AS `sql mode`, routine_comment AS `comment`,
    character_set_client AS `character set client`,
    collation_connection AS `collation connection`,
    database_collation AS `database collation`, definer AS `definer`
FROM information_schema.routines
WHERE routine_type = 'PROCEDURE' AND routine_schema {_IN.format("routine_name")}"""

_PARAMETERS = f"""
SELECT specific_name AS name, CONCAT('parameter ', parameter_name) AS part,
    parameter_mode AS `mode`, dtd_identifier AS `type`, character_set_name AS `charset`,
    collation_name AS `collation`
FROM information_schema.parameters
WHERE routine_type = 'PROCEDURE' AND specific_schema {_IN.format("specific_name")}
ORDER BY specific_name, ordinal_position"""

_EVENTS = f"""
SELECT event_name AS name, '' AS part,
    IF(interval_value IS NULL, CONCAT('AT ', execute_at),
        CONCAT('EVERY ', interval_value, ' ', interval_field)) AS `schedule`,
    starts AS `starts`, ends AS `ends`, status AS `status`, on_completion AS `on completion`,
    time_zone AS `time zone`, sql_mode AS `sql mode`, event_comment AS `comment`,
    character_set_client AS `character set client`,
    collation_connection AS `collation connection`,
    database_collation AS `database collation`, definer AS `definer`, event_definition AS `body`
FROM information_schema.events WHERE event_schema {_IN.format("event_name")}"""

#: Foreign keys of these tables, and those of other tables that point at them.
FOREIGN_KEYS = """
SELECT CONCAT(IF(r.constraint_schema = DATABASE(), '', CONCAT(r.constraint_schema, '.')),
        r.table_name) AS name, CONCAT('foreign key ', r.constraint_name) AS part,
    GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position SEPARATOR ', ') AS `columns`,
    CONCAT(r.referenced_table_name, ' (', COALESCE(GROUP_CONCAT(k.referenced_column_name
        ORDER BY k.ordinal_position SEPARATOR ', '), '?'), ')') AS `references`,
    r.update_rule AS `on update`, r.delete_rule AS `on delete`
FROM information_schema.referential_constraints AS r
LEFT JOIN information_schema.key_column_usage AS k
    ON k.constraint_schema = r.constraint_schema AND k.constraint_name = r.constraint_name
    AND k.table_name = r.table_name
WHERE (r.constraint_schema = DATABASE() AND r.table_name IN %(names)s)
    OR (r.unique_constraint_schema = DATABASE() AND r.referenced_table_name IN %(names)s)
GROUP BY r.constraint_schema, r.constraint_name, r.table_name, r.referenced_table_name,
    r.update_rule, r.delete_rule"""

#: By kind, those of the objects themselves first.
OF_KIND = {
    "table": (_TABLES, _COLUMNS, _INDEXES, _CHECKS, _PARTITIONS, _TRIGGERS, FOREIGN_KEYS),
    "view": (_VIEWS,),
    "procedure": (_PROCEDURES, _PARAMETERS),
    "event": (_EVENTS,),
}

#: Every object that an account may see.
NAMES = """
SELECT IF(table_type = 'VIEW', 'view', 'table') AS kind, table_name AS name
FROM information_schema.tables WHERE table_schema = DATABASE()
UNION ALL SELECT LOWER(routine_type), routine_name
FROM information_schema.routines WHERE routine_schema = DATABASE()
UNION ALL SELECT 'event', event_name
FROM information_schema.events WHERE event_schema = DATABASE()"""
