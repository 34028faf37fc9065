"""Which Debian mirror this machine uses, read from its own apt sources."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tenant_quota.sandbox.cache import Unavailable

VARIABLE = "TENANT_QUOTA_DEBIAN_MIRROR"

# A mirror of Debian itself ends like this; security, third parties and Ubuntu do not.
# Cloud images name a file of mirrors instead.
_DEBIAN = re.compile(r"^(https?|ftp)://\S+/debian/?$|^mirror\+file:\S+/debian\.list$")


def machine_mirror(etc: Path = Path("/etc/apt")) -> str:
    """Return the mirror that TENANT_QUOTA_DEBIAN_MIRROR names, else the first in apt's sources.

    Raises Unavailable where there is neither.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return named.rstrip("/")
    for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if path.suffix == ".list":
            uris = one_line_uris(text)
        elif path.suffix == ".sources":
            uris = deb822_uris(text)
        else:
            continue
        for uri in uris:
            if _DEBIAN.match(uri):
                return uri.rstrip("/")
    raise Unavailable(f"apt's sources name no Debian mirror; name one in {VARIABLE}")


def one_line_uris(text: str) -> list[str]:
    """Return the URIs of ``deb [options] uri suite component`` lines."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)", line.split("#", 1)[0])
        if match:
            found.append(match[1])
    return found


def deb822_uris(text: str) -> list[str]:
    """Return the URIs of enabled binary stanzas in a ``.sources`` file."""
    found = []
    for stanza in re.split(r"\n[ \t]*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t"):
                fields[name] = f"{fields.get(name, '')} {line.strip()}"
            elif ":" in line:
                name, value = line.split(":", 1)
                name = name.strip().lower()
                fields[name] = value.strip()
        enabled = fields.get("enabled", "yes").lower() not in ("no", "false", "0", "off")
        if enabled and "deb" in fields.get("types", "").split():
            found += fields.get("uris", "").split()
    return found
