"""The SQL that installs a stored object, or brings back what it replaced, beside its row.

The mysql client can neither read a SHOW CREATE into a table nor run a text out of one. So the
plan holds the text that it replaces or brings back, which takes a server to read it from.
"""

from __future__ import annotations

from tenant_quota.apply import live_objects as live
from tenant_quota.apply.fingerprints import source
from tenant_quota.apply.object_files import ObjectFile
from tenant_quota.apply.object_history import HISTORY, Key
from tenant_quota.names import literal

_SETTINGS = live.Settings()


def absent(kind: str, names: list[str]) -> str:
    """Return the condition that none of these objects is there."""
    return f"NOT EXISTS (SELECT 1 FROM {source(kind, *names)})"


def with_grants(state: str, name: str) -> str:
    """Return an expression: the state with the grants that the routine itself has now.

    They are as live_objects.read_grants has them.
    """
    return (
        f"JSON_SET({state}, '$.grants',\n"
        "        COALESCE((SELECT JSON_ARRAYAGG(JSON_OBJECT('user', User, 'host', Host,\n"
        "            'privileges', Proc_priv)) FROM mysql.procs_priv WHERE Db = DATABASE()\n"
        f"            AND Routine_name = '{name}' AND Routine_type = 'PROCEDURE'\n"
        "            AND CONCAT(User, '@', Host) <> CURRENT_USER()), JSON_ARRAY()))"
    )


def grant_again(key: Key) -> list[str]:
    """Return what gives the routine back to whom the history says had it before the DROP."""
    statements = []
    for held, words, option in (
        ("Execute", "EXECUTE", ""),
        ("Alter Routine", "ALTER ROUTINE", ""),
        ("Grant", "USAGE", " WITH GRANT OPTION"),
    ):
        statements += [
            "SET @tenant_quota_sql = COALESCE((SELECT\n"
            f"    CONCAT('GRANT {words} ON PROCEDURE `{key.name}` TO ',\n"
            f"        GROUP_CONCAT(QUOTE(g.user), '@', QUOTE(g.host)), '{option}')\n"
            f"    FROM {HISTORY} AS h JOIN JSON_TABLE(h.previous_state, '$.grants[*]' COLUMNS (\n"
            "        user VARCHAR(255) PATH '$.user', host VARCHAR(255) PATH '$.host',\n"
            "        privileges VARCHAR(255) PATH '$.privileges')) AS g\n"
            f"    {key.where} AND FIND_IN_SET('{held}', g.privileges)),\n"
            "    'DO 0')",
            "PREPARE tenant_quota_statement FROM @tenant_quota_sql",
            "EXECUTE tenant_quota_statement",
            "DEALLOCATE PREPARE tenant_quota_statement",
        ]
    return statements


def prove(file: ObjectFile, scratch: str) -> list[str]:
    """Return what shows under a scratch name that the server takes the text, before a DROP."""
    text = file.create_asleep(scratch) if file.kind == "EVENT" else file.create(scratch)
    gone = f"DROP {file.kind} IF EXISTS `{scratch}`"
    return [gone, text, gone]


def create_previous(text: str, settings: live.Settings) -> list[str]:
    """Return the CREATE of what was live before, in a session as that which created it.

    The file is UTF-8: a text with other letters is told to be that, whatever it was then.
    """
    if not text.isascii() and not settings.character_set_client.startswith("utf8"):
        settings = live.Settings(settings.sql_mode, time_zone=settings.time_zone)
    return [_session(settings), text, _session(_SETTINGS)]


def _session(settings: live.Settings) -> str:
    return (
        f"SET SESSION sql_mode = {literal(settings.sql_mode)},\n"
        f"    SESSION character_set_client = {settings.character_set_client},\n"
        f"    SESSION collation_connection = {settings.collation_connection},\n"
        f"    SESSION time_zone = {literal(settings.time_zone)}"
    )
