"""What an account or a role holds, read from SHOW GRANTS."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from pymysql.connections import Connection

from tenant_quota.names import Account
from tenant_quota.statements import StatementFailed, fetch

GRANT_OPTION = "GRANT OPTION"
REFUSED = {1044, 1045, 1142, 1143, 1227, 1370, 1410, 3530}
_ALL = "ALL PRIVILEGES"  # but GRANT OPTION
_NO_SUCH_GRANT = 1141
_NOT_AT_ALL, _BY_WILDCARDS, _EXACTLY = range(3)
_QUOTED = r"`(?:[^`]|``)*`"
_ACCOUNT = f"{_QUOTED}@{_QUOTED}"
_NAME = rf"(?:\*|{_QUOTED})"
_LINE = re.compile(
    rf"(?P<verb>GRANT|REVOKE) (?P<words>(?:[^`]|{_QUOTED})+?) ON (?P<kind>[A-Z]+ )?"
    rf"(?P<schema>{_NAME})\.(?P<name>{_NAME}) (?:TO|FROM) {_ACCOUNT}(?P<option> WITH GRANT OPTION)?"
)
_ROLES = re.compile(rf"GRANT (?P<roles>{_ACCOUNT}(?:,{_ACCOUNT})*) TO ")
_WORD = re.compile(rf"[A-Z_ ]+?(?: \((?:[^()`]|{_QUOTED})*\))?(?=,|$)")


@dataclass(frozen=True, order=True)
class Right:
    """One privilege on one thing; ``schema`` and ``name`` are * or a plain name.

    ``kind`` is PROCEDURE, FUNCTION, ROLE (``name`` is the role, quoted) or empty.
    """

    schema: str
    kind: str
    name: str
    privilege: str  # a privilege, with its columns where it has any, or GRANT OPTION
    pattern: str = field(default="", compare=False)  # the schema as a GRANT on all of it wrote it

    @property
    def place(self) -> tuple[str, str, str]:
        """What it is on."""
        return self.schema, self.kind, self.name

    def __str__(self) -> str:
        if self.kind == "ROLE":
            return f"role {self.name}"
        kind = f"{self.kind} " if self.kind else ""
        return f"{self.privilege} ON {kind}{self.schema}.{self.name}"


@dataclass(frozen=True)
class Held:
    """What SHOW GRANTS says of one account, as it is written, privilege by privilege."""

    rights: frozenset[Right] = frozenset()
    revoked: frozenset[Right] = frozenset()  # partial revokes: from what is held globally
    literal: bool = False  # partial_revokes: a schema's name in a GRANT is no pattern

    @property
    def roles(self) -> list[str]:
        """The roles that were granted, quoted."""
        return sorted(right.name for right in self.rights if right.kind == "ROLE")

    @property
    def see_routines(self) -> bool:
        """Whether every routine shows: SHOW_ROUTINE or SELECT on all schemas."""
        everywhere = {right.privilege for right in self.rights if right.schema == "*"}
        return bool(everywhere & {"SHOW_ROUTINE", "SELECT", _ALL})

    def holds(self, right: Right, *, doubtful: bool = False) -> bool:
        """Whether it has the right: globally, on the schema or on the thing itself.

        Where several lines match the schema, MySQL heeds but one, and rather one without
        wildcards: where these do not agree, ``doubtful`` is the answer.
        """
        wanted = {right.privilege} if right.privilege == GRANT_OPTION else {right.privilege, _ALL}
        granted = [each for each in self.rights if each.privilege in wanted]
        if right.name != "*" and any(each.place == right.place for each in granted):
            return True
        taken = {each.pattern for each in self.revoked if each.privilege in wanted}
        if right.schema not in taken and any(each.schema == "*" for each in granted):
            return True
        if right.schema == "*":
            return False
        patterns = {each.pattern for each in self.rights if each.schema != "*" and each.pattern}
        having = {each.pattern for each in granted}
        on_schema: dict[int, set[bool]] = {_EXACTLY: set(), _BY_WILDCARDS: set()}
        for pattern in patterns:
            if fit := self._fit(pattern, right.schema):
                on_schema[fit].add(pattern in having)
        heeded = on_schema[_EXACTLY] or on_schema[_BY_WILDCARDS]
        return doubtful if len(heeded) > 1 else True in heeded

    def _fit(self, pattern: str, schema: str) -> int:
        r"""How the name in a GRANT is this schema's: % and _ are wildcards, but not after \."""
        if self.literal:
            return _EXACTLY if pattern == schema else _NOT_AT_ALL
        translated = re.sub(
            r"\\(.)|(%)|(_)|(.)",
            lambda m: ".*" if m[2] else "." if m[3] else re.escape(m[1] or m[4]),
            pattern,
            flags=re.DOTALL,
        )
        if not re.fullmatch(translated, schema, re.DOTALL):
            return _NOT_AT_ALL
        return _BY_WILDCARDS if re.search(r"(?<!\\)[%_]", pattern) else _EXACTLY


def show_grants(
    connection: Connection[Any], account: Account | None = None, roles: Iterable[str] = ()
) -> list[str]:
    """Return the lines for an account, None meaning the connected one with its active roles.

    What ``roles`` (quoted) would add is among them. Raises StatementFailed.
    """
    of = f" FOR {account.quoted}" if account else ""
    using = ", ".join(roles)
    rows = fetch(connection, f"SHOW GRANTS{of}{' USING ' if using else ''}{using}")
    return [next(iter(row.values())) for row in rows]


def parse_grants(lines: list[str], *, literal: bool = False) -> Held:
    """Read the lines of SHOW GRANTS."""
    found: dict[str, set[Right]] = {"GRANT": set(), "REVOKE": set()}
    for text in lines:
        if match := _ROLES.match(text):
            roles = re.findall(_ACCOUNT, match["roles"])
            found["GRANT"] |= {Right("*", "ROLE", role, "") for role in roles}
        elif match := _LINE.match(text):
            words = {word.strip() for word in _WORD.findall(match["words"])} - {"USAGE"}
            if match["option"]:
                words.add(GRANT_OPTION)
            kind, name = (match["kind"] or "").strip(), _plain(match["name"])
            schema, pattern = _plain(match["schema"]), ""
            if name == "*":
                schema, pattern = _unescaped(schema), schema
            found[match["verb"]] |= {Right(schema, kind, name, word, pattern) for word in words}
    return Held(frozenset(found["GRANT"]), frozenset(found["REVOKE"]), literal)


def _unescaped(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern)


def _plain(name: str) -> str:
    return name if name == "*" else name[1:-1].replace("``", "`")


def read_held(connection: Connection[Any], account: Account) -> Held | None:
    """Return what the account holds; None where there is no such account.

    Raises StatementFailed with a number in REFUSED where this account may not see it.
    """
    try:
        return parse_grants(show_grants(connection, account))
    except StatementFailed as error:
        if error.number == _NO_SUCH_GRANT:
            return None
        raise


def read_own(connection: Connection[Any]) -> Held:
    """Return what the connected account holds; nothing at all where even that is refused."""
    try:
        return parse_grants(show_grants(connection), literal=names_are_literal(connection))
    except StatementFailed:
        return Held()


def names_are_literal(connection: Connection[Any]) -> bool:
    """Whether _ and % in a schema's name are no wildcards to GRANT: partial_revokes, 8.0.16."""
    rows = fetch(connection, "SHOW GLOBAL VARIABLES LIKE 'partial_revokes'")
    return bool(rows) and rows[0]["Value"] == "ON"


def may_grant(own: Collection[Right], right: Right) -> bool:
    """Whether whoever holds ``own`` may grant ``right`` on, as far as SHOW GRANTS tells.

    The right and GRANT OPTION may be held at different levels.
    """
    levels = {("*", "", "*"), (right.schema, "", "*"), right.place}
    words = {each.privilege for each in own if each.place in levels}
    wanted = {right.privilege.partition(" (")[0], _ALL}
    return GRANT_OPTION in words and bool(words & wanted)
