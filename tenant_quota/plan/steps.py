"""What a plan is made of: steps, their statements, and the words that tell of an ALTER."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ALTER = re.compile(
    r"(?:ALTER\s+TABLE|(?:CREATE\s+(?:UNIQUE\s+)?|DROP\s+)INDEX\s+\S+\s+ON)\s+`?(?P<table>\w+)`?",
    re.IGNORECASE,
)
_CLAUSE = r"\b{}\s*=?\s*(\w+)"
_ALGORITHMS = {
    "INSTANT": "metadata only, at once whatever the table's size",
    "INPLACE": "in place, without a copy of the table",
    "COPY": "a copy of the whole table: it takes long where that is large",
}
_LOCKS = {
    "NONE": "reads and writes go on",
    "SHARED": "reads go on, writes wait",
    "EXCLUSIVE": "all others wait",
}


@dataclass(frozen=True)
class Alter:
    """How one statement changes a table: the words as MySQL's ALTER TABLE has them."""

    table: str
    algorithm: str
    lock: str
    statement: str = ""

    def __str__(self) -> str:
        words = f"ALGORITHM={self.algorithm}, LOCK={self.lock}"
        if self.algorithm == "INSTANT":
            meaning = f"{_ALGORITHMS['INSTANT']}; reads and writes go on"
        elif self.algorithm in _ALGORITHMS:
            said = _LOCKS.get(self.lock, "as little locking as the server can")
            meaning = f"{_ALGORITHMS[self.algorithm]}; {said}"
        else:
            meaning = "the statement does not say, so the server chooses"
        return f"{self.table}: {words} ({meaning})"


def alter_of(statement: str) -> Alter | None:
    """Return how a statement changes a table; None where it changes none.

    A LOCK that is not said is DEFAULT, the only one that goes with INSTANT.
    """
    code = re.sub(r"--[^\n]*|'(?:[^'\\]|\\.|'')*'", "", statement).strip()
    match = _ALTER.match(code)
    if match is None:
        return None
    said = {
        word: found[1].upper()
        for word in ("ALGORITHM", "LOCK")
        if (found := re.search(_CLAUSE.format(word), code, re.IGNORECASE))
    }
    return Alter(
        match["table"], said.get("ALGORITHM", "DEFAULT"), said.get("LOCK", "DEFAULT"), statement
    )


@dataclass
class Step:
    """One migration: what it is about, and its statements in order."""

    migration: str
    about: str
    statements: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    alters: list[Alter] = field(default_factory=list)


@dataclass
class Plan:
    """All that `apply` or `rollback` would run; what stands before ``steps`` changes nothing."""

    direction: str  # apply or rollback
    start: str  # the last migration that is applied before, or nothing
    end: str  # the last one that is applied after it, or nothing
    session: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    ending: list[str] = field(default_factory=list)
