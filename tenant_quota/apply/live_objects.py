"""Stored objects on a server: reading them, making them anew, and saying what is in the way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pymysql.charset import charset_by_name
from pymysql.connections import Connection

from tenant_quota.apply.fingerprints import SOURCES
from tenant_quota.apply.history_statements import LiveObject, Settings
from tenant_quota.apply.object_files import Object
from tenant_quota.errors import TenantQuotaError
from tenant_quota.statements import LOCK_WAIT_TIMEOUT, StatementFailed, fetch, run, who_holds

_NOT_THERE = {"PROCEDURE": {1305}, "VIEW": {1146}, "EVENT": {1539}}
_NOT_WITHOUT = 1227  # a privilege that it names
#: What a statement is about, which may be held or somebody's.
_ABOUT = re.compile(
    r"(?:\s*--[^\n]*\n)*\s*(?:CREATE|ALTER|DROP)\s[^(]*?\b"
    r"(?P<kind>PROCEDURE|VIEW|EVENT|TABLE|INDEX\s+\S+\s+ON)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?`?(?P<name>\w+)",
    re.IGNORECASE,
)


def read_live(connection: Connection[Any], kind: str, name: str) -> LiveObject | None:
    """Return the object, None where there is none; TenantQuotaError if it is unreadable."""
    try:
        row = fetch(connection, f"SHOW CREATE {kind} `{name}`")[0]
    except StatementFailed as error:
        if error.number in _NOT_THERE[kind]:
            return None
        raise
    text = row[f"Create {kind.capitalize()}"]
    if text is None:
        raise TenantQuotaError(
            f"This account may not read the text of {kind.lower()} {name}, which is kept before "
            "it is replaced: grant it SHOW_ROUTINE."
        )
    known = {field: row[field] for field in Settings.__dataclass_fields__ if field in row}
    return LiveObject(text, Settings(**known))


def create(
    connection: Connection[Any], statement: str, settings: Settings, *, drop_first: str = ""
) -> None:
    """Run a CREATE in a session with these settings; the session gets ours back afterwards.

    ``drop_first`` is the DROP of what it replaces: nothing comes between the two, because
    callers find no procedure then.
    """
    encoding = charset_by_name(settings.character_set_client).encoding
    try:
        data = statement.encode(encoding)
    except UnicodeEncodeError:  # it came from a wider character set then
        data, settings = statement.encode(), Settings(settings.sql_mode)
    run(connection, settings.session)
    try:
        if drop_first:
            run(connection, drop_first)
        run(connection, data)
    finally:
        run(connection, Settings().session)


def drop(connection: Connection[Any], kind: str, name: str) -> None:
    """Drop the object if it is there."""
    run(connection, f"DROP {kind} IF EXISTS `{name}`")


@contextmanager
def explained(connection: Connection[Any], statement: str, definer: str) -> Iterator[None]:
    """Say who holds what a statement needs, or who else must replace an object."""
    try:
        yield
    except StatementFailed as error:
        match = _ABOUT.match(statement)
        if match is not None and error.number == LOCK_WAIT_TIMEOUT:
            hint = who_holds(connection, match["name"])
        elif match is not None and error.number == _NOT_WITHOUT and "SYSTEM_USER" in error.message:
            hint = _of_root(match["kind"].upper(), match["name"], definer)
        else:
            raise
        raise TenantQuotaError(f"{error.message}\n  {hint}") from None


def _of_root(kind: str, name: str, definer: str) -> str:
    """Return what to do about an object whose definer only an account like root may replace."""
    definer = definer or "`quota_definer`@`localhost`"
    plain = definer.replace("`", "")
    hint = (
        f"{kind.lower()} {name} runs as root or another account with SYSTEM_USER, as after a "
        "restore or an ALTER EVENT by it. Let that account run "
        f"`tenant-quota apply --force --definer '{plain}'`, and then this again."
    )
    if kind == "EVENT":
        hint += f" Or: {with_definer(name, definer)}"
    return hint


def with_definer(event: str, definer: str) -> str:
    """Return the statement that gives an event a definer (quoted), and changes nothing else."""
    return f"ALTER DEFINER = {definer} EVENT `{event}` ON COMPLETION PRESERVE"


def definers(
    connection: Connection[Any], objects: Collection[Object], schema: str | None = None
) -> dict[Object, str]:
    """Return as which account (user@host) each of these objects runs.

    ``schema`` None is the connected one. Others may share it: what is not asked for is left out.
    """
    rows = fetch(
        connection,
        " UNION ALL ".join(
            f"SELECT '{kind}' AS kind, {name} AS name, definer AS definer "  # noqa: S608
            f"FROM information_schema.{table} WHERE {place} = COALESCE(%s, DATABASE())"
            for kind, (table, place, name) in SOURCES.items()
        ),
        (schema,) * len(SOURCES),
    )
    found = {(row["kind"], row["name"]): row["definer"] for row in rows}
    return {each: definer for each, definer in found.items() if each in objects}


def by_number(definers: Mapping[Object, str]) -> list[tuple[str, int]]:
    """Return each definer with how many objects it has: most first, then by name."""
    return sorted(Counter(definers.values()).items(), key=lambda each: (-each[1], each[0]))
