"""MySQL's option files, as far as connecting goes: groups, values, `!include`, `!includedir`.

What is read, in which order and from which files is as MySQL 9.7's own programs have it;
a test asks `my_print_defaults`. Where those skip over what is broken, this is an error.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tenant_quota.errors import TenantQuotaError

GROUPS = ("client", "tenant-quota")
DEEPEST = 10  # includes within includes: MySQL's own limit
SPACE = " \t\n\v\f\r"  # not Python's: a value may begin or end with U+3000
Note = Callable[[str], None]
Setting = tuple[str, str, str]  # group, option, value; the line of the group itself has no option
# Within quotes a backslash hides the next character; a quote may be left open.
_CODE = re.compile(
    r"""(?:[^#'"]|"(?:[^"\\]|\\.)*(?:"|\\?\Z)|'(?:[^'\\]|\\.)*(?:'|\\?\Z))*""", re.DOTALL
)
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
    if _anybody_may_write(path):
        raise TenantQuotaError(
            f"Anybody may write the option file {shown(path)}, so it is not read: "
            "take that right away (chmod o-w)."
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TenantQuotaError(
            f"Cannot read the option file {shown(path)}: {error.strerror}."
        ) from None
    return options_of(GROUPS, group_suffix, settings(str(path), content, note))


def options_of(groups: Iterable[str], suffix: str, found: Iterable[Setting]) -> dict[str, str]:
    """Return what these groups say, and the same with the suffix."""
    wanted = {(name + end).lower() for name in groups for end in ("", suffix)}
    return {name: value for group, name, value in found if group in wanted and name}


def settings(source: str, content: bytes, note: Note | None, depth: int = 0) -> Iterator[Setting]:
    """Give what stands in a file, and in those that it includes; without ``note`` in none.

    Raises TenantQuotaError that names ``source`` and the line.
    """
    group = None
    # Bytes that are no UTF-8 pass through: a password is bytes to MySQL.
    for number, raw in enumerate(content.decode("utf-8", "surrogateescape").split("\n"), 1):
        where = f"{shown(source)}, line {number}"
        line = raw.strip(SPACE)
        if not line or line[0] in "#;":
            continue
        if line[0] == "!":
            if note is not None:
                directive = _without_comment(line[1:]).strip(SPACE)
                for path, included in _included(directive, where, depth, note):
                    yield from settings(path, included, note, depth + 1)
        elif line[0] == "[":
            name, bracket, _ = line[1:].partition("]")
            if not bracket:
                raise TenantQuotaError(f"{where}: the name of a group ends in ].")
            group = name.rstrip(SPACE).lower()  # MySQL compares them without regard to case
            yield group, "", ""
        elif group is None:
            raise TenantQuotaError(f"{where}: an option stands before the first [group].")
        else:
            name, _, value = _without_comment(line).partition("=")
            yield group, name.strip(SPACE).lower().replace("_", "-"), _value(value)


def _included(directive: str, where: str, depth: int, note: Note) -> Iterator[tuple[str, bytes]]:
    """Give the files that `!include` or `!includedir` names; names start at the caller's folder."""
    words = re.match(r"(include|includedir)(?:\s+(.*))?$", directive, re.ASCII | re.DOTALL)
    if words is None:
        note(f"{where}: only !include and !includedir are known; passed over.")
        return
    if not words[2]:
        raise TenantQuotaError(f"{where}: !{words[1]} names no file or folder.")
    if depth >= DEEPEST:
        raise TenantQuotaError(
            f"{where}: files that include files, more than {DEEPEST} deep: does one include itself?"
        )
    paths = [home_expanded(words[2])]
    if words[1] == "includedir":
        folder = Path(words[2])  # MySQL knows ~ in the names of files alone
        try:
            entries = sorted(folder.iterdir(), key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            raise TenantQuotaError(
                f"{where}: cannot read the folder {shown(folder)}: {error.strerror}."
            ) from None
        paths = [entry for entry in entries if entry.name.endswith(".cnf")]
    for path in paths:
        if path.is_dir():
            continue
        if _anybody_may_write(path):
            note(f"{where}: anybody may write {shown(path)}, so it is not read.")
            continue
        try:
            content = path.read_bytes()
        except OSError as error:
            note(f"{where}: cannot read {shown(path)}: {error.strerror}; passed over.")
            continue
        yield str(path), content


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
    """Cut at the first # outside quotes."""
    match = _CODE.match(text)
    return match[0] if match else text
