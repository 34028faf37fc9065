"""What the shipped code needs of its definer, read from the code's own text.

So a new statement in procedures/, views/ or events/ brings its privilege along, and nothing
is granted that no statement uses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tenant_quota.apply.object_files import KINDS, object_paths, read_object_file
from tenant_quota.errors import TenantQuotaError

#: Who calls what stands below these folders of procedures/; the grants follow them.
AUDIENCES = ("application", "administration", "internal")

_IGNORED = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.|'')*'", re.DOTALL)
_CREATE_TABLE = re.compile(r"^CREATE TABLE (?:IF NOT EXISTS )?`?(\w+)", re.MULTILINE)
_WRITTEN = re.compile(
    r"\b(?:(?P<insert>(?:INSERT|REPLACE)\s+(?:IGNORE\s+)?INTO)|(?P<delete>DELETE)"
    r"|(?P<update>(?<!FOR )(?<!KEY )UPDATE))\s+(?:FROM\s+)?(?P<name>\w+)"
)
_UPSERT = re.compile(r"\bON\s+DUPLICATE\s+KEY\s+UPDATE\b")
_ALIAS = re.compile(r"\b(\w+)\s+AS\s+(\w+)\b")
_SET = re.compile(r"\bSET\b(.*?)(?:\bWHERE\b|\bORDER\b|\Z)", re.DOTALL)
_SET_OF = re.compile(r"(?:\A|,)\s*(\w+)\.\w+\s*=")
_LOCKING = re.compile(r"\bFOR\s+(UPDATE|SHARE)\b")
SHARE = "SHARE"  # no privilege: reading FOR SHARE, for which MySQL before 8.0.22 wanted UPDATE


@dataclass(frozen=True)
class CodeNeeds:
    """Privileges by table, procedures by who they are for, and views."""

    tables: dict[str, set[str]] = field(default_factory=dict)
    application: set[str] = field(default_factory=set)
    administration: set[str] = field(default_factory=set)  # what only administrators call
    internal: set[str] = field(default_factory=set)
    views: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)

    @property
    def public(self) -> set[str]:
        """What somebody may call."""
        return self.application | self.administration

    @property
    def procedures(self) -> set[str]:
        """All of them."""
        return self.public | self.internal


def read_code_needs(root: Path) -> CodeNeeds:
    """Read every object's file below ``root``; TenantQuotaError where there are none."""
    needs = CodeNeeds()
    tables = {
        name
        for file in (root / "migrations").glob("*.sql")
        for name in _CREATE_TABLE.findall(file.read_text(encoding="utf-8"))
    }
    paths = object_paths(root)
    if not paths:
        raise TenantQuotaError(f"There are no {', '.join(KINDS)} in {root}.")
    for path in paths:
        file = read_object_file(root, path)
        if file.kind == "PROCEDURE":
            _of_audience(needs, path).add(file.name)
        else:
            (needs.views if file.kind == "VIEW" else needs.events).add(file.name)
        code = _IGNORED.sub("''", file.statement)
        for statement in code.split(";"):
            for name, privileges in table_needs(statement, tables).items():
                needs.tables.setdefault(name, set()).update(privileges)
    for privileges in needs.tables.values():
        if privileges & {"UPDATE", "DELETE"}:
            privileges.discard(SHARE)
        elif "FOR UPDATE" in privileges:
            privileges.add("UPDATE")
        privileges.discard("FOR UPDATE")
    return needs


def _of_audience(needs: CodeNeeds, path: str) -> set[str]:
    """Return the set for whoever calls the procedure in this file, by its folder."""
    audience = path.split("/")[1]
    if audience not in AUDIENCES:
        raise TenantQuotaError(f"{path}: procedures lie in {', '.join(AUDIENCES)}.")
    found: set[str] = getattr(needs, audience)
    return found


def table_needs(statement: str, tables: set[str]) -> dict[str, set[str]]:
    """Return what one statement, without strings and comments, needs on which table.

    Besides SELECT, reading rows FOR UPDATE needs UPDATE or DELETE.
    """
    words = re.findall(r"(?<![.\w])\w+", statement)
    needs: dict[str, set[str]] = {name: set() for name in tables.intersection(words)}
    aliases = {alias: name for name, alias in _ALIAS.findall(statement) if name in needs}
    inserted = set()
    for match in _WRITTEN.finditer(statement):
        name = aliases.get(match["name"], match["name"])
        if match["update"]:
            assigned = _SET.search(statement, match.end())
            columns = _SET_OF.findall(assigned[1]) if assigned else []
            for each in ({aliases.get(each, each) for each in columns} or {name}) & needs.keys():
                needs[each].add("UPDATE")
        elif name in needs:
            needs[name].add("INSERT" if match["insert"] else "DELETE")
            if match["insert"]:
                inserted.add(name)
                if _UPSERT.search(statement):
                    needs[name].add("UPDATE")
    locking = _LOCKING.search(statement)
    for name, privileges in needs.items():
        if name not in inserted or words.count(name) > 1 or _UPSERT.search(statement):
            privileges.add("SELECT")
        if locking and not privileges & {"UPDATE", "DELETE"}:
            privileges.add(SHARE if locking[1] == "SHARE" else "FOR UPDATE")
    return needs
