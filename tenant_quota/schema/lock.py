"""``schema.lock.json``: the facts of every object, read from a real server, and shipped.

Made by ``make lock``, never by hand. A body is not repeated there, only its SHA-256: the
text is in procedures/ and events/. What does not belong to the product but to who installs
it, the definer and the schema's collation, is left out.

Some text a server rewrites into a canonical form of its own, which differs by series: a
view's definition, a CHECK's clause, a default that is an expression. The objects are as the
series named ``server`` shows them; ``other_servers`` has what another series shows otherwise.
"""

from __future__ import annotations

import hashlib
import json
import re
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from tenant_quota.apply.object_files import normalised
from tenant_quota.errors import TenantQuotaError
from tenant_quota.names import quote
from tenant_quota.schema.facts import Facts, LiveSchema

LOCK = "schema.lock.json"
SCHEMA = "{schema}"  # stands for the schema's quoted name in a definition

#: The installer's own choice, so no facts of the lock.
OF_THE_INSTALLER = ("definer", "database collation")
#: Attributes that a server writes in words of its own.
CANONICAL = ("definition", "clause", "default expression", "generated as")

_ABOUT = "Facts of every object on a real server. Made by `make lock`; not to be edited."
_TOKEN = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|[(),]"
    r"|(?<!left) (?=(?:from|left join|join|straight_join|where|group by|having|order by|union|"
    r"when|else|end)\b)",
    re.DOTALL,
)


@dataclass
class Lock:
    """What is shipped: facts, the series they are from, and the SHA-256 of each migration."""

    server: str
    objects: Facts
    migrations: dict[str, str]
    other_servers: dict[str, Facts] = field(default_factory=dict)

    def knows(self, series: str) -> bool:
        """Whether the canonical forms of this server series are known."""
        return series == self.server or series in self.other_servers

    def expected(self, series: str) -> Facts:
        """Return the facts as this series shows them; as ``server`` does if it is unknown."""
        facts = deepcopy(self.objects)
        for key, parts in self.other_servers.get(series, {}).items():
            for part, attributes in parts.items():
                facts[key][part] |= attributes
        return facts


def locked(live: LiveSchema) -> Facts:
    """Return a schema's facts as the lock has them."""
    facts = deepcopy(live.facts)
    for parts in facts.values():
        itself = parts.get("", {})
        for attribute in OF_THE_INSTALLER:
            itself.pop(attribute, None)
        if "body" in itself:
            itself["body"] = digest(itself["body"])
        if "definition" in itself:
            itself["definition"] = itself["definition"].replace(quote(live.name), SCHEMA)
    return facts


def digest(text: str) -> str:
    """Return what the lock holds in place of a body."""
    return "sha256 " + hashlib.sha256(normalised(text).encode()).hexdigest()


def make_lock(live: LiveSchema, root: Path, old: Lock | None) -> Lock:
    """Return the lock with what this server shows.

    On another series than the old lock's ``server``, that stays and this server's own forms
    are added. Forms of other series stay as long as what they are forms of did not change.
    Raises TenantQuotaError if the objects differ from the lock in more than their forms.
    """
    facts, migrations = locked(live), hash_migrations(root)
    if old is None or live.series == old.server:
        lock = Lock(live.series, facts, migrations)
        for series, known in (old.other_servers if old else {}).items():
            kept = {k: v for k, v in known.items() if old and old.objects[k] == facts.get(k)}
            lock.other_servers[series] = kept
        return lock
    forms = _forms(facts, old.objects)
    if forms is None or migrations != old.migrations:
        raise TenantQuotaError(
            f"The lock's objects are from {old.server} and differ from these in more than "
            f"their form: make the lock on {old.server} first, then on {live.series}."
        )
    return Lock(old.server, old.objects, migrations, {**old.other_servers, live.series: forms})


def _forms(facts: Facts, base: Facts) -> Facts | None:
    """Return the canonical attributes that differ from the base; None if others do too."""
    forms: Facts = {}
    if {k: v.keys() for k, v in facts.items()} != {k: v.keys() for k, v in base.items()}:
        return None
    for key, parts in facts.items():
        for part, attributes in parts.items():
            before = base[key][part]
            changed = {a for a in {*attributes, *before} if attributes.get(a) != before.get(a)}
            if not changed <= set(CANONICAL):
                return None
            if changed:
                forms.setdefault(key, {})[part] = {a: attributes[a] for a in sorted(changed)}
    return forms


def hash_migrations(root: Path) -> dict[str, str]:
    """Return the SHA-256 of each migration's file; line ends do not matter."""
    return {
        file.name: hashlib.sha256(
            normalised(file.read_bytes().decode("utf-8", "replace")).encode()
        ).hexdigest()
        for file in sorted((root / "migrations").glob("[0-9]*"))
        if file.suffix in (".py", ".sql")
    }


def lines_of(definition: str) -> list[str]:
    """Return a definition, which servers write on one line, in lines that a person can read.

    Nothing is added: put together again they are the definition.
    """
    cuts, depth = [0], 0
    for token in _TOKEN.finditer(definition):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if token[0] == " " or (token[0] == "," and depth == 0):
            cuts.append(token.end() if token[0] == "," else token.start())
    return [definition[a:b] for a, b in zip(cuts, [*cuts[1:], len(definition)], strict=True)]


def write_lock(lock: Lock, path: Path) -> None:
    """Write the file: sorted, a fact a line, definitions in lines."""
    data = {
        "about": _ABOUT,
        "server": lock.server,
        "migrations": lock.migrations,
        "objects": _in_lines(lock.objects),
        "other_servers": {series: _in_lines(f) for series, f in lock.other_servers.items()},
    }
    text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def _in_lines(facts: Facts) -> dict[str, object]:
    return {
        key: {
            part: {a: lines_of(v) if a == "definition" else v for a, v in attributes.items()}
            for part, attributes in parts.items()
        }
        for key, parts in facts.items()
    }


def read_lock(root: Path) -> Lock:
    """Read ``root``'s lock. Raises TenantQuotaError if it is missing or is not one."""
    path = root / LOCK
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Lock(
            data["server"],
            _joined(data["objects"]),
            data["migrations"],
            {series: _joined(facts) for series, facts in data["other_servers"].items()},
        )
    except FileNotFoundError:
        raise TenantQuotaError(f"There is no {path}: is the package complete?") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TenantQuotaError(f"{path} is not a lock file: install the package again.") from None


def _joined(facts: dict[str, dict[str, dict[str, str | list[str]]]]) -> Facts:
    return {
        key: {
            part: {a: v if isinstance(v, str) else "".join(v) for a, v in attributes.items()}
            for part, attributes in parts.items()
        }
        for key, parts in facts.items()
    }
