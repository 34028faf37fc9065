"""The files in procedures/, views/ and events/, and the pins that migrations hold on them."""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from tenant_quota.errors import TenantQuotaError

KINDS = {"procedures": "PROCEDURE", "views": "VIEW", "events": "EVENT"}

_CREATE = re.compile(
    r"CREATE\s+(?P<algorithm>ALGORITHM\s*=\s*\w+\s+)?(?P<security>SQL\s+SECURITY\s+\w+\s+)?"
    r"(?P<kind>PROCEDURE|VIEW|EVENT)\s+`?(?P<name>\w+)`?(?P<rest>[\s(].*)",
    re.IGNORECASE | re.DOTALL,
)
_EVENT_TOKEN = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|`[^`]*`|--[^\n]*|\b(?:ENABLE|DISABLE|COMMENT|DO)\b", re.IGNORECASE
)
_STATUS = ("ENABLE", "DISABLE")
_INTRODUCER = r"\b_[a-z]\w*\s*'"
#: What the server keeps of a text, and information_schema does not show.
_NOT_SHOWN = {
    "PROCEDURE": _INTRODUCER,
    "VIEW": r"\bALGORITHM\s*=\s*(?!UNDEFINED)",
    "EVENT": _INTRODUCER,
}


@dataclass(frozen=True)
class ObjectFile:
    """One stored object as its file has it; ``path`` is relative to the SQL's root."""

    path: str
    kind: str
    name: str
    sha256: str
    statement: str

    def create(self, name: str, definer: str = "", *, replace: bool = False) -> str:
        """Return the CREATE statement under ``name``; ``definer`` is quoted already."""
        match = _match_create(self.statement, self.path)
        return "".join(
            (
                "CREATE ",
                "OR REPLACE " if replace else "",
                match["algorithm"] or "",
                f"DEFINER = {definer} " if definer else "",
                match["security"] or "",
                f"{self.kind} `{name}`",
                match["rest"],
            )
        )

    def scratch(self, name: str) -> str:
        """Return the CREATE statement under a name for trying it out: an event sleeps there."""
        statement = self.create(name)
        token = _at_status(statement) if self.kind == "EVENT" else None
        if token is None:
            return statement
        end = token.end() if token[0].upper() in _STATUS else token.start()
        return f"{statement[: token.start()]}DISABLE {statement[end:].lstrip()}"

    @property
    def event_status(self) -> str:
        """ENABLE or DISABLE, as an event's file says, MySQL's default is ENABLE; else empty."""
        if self.kind != "EVENT":
            return ""
        token = _at_status(self.statement)
        word = token[0].upper() if token else ""
        return word if word in _STATUS else "ENABLE"


def _at_status(statement: str) -> re.Match[str] | None:
    """Return where an event says ENABLE or DISABLE, else the word before which it could."""
    words = (*_STATUS, "COMMENT", "DO")
    return next((t for t in _EVENT_TOKEN.finditer(statement) if t[0].upper() in words), None)


def shows_whole(kind: str, text: str) -> bool:
    """Whether information_schema shows all of an object's text: see fingerprints."""
    return not re.search(_NOT_SHOWN[kind], text, re.IGNORECASE)


Object = tuple[str, str]  # kind and name, by which the server knows it


@dataclass(frozen=True)
class Pin:
    """One file that a migration installs; ``sha256`` is empty where it drops the object."""

    migration: str
    path: str
    sha256: str

    @property
    def object(self) -> Object:
        """Its kind and name."""
        return identity(self.path)


def identity(path: str) -> Object:
    """Return kind and name of the object in a file; only the first folder counts."""
    return KINDS[Path(path).parts[0]], Path(path).stem


def normalised(text: str) -> str:
    """Return the text with newlines as \\n, so that a checkout's line ends do not matter."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_object_file(root: Path, path: str) -> ObjectFile:
    """Read ``root/path``, e.g. ``views/quota_health.sql``.

    Raises FileNotFoundError, or TenantQuotaError where the file is not a header
    comment and one CREATE statement of the object that gave the file its name.
    """
    name = Path(path).stem
    kind = KINDS.get(Path(path).parts[0])
    if kind is None:
        raise TenantQuotaError(f"{path}: objects lie in {', '.join(KINDS)}.")
    try:
        text = normalised((root / path).read_bytes().decode("utf-8"))
    except UnicodeDecodeError:
        raise TenantQuotaError(f"{path} is not UTF-8 text.") from None

    if not text.startswith(f"-- {name}: "):
        raise TenantQuotaError(f"{path}: the first line must read `-- {name}: one sentence.`")
    if re.search(r"^\s*DELIMITER\b", text, re.IGNORECASE | re.MULTILINE):
        raise TenantQuotaError(f"{path}: no DELIMITER; that is the mysql client's.")
    if re.search(r"^CREATE\b[^(']*\bDEFINER\s*=", text, re.IGNORECASE | re.MULTILINE):
        raise TenantQuotaError(f"{path}: no DEFINER; give it to apply with --definer.")
    statement = re.sub(r"\A(?:[ \t]*(?:--[^\n]*)?\n)+", "", text).rstrip().removesuffix(";")
    match = _match_create(statement, path)
    if match["kind"].upper() != kind or match["name"] != name:
        raise TenantQuotaError(f"{path} must create {kind} {name}.")
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return ObjectFile(path, kind, name, digest, statement)


def _match_create(statement: str, path: str) -> re.Match[str]:
    match = _CREATE.fullmatch(statement)
    if match is None:
        raise TenantQuotaError(f"{path}: after the comment must stand one CREATE statement.")
    return match


def object_paths(root: Path) -> list[str]:
    """Return the object files: procedures, then views, then events, each by its path."""
    files = [file for folder in KINDS for file in sorted((root / folder).rglob("*.sql"))]
    return [file.relative_to(root).as_posix() for file in files]


def path_in(root: Path, kind: str, name: str) -> str | None:
    """Return the path of the file that holds an object; None where there is none."""
    return next((path for path in object_paths(root) if identity(path) == (kind, name)), None)


def shipped_objects(root: Path) -> list[Object]:
    """Return what the files hold."""
    return [identity(path) for path in object_paths(root)]


@dataclass(frozen=True)
class PinFile:
    """A migration that installs files: what it depends on, and its pins."""

    depends: frozenset[str]
    pins: tuple[Pin, ...]


def read_pin_file(file: Path) -> PinFile | None:
    """Read a migration in Python, and run nothing of it; None if it installs no files."""
    depends, pins = frozenset[str](), None
    try:
        statements = ast.parse(file.read_text(encoding="utf-8")).body
    except (SyntaxError, ValueError):
        return None  # yoyo, which runs it then, says what is wrong
    for node in statements:
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "install":
            pinned = {**ast.literal_eval(call.args[1])}
            for keyword in call.keywords:  # drop
                pinned |= dict.fromkeys(ast.literal_eval(keyword.value), "")
            pins = tuple(Pin(file.stem, path, sha256) for path, sha256 in pinned.items())
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__depends__":
            depends = frozenset(ast.literal_eval(node.value))
    return None if pins is None else PinFile(depends, pins)


def pins_of(migrations: Path) -> dict[str, list[Pin]]:
    """Return the pins of each migration that installs, oldest first."""
    read = {file.stem: read_pin_file(file) for file in sorted(migrations.glob("*.py"))}
    return {name: [*found.pins] for name, found in read.items() if found is not None}


def read_pins(migrations: Path) -> list[Pin]:
    """Return every pin, oldest migration first."""
    return [pin for pins in pins_of(migrations).values() for pin in pins]


def last_pins(root: Path) -> dict[Object, Pin]:
    """Return the pin that counts for each object: a later one supersedes an earlier."""
    return {pin.object: pin for pin in read_pins(root / "migrations")}


def pinned_file(root: Path, pin: Pin) -> ObjectFile | None:
    """Return the file that is pinned; None if it drops the object, or a later pin supersedes it."""
    if not pin.sha256:
        return None
    try:
        file = read_object_file(root, pin.path)
    except FileNotFoundError:
        file = None
    if file is not None and file.sha256 == pin.sha256:
        return file
    if last_pins(root).get(pin.object) != pin:
        return None
    if file is None:
        raise TenantQuotaError(f"{pin.path} is gone, and {pin.migration} installs it: put it back.")
    raise TenantQuotaError(
        f"{pin.path} was edited without a new pin: {pin.migration} pins {pin.sha256[:12]}…, "
        f"the file has {file.sha256[:12]}…. Run `tenant-quota pin`."
    )
