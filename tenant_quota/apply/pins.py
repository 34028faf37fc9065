"""`pin`: keep the installing migrations in step with procedures/, views/ and events/.

Of each folder one migration, which no release has shipped, holds what differs from all that
stands before it: the pins of new and edited files, and the drops of those that are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tenant_quota.apply.object_files import (
    KINDS,
    Pin,
    identity,
    object_paths,
    pins_of,
    read_object_file,
)
from tenant_quota.errors import TenantQuotaError

_MANY = 5  # files that a line names; of more it says how many


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
    files = {path: read_object_file(root, path).sha256 for path in object_paths(root)}
    changes: list[Change] = []
    for folder in KINDS:
        here = {p: sha256 for p, sha256 in files.items() if p.startswith(f"{folder}/")}
        changes += migrations.settle(folder, here)
    return [*changes, *migrations.remove_empty()]


def released(migrations: Path) -> set[str]:
    """Return the names in ``released.txt``; # begins a comment."""
    file = migrations / "released.txt"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {name for line in lines if (name := line.partition("#")[0].strip())}


class _Migrations:
    """The folder of migrations as `pin` changes it; with ``check`` only in the mind."""

    def __init__(self, directory: Path, check: bool) -> None:
        self.directory = directory
        self.check = check
        self.released = released(directory)
        self.pins = pins_of(directory)
        self.names = sorted(
            file.stem
            for file in directory.glob("[0-9]*")
            if file.suffix in (".py", ".sql") and not file.name.endswith(".rollback.sql")
        )
        if not self.names:
            raise TenantQuotaError(f"There are no migrations in {directory}.")

    def settle(self, folder: str, files: dict[str, str]) -> Iterator[Change]:
        """Have one migration hold what all before it lack of this folder's files."""
        name = self._open(folder)
        pins = [pin for each in self.pins.values() for pin in each]
        pins = [pin for pin in pins if pin.path.startswith(f"{folder}/")]
        before = {pin.object: pin for pin in pins if pin.migration != name}
        there = {identity(path) for path in files}
        same = {(pin.path, pin.sha256) for pin in before.values()}
        wanted = {path: sha256 for path, sha256 in files.items() if (path, sha256) not in same}
        gone = [pin for pin in before.values() if pin.sha256 and pin.object not in there]
        wanted |= {pin.path: "" for pin in gone}
        now = {pin.path: pin.sha256 for pin in pins if pin.migration == name}
        if wanted == now:
            return
        differ = [p for p in {**now, **wanted} if now.get(p) != wanted.get(p)]
        why = ", ".join(differ) if len(differ) <= _MANY else f"{len(differ)} files in {folder}/"
        if not name:
            verb = "change" if before else "install"
            name = f"{int(self.names[-1][:4]) + 1:04}_{verb}_{folder}"
            yield Change(f"{name}.py", "added", why)
            self.names.append(name)
        else:
            yield Change(f"{name}.py", "rewritten", why)
        self.pins[name] = [Pin(name, path, sha256) for path, sha256 in wanted.items()]
        self._write(name, folder, wanted)

    def remove_empty(self) -> Iterator[Change]:
        """Remove what installs nothing any more, unless something follows it."""
        while self.pins.get(self.names[-1]) == [] and self.names[-1] not in self.released:
            name = self.names[-1]
            yield Change(f"{name}.py", "removed", "nothing is left for it to install")
            self.names.remove(name)
            if not self.check:
                (self.directory / f"{name}.py").unlink()

    def _open(self, folder: str) -> str:
        """Return the migration of this folder that may be rewritten; none: a new one is needed.

        A view is checked against its tables when it is created, so it cannot move back
        before a migration that changes tables.
        """
        last = max((name for name in self.pins if name.endswith(f"_{folder}")), default="")
        later = self.names[self.names.index(last) + 1 :] if last else []
        stuck = folder == "views" and any((self.directory / f"{n}.sql").exists() for n in later)
        return "" if last in self.released or stuck else last

    def _write(self, name: str, folder: str, pins: dict[str, str]) -> None:
        file = self.directory / f"{name}.py"
        if self.check:
            return
        install = sorted((p, sha256) for p, sha256 in pins.items() if sha256)
        drop = sorted(p for p, sha256 in pins.items() if not sha256)
        what = f"the {folder}" if "_install_" in name else f"what changed in {folder}/"
        lines = [
            f'"""Install {what}, each file as it is at its SHA-256."""',
            "",
            "from tenant_quota.apply import install",
            "",
            f'__depends__ = {{"{self.names[self.names.index(name) - 1]}"}}',
            "__transactional__ = False  # each DDL statement commits by itself",
            "",
            "install(",
            "    __file__,",
            "    {",
            *(f'        "{path}": "{sha256}",' for path, sha256 in install),
            "    },",
            *(["    drop=[", *(f'        "{path}",' for path in drop), "    ],"] if drop else []),
            ")",
        ]
        text = "\n".join(lines).replace("    {\n    },\n", "    {},\n") + "\n"
        file.write_text(text, encoding="utf-8", newline="\n")
