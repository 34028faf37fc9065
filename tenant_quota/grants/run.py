"""`grants` at work: print a plan, run it, and take everything away again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tenant_quota.connection import connect
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.grants.held import REFUSED
from tenant_quota.grants.needs import read_code_needs
from tenant_quota.grants.plan import Plan, Step, heading, is_here, revokes
from tenant_quota.grants.server import read_server
from tenant_quota.grants.wanted import Names, wanted_rights
from tenant_quota.paths import sql_root
from tenant_quota.statements import StatementFailed, fetch, run

_RUN_AS = ("routines", "views", "events", "triggers")
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
    with connect(replace(options, database="")) as connection:
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


def make_removal(options: ConnectionOptions, names: Names, *, shared: bool = False) -> Plan:
    """Return what takes all of it away; a migrator keeps its account. Writes nothing.

    Roles and definer that serve other schemas (or with ``shared``) only lose what they
    hold here. A definer that something runs as is left alone, and a note says so.
    """
    server = read_server(options, names.all)
    plan = Plan(server.schema, server.version)
    at_work = _at_work(options, names)
    for account in (*names.roles, names.definer):
        if account == names.definer and (at_work or names.installs_itself):
            if at_work:
                what = f"{names.definer} stays: {at_work} objects run as it, and would fail (1449)"
                plan.notes.append(f"{what}. First tenant-quota rollback --all, or drop them.")
            continue
        grantee = server.grantees[account]
        if shared or any(not is_here(right, server.schema) for right in grantee.rights):
            plan.steps.extend(revokes(account, grantee.rights, server))
        else:
            word = "USER" if account == names.definer else "ROLE"
            is_done = not (grantee.is_there or grantee.is_unseen)
            drop = f"DROP {word} IF EXISTS {account.quoted}"
            plan.steps.append(Step("revoke", drop, account, is_done=is_done))
    if names.migrator and not (names.installs_itself and at_work):
        wanted = wanted_rights(read_code_needs(sql_root()), names, server)[names.migrator]
        grantee = server.grantees[names.migrator]
        rights = wanted if grantee.is_unseen else wanted & grantee.rights
        plan.steps.extend(revokes(names.migrator, rights, server, everywhere=True))
        plan.notes.append(f"{names.migrator} keeps its account: DROP USER, if it is not needed.")
    return plan


def _at_work(options: ConnectionOptions, names: Names) -> int:
    """Return how many objects of any schema have the definer, as far as this account sees."""
    with connect(replace(options, database="")) as connection:
        counts = fetch(
            connection,
            " UNION ALL ".join(
                f"SELECT COUNT(*) AS number FROM information_schema.{kind} WHERE definer = %s"  # noqa: S608
                for kind in _RUN_AS
            ),
            [str(names.definer)] * len(_RUN_AS),
        )
    return sum(row["number"] for row in counts)


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
