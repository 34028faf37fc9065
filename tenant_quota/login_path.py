"""The login path file of `mysql_config_editor`: obfuscated option groups.

Four bytes of zero, twenty of which the key is made, then for each line its length in four
bytes, the lowest first, and the line in AES-128-ECB. Who may read the file can undo that, so,
like MySQL's programs, this reads it only where nobody but its owner may.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tenant_quota.errors import TenantQuotaError
from tenant_quota.option_files import GROUPS, home_expanded, options_of, settings, shown

_UNUSED = 4
_KEY = 20
_LENGTH = 4
_BLOCK = 16  # bytes


def login_file() -> Path:
    """Return MYSQL_TEST_LOGIN_FILE, else ``~/.mylogin.cnf``."""
    return home_expanded(os.environ.get("MYSQL_TEST_LOGIN_FILE") or "~/.mylogin.cnf")


def read_login_path(name: str, group_suffix: str = "") -> dict[str, str]:
    """Return the options of `[client]`, `[tenant-quota]` and the path, later lines winning.

    A backslash in a password is an escape, as it is to MySQL's programs, though
    `mysql_config_editor` writes it as it was typed. Raises TenantQuotaError if the file
    cannot be read, others may read it, it is damaged or has no such path; no message shows
    a value.
    """
    path = login_file()
    found = list(settings(str(path), _decrypted(path, _content(path)), note=None))
    if {group for group, *_ in found}.isdisjoint({name.lower(), (name + group_suffix).lower()}):
        raise TenantQuotaError(
            f"There is no login path {name!r} in {shown(path)}. "
            "`mysql_config_editor print --all` shows which there are."
        )
    return options_of((*GROUPS, name), group_suffix, found)


def _content(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        others = stat.S_IXUSR | stat.S_IRWXG | stat.S_IRWXO
        if stat.S_ISREG(mode) and mode & others:
            raise TenantQuotaError(
                f"Others may use the login path file {shown(path)}, so it is not read: "
                "let its owner alone read and write it (chmod 600)."
            )
        return path.read_bytes()
    except OSError as error:
        raise TenantQuotaError(
            f"Cannot read the login path file {shown(path)}: {error.strerror}. "
            "`mysql_config_editor set` makes one."
        ) from None


def _decrypted(path: Path, content: bytes) -> bytes:
    """Return the lines as they were typed in; raises TenantQuotaError if that cannot be."""
    start = _UNUSED + _KEY
    key = bytearray(_BLOCK)
    for position, byte in enumerate(content[_UNUSED:start]):
        key[position % _BLOCK] ^= byte
    # The format has no other mode.
    cipher = Cipher(algorithms.AES(bytes(key)), modes.ECB())  # noqa: S305
    lines = []
    try:
        if len(content) < start:
            raise ValueError("no key")
        while start < len(content):
            text = start + _LENGTH
            end = text + int.from_bytes(content[start:text], "little")
            if end > len(content) or end == text:
                raise ValueError("a line is cut off")
            decryptor = cipher.decryptor()
            padded = decryptor.update(content[text:end]) + decryptor.finalize()
            unpadder = PKCS7(_BLOCK * 8).unpadder()
            lines.append(unpadder.update(padded) + unpadder.finalize())
            start = end
    except ValueError:
        raise TenantQuotaError(
            f"{shown(path)} is damaged, or no login path file: make it anew with "
            "`mysql_config_editor`."
        ) from None
    return b"".join(lines)
