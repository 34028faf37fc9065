"""MySQL's option files, as far as connecting goes: groups, values, `!include`, `!includedir`.

What is read, in which order and from which files is as MySQL 9.7's own programs have it;
a test asks `my_print_defaults`. Where those skip over what is broken, this is an error.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tenant_quota.errors import TenantQuotaError

GROUPS = ("client", "tenant-quota")
DEEPEST = 10  # includes within includes: MySQL's own limit
SPACE = " \t\n\v\f\r"  # not Python's: a value may begin or end with U+3000
Note = Callable[[str], None]
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "r": "\r", "s": " ", "\\": "\\", '"': '"', "'": "'"}


def read_option_file(
    path: Path, group_suffix: str = "", note: Note = lambda text: None
) -> dict[str, str]:
    """Return the options of `[client]` and `[tenant-quota]`, later lines winning.

    With a suffix, the groups that end in it are read as well. Names come back with dashes;
    what is not UTF-8 comes back as Python's surrogates. ``note`` is told of included files
    that MySQL, too, passes over. Raises TenantQuotaError if the file cannot be read or
    holds what is not understood; no message shows a value.
    """
    options = Options.of_groups(GROUPS, group_suffix, note)
    if _anybody_may_write(path):
        raise TenantQuotaError(
            f"Anybody may write the option file {shown(path)}, so it is not read: "
            "take that right away (chmod o-w)."
        )
    try:
        options.read(str(path), path.read_bytes())
    except OSError as error:
        raise TenantQuotaError(
            f"Cannot read the option file {shown(path)}: {error.strerror}."
        ) from None
    return options.values


@dataclass
class Options:
    """Gathers what some groups say in one file after the other."""

    groups: frozenset[str]  # in lower case: MySQL compares them without it
    note: Note
    includes: bool = True
    seen: set[str] = field(default_factory=set)  # every group's name, in lower case
    values: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of_groups(
        cls, names: tuple[str, ...], suffix: str, note: Note, includes: bool = True
    ) -> Options:
        """Return one for these groups, and for the same with the suffix."""
        groups = {(name + end).lower() for name in names for end in ("", suffix)}
        return cls(frozenset(groups), note, includes)

    def read(self, source: str, content: bytes, depth: int = 0) -> None:
        """Take the lines of a file; raises TenantQuotaError that names ``source`` and the line."""
        group = None
        # Bytes that are no UTF-8 pass through: a password is bytes to MySQL.
        for number, raw in enumerate(content.decode("utf-8", "surrogateescape").split("\n"), 1):
            where = f"{shown(source)}, line {number}"
            line = raw.strip(SPACE)
            if not line or line[0] in "#;":
                continue
            if line[0] == "!":
                self._follow(_without_comment(line[1:]).strip(SPACE), where, depth)
            elif line[0] == "[":
                name, bracket, _ = line[1:].partition("]")
                if not bracket:
                    raise TenantQuotaError(f"{where}: the name of a group ends in ].")
                group = name.rstrip(SPACE).lower()
                self.seen.add(group)
            elif group is None:
                raise TenantQuotaError(f"{where}: an option stands before the first [group].")
            elif group in self.groups:
                name, _, value = _without_comment(line).partition("=")
                self.values[name.strip(SPACE).lower().replace("_", "-")] = _value(value)

    def _follow(self, directive: str, where: str, depth: int) -> None:
        """Read what `!include` or `!includedir` names; relative names are the caller's folder's."""
        words = re.match(r"(include|includedir)(?:\s+(.*))?$", directive, re.ASCII | re.DOTALL)
        if words is None or not self.includes:
            self.note(f"{where}: only !include and !includedir are known; passed over.")
            return
        if not words[2]:
            raise TenantQuotaError(f"{where}: !{words[1]} names no file or folder.")
        if depth >= DEEPEST:
            raise TenantQuotaError(
                f"{where}: files that include files, more than {DEEPEST} deep: "
                "does one include itself?"
            )
        if words[1] == "include":
            self._include(home_expanded(words[2]), where, depth + 1)
            return
        path = Path(words[2])  # MySQL knows ~ in the names of files alone
        try:
            entries = sorted(path.iterdir(), key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            raise TenantQuotaError(
                f"{where}: cannot read the folder {shown(path)}: {error.strerror}."
            ) from None
        for entry in entries:
            if entry.name.endswith(".cnf"):
                self._include(entry, where, depth + 1)

    def _include(self, path: Path, where: str, depth: int) -> None:
        if path.is_dir():
            return
        if _anybody_may_write(path):
            self.note(f"{where}: anybody may write {shown(path)}, so it is not read.")
            return
        try:
            content = path.read_bytes()
        except OSError as error:
            self.note(f"{where}: cannot read {shown(path)}: {error.strerror}; passed over.")
            return
        self.read(str(path), content, depth)


def home_expanded(path: str) -> Path:
    """Return a path with ~ resolved where that can be."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def shown(path: Path | str) -> str:
    """Return a path as text that can be printed, whatever its bytes are."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "�" for c in text)


def _anybody_may_write(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) and bool(mode & stat.S_IWOTH)


def _value(text: str) -> str:
    """Return a value as MySQL reads it: quotes removed, escapes resolved."""
    text = text.strip(SPACE)
    if len(text) >= 2 and text[0] in "'\"" and text[0] == text[-1]:
        text = text[1:-1]
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), text)


def _without_comment(text: str) -> str:
    """Cut at the first # outside quotes; a backslash within quotes hides the next character."""
    quote = ""
    hidden = False
    for position, character in enumerate(text):
        if character in "'\"" and not hidden:
            quote = "" if quote == character else quote or character
        if character == "#" and not quote:
            return text[:position]
        hidden = bool(quote) and character == "\\" and not hidden
    return text
