"""What the checks of `doctor` get, and what they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pymysql.connections import Connection

from tenant_quota.grants.privileges import Privileges
from tenant_quota.statements import fetch

OK, NOTE, WARNING, PROBLEM = "ok", "note", "warning", "problem"


@dataclass(frozen=True)
class Finding:
    """What one check found and what to do about it; ``check`` is what it is about."""

    severity: str
    what: str
    do: str = ""
    check: str = ""


@dataclass(frozen=True)
class Patient:
    """A server as an account sees it, and the schema on it."""

    connection: Connection[Any]
    schema: str
    variables: dict[str, str]  # SHOW GLOBAL VARIABLES
    privileges: Privileges
    is_replica: bool  # read-only, or it replicates another

    def ask(self, statement: str, *arguments: Any) -> list[dict[str, Any]]:
        """Return a statement's rows. Raises StatementFailed."""
        return fetch(self.connection, statement, arguments)

    def is_on(self, variable: str) -> bool:
        """Whether a global variable is there and on."""
        return self.variables.get(variable, "").upper() in ("ON", "1", "YES", "TRUE")

    def may(self, privilege: str) -> bool:
        """Whether the connected account holds a privilege on all of the schema."""
        return self.privileges.hold(privilege, "")


def unseen(why: str, do: str = "") -> Finding:
    """Return the finding that this account may not look."""
    return Finding(NOTE, f"cannot be seen: {why}", do)
