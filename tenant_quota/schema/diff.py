"""What differs between the facts that are shipped and those of a live schema."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from tenant_quota.apply.live_objects import with_definer
from tenant_quota.apply.object_files import normalised
from tenant_quota.names import account_named, quote
from tenant_quota.schema.checks import Parts, rename_checks, same_clauses
from tenant_quota.schema.facts import Facts, LiveSchema
from tenant_quota.schema.lock import (
    CANONICAL,
    OF_THE_INSTALLER,
    SCHEMA,
    Lock,
    digest,
    lines_of,
)

DIFFERENCE, UNSEEN, NOTE = "difference", "unseen", "note"

_OURS = re.compile(r"(?:^|[_ ])quotas?(?:$|_)")
_SIDE_DISABLED = {"SLAVESIDE_DISABLED", "REPLICA_SIDE_DISABLED"}
# ALTER EVENT takes these from the session, also where it only enables the event.
_SESSION = {"character set client", "collation connection"}


@dataclass(frozen=True)
class Finding:
    """One thing that differs, cannot be seen, or is worth a line.

    ``level`` is DIFFERENCE, UNSEEN (of what should be seen) or NOTE. ``diff`` has the lines
    of a unified diff where two texts differ.
    """

    level: str
    object: str  # e.g. table tenants
    what: str  # reads after the name: missing; expected int, found bigint
    part: str = ""  # e.g. column status
    attribute: str = ""  # e.g. type
    expected: str | None = None
    found: str | None = None
    diff: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Object, part and attribute, as far as there are any."""
        return ", ".join(word for word in (self.object, self.part, self.attribute) if word)

    def __str__(self) -> str:
        return f"{self.name}: {self.what}"


def is_ours(key: str) -> bool:
    """Whether a name that this version does not know reads as one of this product's.

    Those with the word quota or quotas do. Others are taken for the application's.
    """
    return _OURS.search(key.partition(" ")[2]) is not None


def compare(
    lock: Lock,
    live: LiveSchema,
    *,
    definer: str | None = None,
    shipped_body: Callable[[str], str | None] = lambda _: None,
) -> Iterator[Finding]:
    """Yield every finding, object by object.

    ``definer`` is who all objects should run as; None means whoever most of them do.
    ``shipped_body`` returns the body that a file has, for showing a diff.
    """
    known = lock.expected(live.series)
    for key, parts in known.items():
        if key in live.unseen:
            yield Finding(UNSEEN, key, f"cannot be seen: {live.unseen[key]}")
        elif key in live.facts:
            yield from _Object(lock, live, key, shipped_body).differences(parts, live.facts[key])
        else:
            yield Finding(DIFFERENCE, key, "missing")
    yield from _unknown(live, known)
    yield from _without_triggers(live)
    yield from _disagreeing(live, known, "definer", definer)
    yield from _disagreeing(live, known, "database collation", None)
    yield from _of_another_default(live, known)


@dataclass(frozen=True)
class _Object:
    """One object that is there, and what it takes to explain its differences."""

    lock: Lock
    live: LiveSchema
    key: str
    shipped_body: Callable[[str], str | None]

    def differences(self, expected: Parts, found: Parts) -> Iterator[Finding]:
        """Yield what differs in an object's parts and attributes."""
        names = (n.partition(", ") for n in sorted(self.live.unseen))
        hidden = {part: f"{key}, {part}" for key, _, part in names if key == self.key and part}
        hidden.pop("triggers", None)
        for part, name in hidden.items():
            what = f"cannot be seen: {self.live.unseen[name]}"
            yield Finding(UNSEEN, self.key, what, part=part)
        found, renamed = same_clauses(expected, found)
        if renamed:
            others = ", ".join(f"{new} is {old}" for old, new in renamed)
            alter = rename_checks(self.key, renamed, expected)
            what = f"the same checks under other names ({others}). Their names again: {alter}"
            yield Finding(NOTE, self.key, what, part="checks")
        for part, attributes in {**expected, **found}.items():
            if part not in expected:
                what = "; ".join(f"{a} {_short(v)}" for a, v in attributes.items())
                yield Finding(DIFFERENCE, self.key, f"unknown ({what})", part=part)
            elif part in found:
                yield from self._attributes(part, expected[part], found[part], hidden)
            elif not ("columns" in hidden and part.startswith("column ")):
                yield Finding(DIFFERENCE, self.key, "missing", part=part)

    def _attributes(
        self, part: str, expected: dict[str, str], found: dict[str, str], hidden: Collection[str]
    ) -> Iterator[Finding]:
        """Yield the attributes that differ, as far as they are to be seen."""
        for attribute in sorted({*expected, *found} - {*OF_THE_INSTALLER}):
            right, wrong = expected.get(attribute), found.get(attribute)
            if attribute == "definition" and right is not None:
                right = right.replace(SCHEMA, quote(self.live.name))
            elif (part, attribute) == ("", "body") and wrong is not None:
                wrong = digest(wrong)
            is_hidden = part == "" and (
                attribute in hidden
                or (attribute == "order of columns" and "columns" in hidden)
                # An invalid view shows no columns; the table it lacks is what differs.
                or (attribute == "columns" and wrong is None)
            )
            if right != wrong and not is_hidden and not _only_moved(attribute, right, wrong):
                yield self._explain(part, attribute, right, wrong)

    def _explain(
        self, part: str, attribute: str, expected: str | None, found: str | None
    ) -> Finding:
        """Return what to say of two values that differ."""
        level = DIFFERENCE
        diff: tuple[str, ...] = ()
        what = f"expected {_short(expected)}, found {_short(found)}"
        if attribute == "status" and found in _SIDE_DISABLED and self.live.is_replica:
            level, what = NOTE, f"{found}, as it is on a replica"
        elif self.key.startswith("event ") and attribute in _SESSION:
            level = NOTE
            what += ", from the session of an ALTER EVENT; no event depends on it"
        elif attribute in CANONICAL and not self.lock.knows(self.live.series):
            level = NOTE
            what = (
                f"not compared: its canonical form on MySQL {self.live.series} is not known "
                f"(known: {', '.join(sorted({self.lock.server, *self.lock.other_servers}))})"
            )
        elif attribute == "body" and part == "":
            what, diff = self._bodies(expected)
        elif attribute == "definition":
            what = "differs"
            diff = self._unified(lines_of(expected or ""), lines_of(found or ""))
        return Finding(level, self.key, what, part, attribute, expected, found, diff)

    def _bodies(self, expected: str | None) -> tuple[str, tuple[str, ...]]:
        """Return what to say of two bodies, and their diff where a file has the right one."""
        shipped, found = self.shipped_body(self.key), self.live.facts[self.key][""].get("body")
        if shipped is None or found is None or digest(shipped) != expected:
            return "differs", ()
        right, wrong = normalised(shipped), normalised(found)
        what = "differs"
        if without_comments(right) == without_comments(wrong):
            what = "differs in its comments alone: was it restored without `mysql --comments`?"
        return what, self._unified(right.split("\n"), wrong.split("\n"))

    def _unified(self, expected: list[str], found: list[str]) -> tuple[str, ...]:
        """Return a unified diff of lines."""
        names = f"{self.key} as shipped", f"{self.key} in {self.live.name}"
        return tuple(difflib.unified_diff(expected, found, *names, lineterm=""))


def _only_moved(attribute: str, expected: str | None, found: str | None) -> bool:
    """Whether names that both lists have are in the same order; others show by themselves."""
    if not attribute.startswith("order of "):
        return False
    old, new = (expected or "").split(", "), (found or "").split(", ")
    return [n for n in old if n in new] == [n for n in new if n in old]


def without_comments(body: str) -> list[str]:
    """Return the lines that say something to the server."""
    bare = (re.sub(r"(^|\s)--(\s.*)?$", "", line).rstrip() for line in body.split("\n"))
    return [line for line in bare if line]


def _unknown(live: LiveSchema, known: Facts) -> Iterator[Finding]:
    for key, parts in live.facts.items():
        if key in known:
            continue
        keys = [part for part in parts if part.startswith("foreign key ")]
        for part in keys:
            target = parts[part]["references"]
            yield Finding(NOTE, key, f"not ours, and it references {target}", part)
        if is_ours(key):
            yield Finding(DIFFERENCE, key, "unknown to this version")
        elif not keys:
            yield Finding(NOTE, key, "not ours")


def _without_triggers(live: LiveSchema) -> Iterator[Finding]:
    """Say in one line for which tables an extra trigger would go unseen."""
    ends = ", triggers"
    tables = [n.removesuffix(ends).partition(" ")[2] for n in live.unseen if n.endswith(ends)]
    if tables:
        which = ", ".join(sorted(tables))
        yield Finding(
            NOTE,
            f"schema {live.name}",
            f"MySQL shows them to nobody without TRIGGER; not looked for on {which}",
            part="triggers",
        )


def _disagreeing(
    live: LiveSchema, known: Facts, attribute: str, wanted: str | None
) -> Iterator[Finding]:
    """Yield the objects where this differs from what was asked for, else from most others'."""
    values = {
        key: parts[""][attribute]
        for key, parts in live.facts.items()
        if key in known and attribute in parts.get("", {})
    }
    if not values:
        return
    why = ""
    if wanted is None:
        wanted, count = max(sorted(Counter(values.values()).items()), key=lambda each: each[1])
        why = f" as {count} others have"
    for key, value in values.items():
        if value != wanted:
            what = f"expected {wanted}{why}, found {value}"
            if attribute == "definer" and key.startswith("event "):
                alter = with_definer(key.partition(" ")[2], account_named(wanted).quoted)
                what += f", as whoever runs ALTER EVENT without a definer: {alter}"
            yield Finding(DIFFERENCE, key, what, "", attribute, wanted, value)


def _of_another_default(live: LiveSchema, known: Facts) -> Iterator[Finding]:
    """Say where the schema's collation was changed after the objects were installed."""
    values = {
        parts[""]["database collation"]
        for key, parts in live.facts.items()
        if key in known and "database collation" in parts.get("", {})
    }
    if len(values) == 1 and live.collation not in values:
        what = f"{live.collation}; it was {values.pop()} when the objects were installed"
        yield Finding(NOTE, f"schema {live.name}", what, attribute="collation")


def _short(value: str | None, length: int = 120) -> str:
    """Return a value for one line."""
    if value is None:
        return "none"
    line = " ".join(value.split())
    if line == "":
        return "''"
    return line if len(line) <= length else f"{line[:length]}…"


def ignored(finding: Finding, patterns: tuple[str, ...]) -> Finding:
    """Return the finding, as a note if a pattern matches its name or its object's."""
    for pattern in patterns:
        if any(fnmatchcase(name, pattern) for name in (finding.name, finding.object)):
            return replace(finding, level=NOTE, what=f"{finding.what} (ignored)")
    return finding
