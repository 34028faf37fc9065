"""MySQL's option files, as far as connecting goes: `[group]`, `name = value`."""

from __future__ import annotations

import re
from pathlib import Path

from tenant_quota.errors import TenantQuotaError

GROUPS = ("client", "tenant-quota")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "r": "\r", "s": " ", "\\": "\\", '"': '"', "'": "'"}


def read_option_file(path: Path, group_suffix: str = "") -> dict[str, str]:
    """Return the options of `[client]` and `[tenant-quota]`, later lines winning.

    With a suffix, the groups that end in it are read as well. Names come back with
    dashes. Raises TenantQuotaError if the file cannot be read or holds what is not
    understood; no message shows a value.
    """
    groups = set(GROUPS) | {group + group_suffix for group in GROUPS}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise TenantQuotaError(f"Cannot read the option file {path}: {reason}.") from None

    options: dict[str, str] = {}
    current = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("!"):
            raise TenantQuotaError(
                f"{path}, line {number}: {line.split()[0]} is not understood here; "
                "name the file itself with --defaults-file."
            )
        if line.startswith("[") and line.endswith("]"):
            current = line[1:-1].strip()
            continue
        if current in groups:
            name, _, value = line.partition("=")
            options[name.strip().lower().replace("_", "-")] = _value(value)
    return options


def _value(text: str) -> str:
    """Return a value as MySQL reads it: comment cut off, quotes removed, escapes resolved."""
    text = _without_comment(text).strip()
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
