"""Stored objects as the server has them: text, settings, grants; and making them anew."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from pymysql.charset import charset_by_name
from pymysql.connections import Connection

from tenant_quota.apply.object_files import Object
from tenant_quota.connection import SQL_MODE
from tenant_quota.errors import TenantQuotaError
from tenant_quota.names import Account
from tenant_quota.statements import LOCK_WAIT_TIMEOUT, StatementFailed, fetch, run, who_holds

_NOT_THERE = {"PROCEDURE": {1305}, "VIEW": {1146}, "EVENT": {1539}}
_ACCOUNT = r"`(?:[^`]|``)*`"
_DEFINER = re.compile(rf" DEFINER=({_ACCOUNT}@{_ACCOUNT})")
_WANTED = re.compile(rf"\bDEFINER = ({_ACCOUNT}@{_ACCOUNT})")
_EVENT_STATUS = re.compile(r"(?<=PRESERVE )(?:ENABLE|DISABLE(?: ON (?:SLAVE|REPLICA))?)")
_NO_SUCH_ACCOUNT = {1133, 1410}
_NOT_WITHOUT = 1227  # a privilege that it names


@dataclass(frozen=True)
class Settings:
    """What a stored object remembers of the session that created it."""

    sql_mode: str = SQL_MODE
    character_set_client: str = "utf8mb4"
    collation_connection: str = "utf8mb4_0900_bin"
    time_zone: str = "+00:00"  # events only


@dataclass(frozen=True)
class LiveObject:
    """An object's SHOW CREATE text and its settings."""

    create: str
    settings: Settings

    @property
    def definer(self) -> str:
        """The definer account, quoted with backticks."""
        match = _DEFINER.search(self.create)
        return match[1] if match else ""

    def as_named(self, name: str, other: str) -> str:
        """Return the text without its definer, under another name: what two may share."""
        text = _DEFINER.sub("", self.create, count=1)
        return text.replace(f"`{name}`", f"`{other}`", 1)


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


def with_status(text: str, status: str) -> str:
    """Return an event's SHOW CREATE text with ENABLE or DISABLE as given."""
    return _EVENT_STATUS.sub(status, text, count=1)


def create_or_replace(connection: Connection[Any], name: str, statement: str) -> None:
    """Create a view, also in place of one; says what to do where another's may not be replaced."""
    with _explained(connection, "VIEW", name, statement):
        create(connection, statement, Settings())


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
    _set_session(connection, settings)
    try:
        if drop_first:
            run(connection, drop_first)
        run(connection, data)
    finally:
        _set_session(connection, Settings())


def replace(
    connection: Connection[Any], kind: str, name: str, statement: str, settings: Settings
) -> None:
    """Drop the object and create it; says who holds it where that cannot be had soon."""
    with _explained(connection, kind, name, statement):
        create(connection, statement, settings, drop_first=f"DROP {kind} IF EXISTS `{name}`")


def _set_session(connection: Connection[Any], settings: Settings) -> None:
    run(
        connection,
        "SET SESSION sql_mode = %s, character_set_client = %s, collation_connection = %s, "
        "time_zone = %s",
        tuple(asdict(settings).values()),
    )


def drop(connection: Connection[Any], kind: str, name: str) -> None:
    """Drop the object if it is there; says who holds it where that cannot be had soon."""
    with _explained(connection, kind, name):
        run(connection, f"DROP {kind} IF EXISTS `{name}`")


@contextmanager
def _explained(
    connection: Connection[Any], kind: str, name: str, statement: str = ""
) -> Iterator[None]:
    """Say who holds the object, or who else must replace it; ``statement`` names the definer."""
    try:
        yield
    except StatementFailed as error:
        if error.number == LOCK_WAIT_TIMEOUT:
            hint = who_holds(connection, name)
        elif error.number == _NOT_WITHOUT and "SYSTEM_USER" in error.message:
            hint = _of_root(kind, name, _WANTED.search(statement))
        else:
            raise
        raise TenantQuotaError(f"{error.message}\n  {hint}") from None


def _of_root(kind: str, name: str, wanted: re.Match[str] | None) -> str:
    """Return what to do about an object whose definer only an account like root may replace."""
    definer = wanted[1] if wanted else "`quota_definer`@`localhost`"
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


def read_grants(connection: Connection[Any], kind: str, name: str) -> list[dict[str, str]] | None:
    """Return the grants on the routine itself; None where they may not be read.

    Without those of this very account: MySQL gives them to whoever creates the routine.
    Grants on views live with the name and outlast the view; events have none.
    """
    if kind != "PROCEDURE":
        return []
    try:
        return fetch(
            connection,
            "SELECT User AS user, Host AS host, Proc_priv AS privileges FROM mysql.procs_priv "
            "WHERE Db = DATABASE() AND Routine_name = %s AND Routine_type = 'PROCEDURE' "
            "AND CONCAT(User, '@', Host) <> CURRENT_USER()",
            (name,),
        )
    except StatementFailed:
        return None


def restore_grants(
    connection: Connection[Any], kind: str, name: str, grants: list[dict[str, str]]
) -> None:
    """Grant again what a DROP took away; accounts that are gone meanwhile are passed over."""
    for grant in grants:
        words = [word.strip().upper() for word in grant["privileges"].split(",") if word.strip()]
        privileges = ", ".join(word for word in words if word != "GRANT") or "USAGE"
        option = " WITH GRANT OPTION" if "GRANT" in words else ""
        account = Account(grant["user"], grant["host"]).quoted
        try:
            run(connection, f"GRANT {privileges} ON {kind} `{name}` TO {account}{option}")
        except StatementFailed as error:
            if error.number not in _NO_SUCH_ACCOUNT:
                raise


def definers(
    connection: Connection[Any], objects: Collection[Object], schema: str | None = None
) -> dict[Object, str]:
    """Return as which account (user@host) each of these objects runs.

    ``schema`` None is the connected one. Others may share it: what is not asked for is left out.
    """
    rows = fetch(
        connection,
        "SELECT 'PROCEDURE' AS kind, routine_name AS name, definer AS definer "
        "FROM information_schema.routines "
        "WHERE routine_schema = COALESCE(%s, DATABASE()) UNION ALL "
        "SELECT 'VIEW', table_name, definer FROM information_schema.views "
        "WHERE table_schema = COALESCE(%s, DATABASE()) UNION ALL "
        "SELECT 'EVENT', event_name, definer FROM information_schema.events "
        "WHERE event_schema = COALESCE(%s, DATABASE())",
        (schema,) * 3,
    )
    found = {(row["kind"], row["name"]): row["definer"] for row in rows}
    return {each: definer for each, definer in found.items() if each in objects}


def by_number(definers: Mapping[Object, str]) -> list[tuple[str, int]]:
    """Return each definer with how many objects it has: most first, then by name."""
    return sorted(Counter(definers.values()).items(), key=lambda each: (-each[1], each[0]))


def state_to_json(settings: Settings, grants: list[dict[str, str]]) -> str:
    """Return what the history keeps beside the text."""
    return json.dumps({**asdict(settings), "grants": grants}, ensure_ascii=False)


def state_from_json(text: str) -> tuple[Settings, list[dict[str, str]]]:
    """Read back what state_to_json wrote."""
    state = json.loads(text)
    grants = state.pop("grants", [])
    return Settings(**state), grants
