"""`grants` at work: print a plan, run it, and take everything away again."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tenant_quota.connection import connect
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.grants.held import REFUSED, Right
from tenant_quota.grants.needs import read_code_needs
from tenant_quota.grants.plan import Plan, Step, heading, is_here
from tenant_quota.grants.server import Server, read_server
from tenant_quota.grants.sql import revoke
from tenant_quota.grants.wanted import Names, wanted_rights
from tenant_quota.names import Account
from tenant_quota.paths import sql_root
from tenant_quota.statements import StatementFailed, fetch, run

_NO_SUCH_ROLE = 3523  # nor account; where to make it was refused before


@dataclass
class Outcome:
    """What was run, and what the server refused, with its error."""

    done: list[Step] = field(default_factory=list)
    refused: list[tuple[Step, str]] = field(default_factory=list)


def run_plan(options: ConnectionOptions, plan: Plan) -> Outcome:
    """Run what is to be done, and go on where the server refuses; other errors rise.

    Whoever may not make an account nor read its grants, and yet can grant it something, finds
    it made and set up.
    """
    outcome = Outcome()
    with closing(connect(replace(options, database=""))) as connection:
        for step in plan.todo:
            try:
                run(connection, step.statement)
                outcome.done.append(step)
            except StatementFailed as error:
                if error.number not in {*REFUSED, _NO_SUCH_ROLE}:
                    raise
                outcome.refused.append((step, error.message.partition("\n")[0]))
    found = {step.grantee for step in outcome.done if str(step.grantee) in plan.unseen}
    found -= {step.grantee for step in outcome.done if step.statement.startswith("CREATE ")}
    outcome.refused = [
        (step, error)
        for step, error in outcome.refused
        if step.kind != "account" or step.grantee not in found
    ]
    return outcome


def make_removal(
    options: ConnectionOptions, names: Names, *, shared: bool = False, root: Path | None = None
) -> Plan:
    """Return what takes all of it away; a migrator keeps its account. Writes nothing.

    Roles and definer that serve other schemas (or with ``shared``) only lose what they
    hold here. A definer that something runs as is left alone, and a note says so.
    """
    root = root or sql_root()
    needs = read_code_needs(root)
    accounts = [*names.roles, names.definer, *([names.migrator] if names.migrator else [])]
    server = read_server(options, accounts, root)
    plan = Plan(server.schema, server.version, [], [])
    at_work = _at_work(options, names)
    for account in (*names.roles, names.definer):
        if account == names.definer and (at_work or names.installs_itself):
            if at_work:
                what = f"{names.definer} stays: {at_work} objects run as it, and would fail (1449)"
                plan.notes.append(f"{what}. First tenant-quota rollback --all, or drop them.")
            continue
        held = server.held.get(account)
        if shared or any(not is_here(right, server.schema) for right in held or ()):
            steps = _revokes(account, held or set(), server)
        else:
            word = "USER" if account == names.definer else "ROLE"
            steps = [Step("revoke", f"DROP {word} IF EXISTS {account.quoted}", account)]
        plan.steps.extend(steps)
        plan.todo.extend(steps if held is not None or account in server.unseen else [])
    if names.migrator and not (names.installs_itself and at_work):
        wanted = wanted_rights(needs, names, server)[names.migrator]
        held = server.held.get(names.migrator)
        rights = wanted if names.migrator in server.unseen else wanted & (held or set())
        steps = list(_revokes(names.migrator, rights, server, everywhere=True))
        plan.steps.extend(steps)
        plan.todo.extend(steps)
        plan.notes.append(f"{names.migrator} keeps its account: DROP USER, if it is not needed.")
    return plan


def _revokes(
    account: Account, rights: set[Right], server: Server, everywhere: bool = False
) -> list[Step]:
    return [
        Step("revoke", revoke(right, account, literal=server.literal), account, frozenset({right}))
        for right in sorted(rights)
        if everywhere or is_here(right, server.schema)
    ]


def _at_work(options: ConnectionOptions, names: Names) -> int:
    """Return how many objects of any schema have the definer, as far as this account sees."""
    with closing(connect(replace(options, database=""))) as connection:
        rows = fetch(
            connection,
            "SELECT (SELECT COUNT(*) FROM information_schema.routines WHERE definer = %s) + "
            "(SELECT COUNT(*) FROM information_schema.views WHERE definer = %s) + "
            "(SELECT COUNT(*) FROM information_schema.events WHERE definer = %s) + "
            "(SELECT COUNT(*) FROM information_schema.triggers WHERE definer = %s) AS number",
            (str(names.definer),) * 4,
        )
    return int(rows[0]["number"])


def as_sql(plan: Plan) -> str:
    """Return a script for the mysql client; what a person should know is in comments."""
    lines = [f"-- {heading(plan)}.", *(f"-- {note}" for note in plan.notes)]
    before = None
    for step in plan.steps:
        if (step.kind == "account", step.grantee) != before:
            before = (step.kind == "account", step.grantee)
            lines.append("")
        lines.append(f"{step.statement};")
    return "\n".join(lines) + "\n"


def as_data(plan: Plan, outcome: Outcome | None) -> dict[str, Any]:
    """Return the same for programs; ``todo`` is the part that would change something."""
    data: dict[str, Any] = {
        "database": plan.schema,
        "server": plan.server,
        "statements": [step.statement for step in plan.steps],
        "todo": [step.statement for step in plan.todo],
        "findings": plan.findings,
        "unseen": plan.unseen,
        "notes": plan.notes,
    }
    if outcome is not None:
        data["done"] = [step.statement for step in outcome.done]
        data["refused"] = [
            {"statement": step.statement, "error": error} for step, error in outcome.refused
        ]
    return data
