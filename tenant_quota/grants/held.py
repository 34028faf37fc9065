"""What an account or a role holds, read from SHOW GRANTS."""

from __future__ import annotations

import re
from collections.abc import Iterable
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

    def __str__(self) -> str:
        if self.kind == "ROLE":
            return f"role {self.name}"
        kind = f"{self.kind} " if self.kind else ""
        return f"{self.privilege} ON {kind}{self.schema}.{self.name}"


@dataclass(frozen=True)
class Line:
    """One line of SHOW GRANTS that speaks of a schema, or of something in one, or of all."""

    revokes: bool  # a partial revoke: it takes from what is held globally
    words: frozenset[str]  # privileges, GRANT OPTION among them
    kind: str
    schema: str  # as it is written: a pattern where ``name`` is *
    name: str


@dataclass(frozen=True)
class Held:
    """What SHOW GRANTS says of one account."""

    lines: tuple[Line, ...] = ()
    roles: tuple[str, ...] = ()  # quoted
    literal: bool = False  # partial_revokes: a schema's name in a GRANT is no pattern

    @property
    def rights(self) -> set[Right]:
        """One by one, as they are written; partial revokes take nothing away here."""
        rights = {Right("*", "ROLE", role, "") for role in self.roles}
        for line in self.lines:
            schema, pattern = line.schema, ""
            if line.name == "*":
                pattern, schema = schema, _unescaped(schema)
            if not line.revokes:
                rights |= {Right(schema, line.kind, line.name, w, pattern) for w in line.words}
        return rights

    @property
    def see_routines(self) -> bool:
        """Whether every routine shows: SHOW_ROUTINE or SELECT on all schemas."""
        return any(
            line.schema == "*"
            and not line.revokes
            and line.words & {"SHOW_ROUTINE", "SELECT", _ALL}
            for line in self.lines
        )

    def holds(self, right: Right, *, doubtful: bool = False) -> bool:
        """Whether it has the right: globally, on the schema or on the thing itself.

        Where several lines match the schema, MySQL heeds but one, and rather one without
        wildcards: where these do not agree, ``doubtful`` is the answer.
        """
        wanted = {right.privilege} if right.privilege == GRANT_OPTION else {right.privilege, _ALL}
        globally = taken = itself = False
        on_schema: dict[int, set[bool]] = {_EXACTLY: set(), _BY_WILDCARDS: set()}
        for line in self.lines:
            has = bool(line.words & wanted)
            if line.revokes:
                taken |= has and line.schema == right.schema
            elif line.schema == "*":
                globally |= has
            elif line.name == "*" and right.schema != "*":
                if fit := self._fit(line.schema, right.schema):
                    on_schema[fit].add(has)
            elif (line.schema, line.kind, line.name) == (right.schema, right.kind, right.name):
                itself |= has
        heeded = on_schema[_EXACTLY] or on_schema[_BY_WILDCARDS]
        here = doubtful if len(heeded) > 1 else True in heeded
        return itself or here or (globally and not taken)

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
    held = []
    roles: list[str] = []
    for text in lines:
        if match := _ROLES.match(text):
            roles.extend(re.findall(_ACCOUNT, match["roles"]))
        elif match := _LINE.match(text):
            words = {word.strip() for word in _WORD.findall(match["words"])} - {"USAGE"}
            if match["option"]:
                words.add(GRANT_OPTION)
            kind, schema, name = (match["kind"] or "").strip(), match["schema"], match["name"]
            revokes = match["verb"] == "REVOKE"
            held.append(Line(revokes, frozenset(words), kind, _plain(schema), _plain(name)))
    return Held(tuple(held), tuple(roles), literal)


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


def may_grant(own: set[Right], right: Right) -> bool:
    """Whether whoever holds ``own`` may grant ``right`` on, as far as SHOW GRANTS tells.

    The right and GRANT OPTION may be held at different levels.
    """
    levels = {("*", "", "*"), (right.schema, "", "*"), (right.schema, right.kind, right.name)}
    words = {r.privilege for r in own if (r.schema, r.kind, r.name) in levels}
    wanted = {right.privilege.partition(" (")[0], _ALL}
    return GRANT_OPTION in words and bool(words & wanted)
