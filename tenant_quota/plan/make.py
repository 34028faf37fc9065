"""`plan`: what `apply` or `rollback` would run, as SQL for the mysql client alone.

With a server in sight (``plan_apply``, ``plan_rollback``) it begins where that stands; without
one (``plan_between``) where it is told to. Either way the plan checks, before it changes
anything, that the database it runs on is there too. Nothing is written here.

What plain SQL cannot do: tell whether the live object has this text already (it is replaced
all the same), and tell after a kill whether an ALTER happened (after a CREATE TABLE, and
with stored objects, `apply` or a new plan carries on).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from yoyo.migrations import read_sql_migration, topological_sort

from tenant_quota.apply import again, by_hand, interrupted, migrate
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.apply.object_files import normalised, read_pins
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError
from tenant_quota.paths import sql_root
from tenant_quota.plan import history
from tenant_quota.plan.installs import Installs
from tenant_quota.plan.steps import Plan, Step, alter_of, is_ddl
from tenant_quota.statements import run

NOTHING = "nothing"  # where an empty database stands


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
    states = migrate.status(options, root=root)
    applied = [s.migration for s in states if s.state == "applied"]
    pending = {s.migration for s in states if s.state == "pending"}
    with QuotaBackend(options) as backend:
        run(backend.connection, "SET SESSION transaction_read_only = ON")
        in_the_way, rest = again.changed_by_hand(backend, root, pending)
        changed = {each.path: each.hash for each in [*(way for way, _ in in_the_way), *rest]}
        if not force:
            by_hand.refuse(in_the_way)
            for each in rest:
                on_note(by_hand.kept(each))
            rest = []
        last = again.last_pins(root)
        anew = {last[each.path].migration for each in rest}
        chosen = [m for m in _ordered(root) if m.id in pending | anew]
        definer = definer or again.definer_of_most(backend, root)
        builder = _Builder(root, definer, backend, changed if force else {}, anew)
        return builder.forward([name for name in applied if name not in anew], chosen)


def plan_rollback(
    options: ConnectionOptions,
    *,
    root: Path | None = None,
    count: int | None = 1,
    to: str | None = None,
) -> Plan:
    """Return what `rollback` with the same arguments would run on this server. Reads only."""
    names = migrate.rollback_plan(options, root=root, count=count, to=to)
    states = migrate.status(options, root=root)
    left = [s.migration for s in states if s.state == "applied" and s.migration not in names]
    by_name = {m.id: m for m in _ordered(root)}
    with QuotaBackend(options) as backend:
        run(backend.connection, "SET SESSION transaction_read_only = ON")
        chosen = [by_name[name] for name in names]
        found = by_hand.find(backend.connection, list(again.last_pins(root)))
        changed = {path: each.hash for path, each in found.items() if each.hash}
        return _Builder(root, None, backend, changed).backward(chosen, left)


def plan_between(
    start: str, end: str | None = None, *, root: Path | None = None, definer: str | None = None
) -> Plan:
    """Return what leads from one migration to another, without a server.

    NOTHING stands for an empty database; ``end`` None is the last migration. An ``end``
    before ``start`` is a rollback. Raises TenantQuotaError on names that are none.
    """
    migrations = _ordered(root)
    names = [m.id for m in migrations]
    first, last = _position(names, start), _position(names, names[-1] if end is None else end)
    builder = _Builder(root, definer, None)
    if last >= first:
        return builder.forward(names[:first], migrations[first:last])
    return builder.backward(migrations[last:first][::-1], names[:last])


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


def _ordered(root: Path | None) -> list[Any]:
    return list(topological_sort(migrate.load_migrations(root)))


class _Builder:
    """Builds one plan, from what the files say and, where there is one, from the server."""

    def __init__(
        self,
        root: Path | None,
        definer: str | None,
        backend: QuotaBackend | None,
        changed: dict[str, str] | None = None,
        anew: Collection[str] = (),
    ) -> None:
        self.root = root or sql_root()
        # Where an interrupted run has left word of what it began.
        self.logs = backend if backend and backend.log_table in backend.list_tables() else None
        self.pins = {pin.migration: pin for pin in read_pins(self.root / "migrations")}
        # Applied, but not with what is pinned now: they are done again.
        self.stale = set(anew)
        self.half: set[str] = set()
        if backend:
            applied = migrate.applied_at(backend)
            self.stale |= {*again.stale(backend, root, applied)}
            self.half = again.half_applied(backend, applied)
        pins = list(self.pins.values())
        self.installs = Installs(self.root, definer, backend, pins, self.stale, changed or {})

    def forward(self, applied: list[str], chosen: list[Any]) -> Plan:
        """Return the plan that applies these, in order."""
        self.installs.applied = set(applied)
        steps = [self._step(migration, "apply") for migration in chosen]
        if steps:
            steps.insert(0, Step("", "yoyo's own tables", history.own_tables()))
        start = applied[-1] if applied else NOTHING
        plan = Plan("apply", start, chosen[-1].id if chosen else start, steps=steps)
        pending = [m.id for m in chosen if m.id not in self.stale]
        return self._framed(plan, applied, pending)

    def backward(self, chosen: list[Any], left: list[str]) -> Plan:
        """Return the plan that takes these back, in order, so that ``left`` stay applied."""
        steps = [self._step(migration, "rollback") for migration in chosen]
        end = left[-1] if left else NOTHING
        plan = Plan("rollback", chosen[0].id if chosen else end, end, steps=steps)
        return self._framed(plan, [m.id for m in chosen if m.id not in self.half], [])

    def _framed(self, plan: Plan, applied: list[str], pending: list[str]) -> Plan:
        """Add what stands around the steps, unless there are none."""
        if plan.steps:
            plan.session = history.SESSION
            plan.first_checks = history.first_checks()
            plan.reading = history.READ_APPLIED
            state = history.state_checks(applied, pending, plan.direction)
            plan.checks = [*state, *self.installs.checks]
            plan.ending = history.ENDING
        return plan

    def _step(self, migration: Any, direction: str) -> Step:
        """Return what one migration runs, and what marks it."""
        pin = self.pins.get(migration.id)
        path = Path(migration.path)
        if pin is not None:
            step = self.installs.step(pin, direction)
        elif path.suffix == ".sql":
            step = self._of_sql(migration, direction)
        else:
            raise TenantQuotaError(
                f"{path.name} runs Python, which is no SQL to plan: only apply can run it."
            )
        marks = history.marks(migration, direction)
        if migration.id in self.stale:
            step.statements.insert(0, history.unmark(migration))
        ddl = not step.statements or any(is_ddl(statement) for statement in step.statements)
        step.statements.insert(len(step.statements) if ddl else 0, "START TRANSACTION")
        step.statements += [*marks, "COMMIT"]
        return step

    def _of_sql(self, migration: Any, direction: str) -> Step:
        """Return the statements of a migration that is an SQL file."""
        path = Path(migration.path)
        about = _first_line(path) if direction == "apply" else f"takes back: {_first_line(path)}"
        step = Step(migration.id, about)
        if self.logs and interrupted.finished(self.logs, migration, direction):
            step.notes.append("An interrupted run has done this and could not mark it.")
            return step
        if direction == "rollback":
            path = path.with_name(f"{path.stem}.rollback.sql")
        statements = [s.strip().rstrip(";").rstrip() for s in read_sql_migration(str(path))[2]]
        step.statements = statements if direction == "apply" else statements[::-1]
        step.alters = [alter for s in step.statements if (alter := alter_of(s))]
        if direction == "apply" and len(statements) == 1:
            created = interrupted.created_table(statements[0])
            if created:
                step.statements[:0] = [
                    history.forget(migration),
                    history.begun(migration, created),
                ]
        return step


def _first_line(path: Path) -> str:
    """Return what a migration's file says first of itself."""
    for line in normalised(path.read_text(encoding="utf-8")).split("\n"):
        if line.startswith("-- ") and not line.startswith("-- depends:"):
            return line.removeprefix("-- ").rstrip()
        if line and not line.startswith("--"):
            break
    return ""
