"""`pin`: keep the installing migrations in step with procedures/, views/ and events/.

A migration that no release has shipped is rewritten or removed; one that a release has
shipped stays, and a new migration follows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tenant_quota.apply.object_files import Pin, identity, object_paths, read_object_file, read_pins
from tenant_quota.errors import TenantQuotaError

_TEMPLATE = '''"""{title}"""

from tenant_quota.apply import {call}

__depends__ = {{"{depends}"}}
__transactional__ = False  # each DDL statement commits by itself

{call}(
    __file__,
    "{path}",{pin}
)
'''


@dataclass(frozen=True)
class Change:
    """One thing that `pin` does, or with check would do; ``why`` reads after the file's name."""

    migration: str
    action: str  # added, rewritten, removed
    why: str

    def __str__(self) -> str:
        return f"{self.action} migrations/{self.migration}: {self.why}"


def pin(root: Path, *, check: bool = False) -> list[Change]:
    """Bring the pins up to date and return what changed; nothing if they were.

    With ``check`` nothing is written. Raises TenantQuotaError on an object file that is
    not one, or where there is no migration to follow.
    """
    migrations = _Migrations(root / "migrations", check)
    changes = []
    paths = object_paths(root)
    for pins in _by_object(migrations.directory).values():
        if pins[0].path not in paths:
            changes += migrations.retire(pins)
    pinned = _by_object(migrations.directory)
    for path in paths:
        sha256 = read_object_file(root, path).sha256
        pins = pinned.get(path, [])
        if not pins:
            changes.append(migrations.add("install", path, sha256, f"installs {path}"))
        elif pins[-1].sha256 != sha256:
            changes.append(migrations.renew(pins[-1], sha256))
    return changes


def released(migrations: Path) -> set[str]:
    """Return the names in ``released.txt``; # begins a comment."""
    file = migrations / "released.txt"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {name for line in lines if (name := line.partition("#")[0].strip())}


def _by_object(migrations: Path) -> dict[str, list[Pin]]:
    pins: dict[str, list[Pin]] = {}
    for pin in read_pins(migrations):
        pins.setdefault(pin.path, []).append(pin)
    return pins


class _Migrations:
    """The folder of migrations as `pin` changes it; with ``check`` only in the mind."""

    def __init__(self, directory: Path, check: bool) -> None:
        self.directory = directory
        self.check = check
        self.released = released(directory)
        self.names = sorted(
            file.stem
            for file in directory.glob("[0-9]*")
            if file.suffix in (".py", ".sql") and not file.name.endswith(".rollback.sql")
        )
        if not self.names:
            raise TenantQuotaError(f"There are no migrations in {directory}.")

    def add(self, verb: str, path: str, sha256: str, why: str) -> Change:
        """Write the next migration, which follows the last one."""
        kind, stem = identity(path)
        last = self.names[-1]
        suffix = "" if kind == "PROCEDURE" else f"_{kind.lower()}"
        name = f"{int(last[:4]) + 1:04}_{verb}_{stem}{suffix}"
        text = _TEMPLATE.format(
            title=f"{verb.capitalize()} {path}.",
            depends=last,
            call="install" if sha256 else "uninstall",
            path=path,
            pin=f'\n    sha256="{sha256}",' if sha256 else "",
        )
        self._write(self.directory / f"{name}.py", text)
        self.names.append(name)
        return Change(f"{name}.py", "added", why)

    def renew(self, pin: Pin, sha256: str) -> Change:
        """Pin an edited file anew, in place where that is possible.

        A view is checked against its tables when it is created, so it cannot move back
        before a migration that changes tables.
        """
        later = self.names[self.names.index(pin.migration) + 1 :]
        stuck = pin.path.startswith("views/") and any(
            (self.directory / f"{name}.sql").exists() for name in later
        )
        if pin.migration in self.released or stuck or not pin.sha256:
            why = f"{pin.path} was edited; {pin.migration} stays"
            return self.add("reinstall", pin.path, sha256, why)
        file = self.directory / f"{pin.migration}.py"
        text = file.read_text(encoding="utf-8")
        self._write(file, text.replace(pin.sha256, sha256))
        return Change(file.name, "rewritten", f"{pin.path} was edited")

    def retire(self, pins: list[Pin]) -> list[Change]:
        """Remove the migrations of an object whose file is gone, or add one that drops it."""
        path = pins[0].path
        changes = []
        for pin in pins:
            if pin.migration not in self.released and pin.sha256:
                self._remove(pin.migration)
                changes.append(Change(f"{pin.migration}.py", "removed", f"{path} is gone"))
        left = [pin for pin in pins if pin.migration in self.names]
        if left and left[-1].sha256:
            changes.append(self.add("drop", path, "", f"{path} is gone; a release installed it"))
        elif left and not any(pin.sha256 for pin in left):
            changes += [self._drop_not_needed(pin, path) for pin in left]
        return changes

    def _drop_not_needed(self, pin: Pin, path: str) -> Change:
        self._remove(pin.migration)
        return Change(f"{pin.migration}.py", "removed", f"nothing installs {path} any more")

    def _remove(self, name: str) -> None:
        """Remove one migration; what followed it now follows what it followed."""
        file = self.directory / f"{name}.py"
        match = re.search(r'__depends__ = \{"([^"]+)"\}', file.read_text(encoding="utf-8"))
        before = match[1] if match else self.names[self.names.index(name) - 1]
        for other in [*self.directory.glob("*.py"), *self.directory.glob("*.sql")]:
            text = other.read_text(encoding="utf-8")
            mended = re.sub(
                rf'(__depends__ = .*"|^-- depends:.*\b){re.escape(name)}\b',
                rf"\g<1>{before}",
                text,
                flags=re.MULTILINE,
            )
            if mended != text:
                self._write(other, mended)
        self.names.remove(name)
        if not self.check:
            file.unlink()

    def _write(self, file: Path, text: str) -> None:
        if not self.check:
            file.write_text(text, encoding="utf-8", newline="\n")
