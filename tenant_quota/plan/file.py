"""A plan as a file: SQL that the mysql client runs by itself, or JSON."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator

from tenant_quota import __version__
from tenant_quota.plan.steps import Plan, Step

_WIDTH = 100
_DELIMITERS = ("$$", "//", "%%", "@@@", "€€")
_HOW = (
    "Run it with MySQL's own client, by the account that would run tenant-quota:",
    "    mysql --comments --default-character-set=utf8mb4 DATABASE < this-file",
    "It checks first, and stops at the first error (never give it --force). Where it stopped,",
    "nothing is undone: mend what the error names, then make a new plan from where it stands, or",
    "run `tenant-quota {direction}`: both carry on.",
)


def as_sql(plan: Plan, command: str = "tenant-quota plan") -> str:
    """Return the file; ``command`` is what it says it was made by."""
    return "\n".join(_lines(plan, command)) + "\n"


def _lines(plan: Plan, command: str) -> Iterator[str]:
    steps = [step for step in plan.steps if step.migration]
    what = f"from {plan.start} to {plan.end}"
    count = f"{len(steps)} {'migration' if len(steps) == 1 else 'migrations'}"
    yield f"-- What `tenant-quota {plan.direction}` would run, {what}: {count}."
    yield f"-- Made by `{command}` (tenant-quota {__version__})."
    if not plan.steps:
        yield "--"
        yield "-- Nothing to do."
        return
    yield "--"
    for line in _HOW:
        yield f"-- {line.format(direction=plan.direction)}"
    if plan.direction == "rollback":
        yield "-- What created a table or a column takes its data away."
    for alter in (alter for step in steps for alter in step.alters):
        yield from _comment(f"Changes {alter}")
    yield ""
    yield from _statements([*plan.session, *plan.checks])
    for number, step in enumerate(plan.steps):
        yield ""
        yield from _step(step, number, len(steps))
    yield ""
    yield from _statements(plan.ending)


def _step(step: Step, number: int, total: int) -> Iterator[str]:
    where = f"[{number}/{total}] {step.migration}: " if step.migration else ""
    yield from _comment(f"{where}{step.about}")
    for note in step.notes:
        yield from _comment(note)
    for statement in step.statements:
        for alter in step.alters:
            if alter.statement == statement:
                yield from _comment(f"Changes {alter}")
        yield from _statements([statement])


def _comment(text: str) -> list[str]:
    line = " ".join(text.split())
    return textwrap.wrap(line, _WIDTH, initial_indent="-- ", subsequent_indent="--     ")


def _statements(statements: list[str]) -> Iterator[str]:
    for statement in statements:
        if ";" not in re.sub(r"'(?:[^'\\]|\\.|'')*'", "", statement):
            yield f"{statement};"
            continue
        delimiter = next(each for each in _DELIMITERS if each not in statement)
        yield f"DELIMITER {delimiter}"
        yield statement
        yield delimiter
        yield "DELIMITER ;"


def as_json(plan: Plan) -> str:
    """Return the same as data: each list is to be run in its order, before what follows it."""
    data = {
        "tenant_quota": __version__,
        "direction": plan.direction,
        "from": plan.start,
        "to": plan.end,
        "session": plan.session,
        "checks": plan.checks,
        "steps": [
            {
                "migration": step.migration or None,
                "about": step.about,
                "notes": step.notes,
                "alters": [
                    {"table": a.table, "algorithm": a.algorithm, "lock": a.lock}
                    for a in step.alters
                ],
                "statements": step.statements,
            }
            for step in plan.steps
        ],
        "ending": plan.ending,
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"
