"""What an account or a role holds, read from SHOW GRANTS: one Right for each privilege."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pymysql.connections import Connection

from tenant_quota.names import Account
from tenant_quota.statements import StatementFailed, fetch

GRANT_OPTION = "GRANT OPTION"
REFUSED = {1044, 1045, 1142, 1143, 1227, 1370, 1410, 3530}
_NO_SUCH_GRANT = 1141
_NAME = r"(?:\*|`(?:[^`]|``)*`)"
_GRANT = re.compile(
    r"GRANT (?P<words>.+?) ON (?P<kind>PROCEDURE |FUNCTION )?"
    rf"(?P<schema>{_NAME})\.(?P<name>{_NAME}) TO (?P<rest>.+)"
)
_ROLES = re.compile(
    r"GRANT (?P<roles>`.+`) TO `(?:[^`]|``)*`@`(?:[^`]|``)*`(?: WITH ADMIN OPTION)?"
)
_WORD = re.compile(r"[A-Z_ ]+?(?: \((?:[^()`]|`(?:[^`]|``)*`)*\))?(?=,|$)")


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


def read_held(connection: Connection[Any], account: Account | None = None) -> set[Right] | None:
    """Return what the account holds; None where there is no such account.

    None for ``account`` means the connected one, with its active roles. Raises
    StatementFailed with a number in REFUSED where this account may not see it.
    """
    statement = f"SHOW GRANTS FOR {account.quoted}" if account else "SHOW GRANTS"
    try:
        rows = fetch(connection, statement)
    except StatementFailed as error:
        if error.number == _NO_SUCH_GRANT:
            return None
        raise
    return parse_grants([next(iter(row.values())) for row in rows])


def parse_grants(lines: list[str]) -> set[Right]:
    """Read the lines of SHOW GRANTS; REVOKE lines (partial revokes) take nothing away here."""
    rights = set()
    for line in lines:
        if match := _ROLES.fullmatch(line):
            roles = re.findall(r"`(?:[^`]|``)*`@`(?:[^`]|``)*`", match["roles"])
            rights |= {Right("*", "ROLE", role, "") for role in roles}
        elif match := _GRANT.match(line):
            schema, name, pattern = _plain(match["schema"]), _plain(match["name"]), ""
            if name == "*":
                pattern, schema = schema, re.sub(r"\\(.)", r"\1", schema)
            kind = (match["kind"] or "").strip()
            words = [word.strip() for word in _WORD.findall(match["words"])]
            if match["rest"].endswith(" WITH GRANT OPTION"):
                words.append(GRANT_OPTION)
            words = [word for word in words if word != "USAGE"]
            rights |= {Right(schema, kind, name, word, pattern) for word in words}
    return rights


def _plain(name: str) -> str:
    return name if name == "*" else name[1:-1].replace("``", "`")


def may_grant(own: set[Right], right: Right) -> bool:
    """Whether whoever holds ``own`` may grant ``right`` on, as far as SHOW GRANTS tells.

    The right and GRANT OPTION may be held at different levels.
    """
    levels = {("*", "", "*"), (right.schema, "", "*"), (right.schema, right.kind, right.name)}
    words = {r.privilege for r in own if (r.schema, r.kind, r.name) in levels}
    wanted = {right.privilege.partition(" (")[0], "ALL PRIVILEGES"}
    return GRANT_OPTION in words and bool(words & wanted)
