"""`plan`: what `apply` or `rollback` would run, as SQL for the mysql client alone.

With a server in sight (``plan_apply``, ``plan_rollback``) it begins where that stands; without
one (``plan_between``) where it is told to. Either way the plan checks, before it changes
anything, that the database it runs on is there too. Nothing is written here.

What plain SQL cannot do: tell whether the live object has this text already. It is replaced all
the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from tenant_quota.apply import table_statements as tables
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.apply.fitness import refuse_unknown
from tenant_quota.apply.generator import marked, work
from tenant_quota.apply.migrations import Migration, Reapplied, load_migrations
from tenant_quota.apply.object_files import Pin, normalised
from tenant_quota.apply.object_statements import as_lines, reopen
from tenant_quota.apply.state import read_state
from tenant_quota.apply.stored_objects import definer_of_most, pins_to_install
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError
from tenant_quota.paths import sql_root
from tenant_quota.plan import checks
from tenant_quota.plan.seen import Seen
from tenant_quota.plan.steps import Plan, Step, alter_of
from tenant_quota.statements import run

NOTHING = "nothing"  # where an empty database stands
_MANY = 3  # files that a step names; of more it says how many


def plan_apply(
    options: ConnectionOptions,
    *,
    root: Path | None = None,
    definer: str | None = None,
    force: bool = False,
    on_note: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Return what `apply` would run on this server now. Reads only.

    Stops as `apply` does where something that was changed by hand would be lost, also where
    that is what is shipped: only `apply` can try it out. Raises TenantQuotaError.
    """
    root = root or sql_root()
    with QuotaBackend(options) as backend:
        connection = backend.connection
        run(connection, "SET SESSION transaction_read_only = ON")
        if definer is not None:
            refuse_unknown(connection, definer)
        state = read_state(connection)
        anew = pins_to_install(
            connection,
            root,
            state,
            definer=definer,
            force=force,
            on_note=on_note,
            reads_only=True,
        )
        chosen = state.to_apply(load_migrations(root), anew)
        definer = definer or definer_of_most(connection, root)
        seen = Seen(root, definer, connection, state.rows)
        intents = [*reopen(anew, state.applied, state.next_again, seen)]
        pending = [m.id for m in chosen if m.id not in state.applied]
        return _forward(seen, list(state.applied), chosen, pending, intents)


def plan_rollback(
    options: ConnectionOptions,
    *,
    root: Path | None = None,
    count: int | None = 1,
    to: str | None = None,
) -> Plan:
    """Return what `rollback` with the same arguments would run on this server. Reads only."""
    root = root or sql_root()
    with QuotaBackend(options) as backend:
        connection = backend.connection
        run(connection, "SET SESSION transaction_read_only = ON")
        state = read_state(connection)
        chosen = state.to_take_back(load_migrations(root), count, to)
        seen = Seen(root, None, connection, state.rows)
        names = [each.id for each in chosen]
        left = [name for name in state.applied if name not in names]
        return _backward(seen, chosen, [n for n in names if n in state.applied], left)


def plan_between(
    start: str, end: str | None = None, *, root: Path | None = None, definer: str | None = None
) -> Plan:
    """Return what leads from one migration to another, without a server.

    NOTHING stands for an empty database; ``end`` None is the last migration. An ``end``
    before ``start`` is a rollback. Raises TenantQuotaError on names that are none.
    """
    root = root or sql_root()
    migrations = load_migrations(root)
    names = [m.id for m in migrations]
    first, last = _position(names, start), _position(names, names[-1] if end is None else end)
    there = {pin.object: pin for m in migrations[:first] for pin in m.pins or ()}
    seen = Seen(root, definer, installed=[each for each, pin in there.items() if pin.sha256])
    if last >= first:
        return _forward(seen, names[:first], migrations[first:last], names[first:last], [])
    back = migrations[last:first][::-1]
    return _backward(seen, back, [m.id for m in back], names[:last])


def _position(names: list[str], name: str) -> int:
    """Return how many migrations are applied once this one is."""
    if name == NOTHING:
        return 0
    if name not in names:
        raise TenantQuotaError(
            f"There is no migration {name}. They go from {names[0]} to {names[-1]}; "
            f"`{NOTHING}` is an empty database."
        )
    return names.index(name) + 1


def _forward(
    seen: Seen,
    applied: list[str],
    chosen: Sequence[Migration],
    pending: list[str],
    intents: list[str],
) -> Plan:
    """Return the plan that applies these, in order; ``intents`` come before all of them."""
    steps = [_step(migration, "apply", seen) for migration in chosen]
    if intents:
        steps.insert(0, Step("", "keeps what is installed anew", intents))
    if steps:
        steps.insert(0, Step("", "yoyo's own tables", tables.own_tables()))
    start = applied[-1] if applied else NOTHING
    plan = Plan("apply", start, chosen[-1].id if chosen else start, steps=steps)
    return _framed(plan, seen, applied, pending)


def _backward(
    seen: Seen, chosen: Sequence[Migration | Reapplied], marked: list[str], left: list[str]
) -> Plan:
    """Return the plan that takes these back, in order, so that ``left`` stay applied."""
    steps = [_step(migration, "rollback", seen) for migration in chosen]
    end = left[-1] if left else NOTHING
    plan = Plan("rollback", chosen[0].id if chosen else end, end, steps=steps)
    return _framed(plan, seen, marked, [])


def _framed(plan: Plan, seen: Seen, applied: list[str], pending: list[str]) -> Plan:
    """Add what stands around the steps, unless there are none."""
    if plan.steps:
        plan.session = checks.SESSION
        state = checks.state_checks(applied, pending, plan.direction)
        plan.checks = [
            *(each.statement for each in checks.first_checks()),
            *checks.READ_APPLIED,
            *(each.statement for each in (*state, *seen.checks)),
        ]
        plan.ending = checks.ENDING
    return plan


def _step(migration: Migration | Reapplied, direction: str, seen: Seen) -> Step:
    """Return what one migration runs, and what marks it."""
    if isinstance(migration, Migration) and migration.steps is not None:
        raise TenantQuotaError(
            f"{migration.name} runs Python, which is no SQL to plan: only apply can run it."
        )
    seen.notes = []
    statements = [*work(migration, direction, seen)]
    if not statements and not seen.notes:
        seen.notes.append("An interrupted run has done this and could not mark it.")
    lines = as_lines(marked(migration, direction, statements))
    alters = [alter for line in lines if (alter := alter_of(line))]
    return Step(migration.id, _about(migration, direction), lines, seen.notes, alters)


def _about(migration: Migration | Reapplied, direction: str) -> str:
    """Return what a migration does, in words."""
    if isinstance(migration, Reapplied):
        return "takes back what was installed anew then"
    if migration.pins is not None:
        told = _told(migration.pins)
        return told if direction == "apply" else f"takes back what {told}"
    told = _first_line(migration.path)
    return told if direction == "apply" else f"takes back: {told}"


def _told(pins: Collection[Pin]) -> str:
    """Return what a migration does with these."""
    words = []
    for verb, paths in (
        ("installs", [pin.path for pin in pins if pin.sha256]),
        ("drops", [pin.path for pin in pins if not pin.sha256]),
    ):
        if len(paths) > _MANY:
            words.append(f"{verb} {len(paths)} files of {paths[0].partition('/')[0]}/")
        elif paths:
            words.append(f"{verb} {', '.join(paths)}")
    return ", ".join(words) or "installs nothing"


def _first_line(path: Path) -> str:
    """Return what a migration's file says first of itself."""
    for line in normalised(path.read_text(encoding="utf-8")).split("\n"):
        if line.startswith("-- ") and not line.startswith("-- depends:"):
            return line.removeprefix("-- ").rstrip()
        if line and not line.startswith("--"):
            break
    return ""
