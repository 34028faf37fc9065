"""What the connected account may do, as far as SHOW GRANTS tells; active roles included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pymysql.connections import Connection

from tenant_quota.statements import StatementFailed, fetch

_GRANT = re.compile(
    r"(?P<verb>GRANT|REVOKE) (?P<words>.+?) ON "
    r"(?:TABLE )?(?P<schema>\*|`(?:[^`]|``)*`)\.(?P<table>\*|`(?:[^`]|``)*`) (?:TO|FROM) "
)


@dataclass(frozen=True)
class Privileges:
    """The rows of SHOW GRANTS that speak of a schema or table: verb, words, schema, table."""

    schema: str
    rows: tuple[tuple[str, frozenset[str], str, str], ...]

    @property
    def see_routines(self) -> bool:
        """Whether every routine shows: SHOW_ROUTINE or SELECT on all schemas."""
        return any(
            words & {"SHOW_ROUTINE", "SELECT", "ALL PRIVILEGES"} and (schema, table) == ("*", "*")
            for verb, words, schema, table in self.rows
            if verb == "GRANT"
        )

    def hold(self, privilege: str, table: str) -> bool:
        """Whether the account holds it on this table, globally, on the schema or on itself.

        Where several rows speak of the schema, MySQL heeds but one: all must grant it.
        """
        wanted = {privilege, "ALL PRIVILEGES"}
        on_schema = []
        for verb, words, schema, name in self.rows:
            if schema == "*":
                if verb == "GRANT" and words & wanted and not self._taken_back(wanted):
                    return True
            elif name == "*" and verb == "GRANT" and _matches(schema, self.schema):
                on_schema.append(bool(words & wanted))
            elif schema == self.schema and name == table and words & wanted:
                return True
        return bool(on_schema) and all(on_schema)

    def _taken_back(self, wanted: set[str]) -> bool:
        return any(
            verb == "REVOKE" and words & wanted and schema == self.schema
            for verb, words, schema, _ in self.rows
        )


def read_privileges(connection: Connection[Any]) -> Privileges:
    """Return what SHOW GRANTS says; nothing at all where even that is refused."""
    try:
        schema = fetch(connection, "SELECT DATABASE() AS name")[0]["name"]
        lines = [next(iter(row.values())) for row in fetch(connection, "SHOW GRANTS")]
    except StatementFailed:
        return Privileges("", ())
    return parse_privileges(schema, lines)


def parse_privileges(schema: str, lines: list[str]) -> Privileges:
    """Read the lines of SHOW GRANTS; roles' own lines, which name no schema, say nothing."""
    rows = [
        (
            match["verb"],
            frozenset(word.strip() for word in match["words"].split(",")),
            _plain(match["schema"]),
            _plain(match["table"]),
        )
        for line in lines
        if (match := _GRANT.match(line))
    ]
    return Privileges(schema, tuple(rows))


def _plain(name: str) -> str:
    return name if name == "*" else name[1:-1].replace("``", "`")


def _matches(pattern: str, schema: str) -> bool:
    r"""Whether a schema matches what a GRANT names: % and _ are wildcards, \ takes that away."""
    translated = re.sub(
        r"\\(.)|(%)|(_)|(.)",
        lambda m: ".*" if m[2] else "." if m[3] else re.escape(m[1] or m[4]),
        pattern,
        flags=re.DOTALL,
    )
    return re.fullmatch(translated, schema, re.DOTALL) is not None
