"""What the checks of `doctor` get, and what they give."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from pymysql.connections import Connection

from tenant_quota.connection import version_number
from tenant_quota.grants.held import Held, Right, parse_grants, read_held, show_grants
from tenant_quota.names import Account
from tenant_quota.statements import fetch

OK, NOTE, WARNING, PROBLEM = "ok", "note", "warning", "problem"


@dataclass(frozen=True)
class Finding:
    """What one check found and what to do about it; ``check`` is what it is about."""

    severity: str
    what: str
    do: str = ""
    check: str = ""
    seen: bool = True  # else the check could not be made


@dataclass(frozen=True)
class Patient:
    """A server as an account sees it, and the schema on it."""

    connection: Connection[Any]
    schema: str
    variables: dict[str, str]  # SHOW GLOBAL VARIABLES
    held: Held  # by the connected account
    is_replica: bool  # read-only, or it replicates another

    def ask(self, statement: str, *arguments: Any) -> list[dict[str, Any]]:
        """Return a statement's rows. Raises StatementFailed."""
        return fetch(self.connection, statement, arguments)

    def is_on(self, variable: str) -> bool:
        """Whether a global variable is there and on."""
        return self.variables.get(variable, "").upper() in ("ON", "1", "YES", "TRUE")

    def may(self, privilege: str) -> bool:
        """Whether the connected account holds a privilege on all of the schema."""
        return self.held.holds(Right(self.schema, "", "*", privilege))

    @property
    def version(self) -> tuple[int, ...]:
        """The server's, e.g. (9, 7, 4)."""
        return version_number(self.variables["version"])

    @property
    def literal(self) -> bool:
        """Whether _ and % in a schema's name are no wildcards to GRANT."""
        return self.is_on("partial_revokes")

    def held_by(self, account: Account, roles: Iterable[str] | None = None) -> Held:
        """Return what an account holds with these roles (quoted), by default all it has.

        Nothing if it is gone meanwhile. Raises StatementFailed.
        """
        held = read_held(self.connection, account) or Held()
        if using := tuple(held.roles if roles is None else roles):
            held = parse_grants(show_grants(self.connection, account, using))
        return replace(held, literal=self.literal)


Check = Callable[[Patient], Iterable[Finding]]


def fine(what: str) -> Callable[[Check], Check]:
    """Let a check give only what is wrong: where nothing is, this says what is fine."""

    def decorate(check: Check) -> Check:
        @wraps(check)
        def whole(patient: Patient) -> Iterable[Finding]:
            return list(check(patient)) or [Finding(OK, what)]

        return whole

    return decorate


def unseen(why: str, do: str = "") -> Finding:
    """Return the finding that this account may not look: nobody knows whether all is well."""
    return not_looked_at(f"cannot be seen: {why}", do)


def not_looked_at(what: str, do: str = "") -> Finding:
    """Return the finding that a check could not be made."""
    return Finding(WARNING, what, do, seen=False)
