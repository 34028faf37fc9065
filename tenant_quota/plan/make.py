"""`plan`: what `apply` or `rollback` would run, as SQL for the mysql client alone.

With a server in sight (``plan_apply``, ``plan_rollback``) it begins where that stands; without
one (``plan_between``) where it is told to. Either way the plan checks, before it changes
anything, that the database it runs on is there too. Nothing is written here.

What plain SQL cannot do: tell whether the live object has this text already (it is replaced
all the same), and tell after a kill whether an ALTER happened (after a CREATE or DROP TABLE,
and with stored objects, `apply` or a new plan carries on).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from yoyo.migrations import read_sql_migration, topological_sort

from tenant_quota.apply import again, by_hand, interrupted, migrate
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.apply.object_files import Pin, last_pins, normalised, pins_of
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.errors import TenantQuotaError
from tenant_quota.paths import sql_root
from tenant_quota.plan import history
from tenant_quota.plan.installs import Installs
from tenant_quota.plan.steps import Plan, Step, alter_of, is_ddl
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
        run(backend.connection, "SET SESSION transaction_read_only = ON")
        applied = list(migrate.applied_at(backend))
        anew = again.pending_pins(backend, root)
        anew += again.replace_or_keep(backend, root, anew, force, on_note, reads_only=True)
        chosen = migrate.to_apply(backend, root, applied, anew)
        definer = definer or again.definer_of_most(backend, root)
        return _Builder(root, definer, backend, anew).forward(applied, chosen)


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
        run(backend.connection, "SET SESSION transaction_read_only = ON")
        chosen = migrate.to_take_back(backend, root, count, to)
        names = {each.id for each in chosen}
        left = [name for name in migrate.applied_at(backend) if name not in names]
        return _Builder(root, None, backend).backward(chosen, left)


def plan_between(
    start: str, end: str | None = None, *, root: Path | None = None, definer: str | None = None
) -> Plan:
    """Return what leads from one migration to another, without a server.

    NOTHING stands for an empty database; ``end`` None is the last migration. An ``end``
    before ``start`` is a rollback. Raises TenantQuotaError on names that are none.
    """
    root = root or sql_root()
    migrations = list(topological_sort(migrate.load_migrations(root)))
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


class _Builder:
    """Builds one plan, from what the files say and, where there is one, from the server."""

    def __init__(
        self,
        root: Path,
        definer: str | None,
        backend: QuotaBackend | None,
        anew: Collection[Pin] = (),
    ) -> None:
        # Where an interrupted run has left word of what it began.
        self.logs = backend if backend and backend.log_table in backend.list_tables() else None
        self.pins = pins_of(root / "migrations")
        self.applied = {*migrate.applied_at(backend)} if backend else set()
        self.installs = Installs(root, definer, backend, self.pins)
        if backend:
            found = by_hand.find(backend.connection, last_pins(root))
            self.installs.changed = {each: found[each].hash for each in found if found[each].hash}
            self.installs.again = again.next_id(backend, self.applied)
            self.installs.anew = [
                pin
                for pin in anew
                if pin.migration in self.applied or pin.object in self.installs.changed
            ]

    def forward(self, applied: list[str], chosen: list[Any]) -> Plan:
        """Return the plan that applies these, in order."""
        self.installs.applied = set(applied)
        steps = [self._step(migration, "apply") for migration in chosen]
        if steps:
            steps.insert(0, Step("", "yoyo's own tables", history.own_tables()))
        if self.installs.intents:
            intents = ["START TRANSACTION", *self.installs.intents, "COMMIT"]
            steps.insert(1, Step("", "keeps what is installed anew", intents))
        start = applied[-1] if applied else NOTHING
        plan = Plan("apply", start, chosen[-1].id if chosen else start, steps=steps)
        done_anew = {m.id for m in chosen} & self.applied
        pending = [m.id for m in chosen if m.id not in done_anew]
        return self._framed(plan, applied, pending)

    def backward(self, chosen: list[Any], left: list[str]) -> Plan:
        """Return the plan that takes these back, in order, so that ``left`` stay applied."""
        steps = [self._step(migration, "rollback") for migration in chosen]
        end = left[-1] if left else NOTHING
        plan = Plan("rollback", chosen[0].id if chosen else end, end, steps=steps)
        marked = [m.id for m in chosen if not self.logs or m.id in self.applied]
        return self._framed(plan, marked, [])

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
        if isinstance(migration, again.Reapplied):
            step = Step(migration.id, "takes back what was installed anew then")
            self.installs.restore(step, migration.id, [])
            return step
        if migration.id in self.pins:
            step = self._of_pins(migration.id, direction)
        elif Path(migration.path).suffix == ".sql":
            step = self._of_sql(migration, direction)
        else:
            raise TenantQuotaError(
                f"{Path(migration.path).name} runs Python, which is no SQL to plan: only apply can "
                "run it."
            )
        if not step.statements and not step.notes:
            step.notes.append("An interrupted run has done this and could not mark it.")
        ddl = not step.statements or any(is_ddl(statement) for statement in step.statements)
        step.statements.insert(len(step.statements) if ddl else 0, "START TRANSACTION")
        anew = migration.id in self.applied
        step.statements += [*history.marks(migration, direction, anew=anew), "COMMIT"]
        return step

    def _of_pins(self, name: str, direction: str) -> Step:
        """Return the statements of a migration that installs files."""
        pins = self.pins[name]
        if direction == "apply":
            step = Step(name, _told(pins))
            for pin in pins:
                self.installs.install(step, pin)
        else:
            step = Step(name, f"takes back what {_told(pins)}")
            self.installs.restore(step, name, pins)
        return step

    def _of_sql(self, migration: Any, direction: str) -> Step:
        """Return the statements of a migration that is an SQL file."""
        path = Path(migration.path)
        about = _first_line(path) if direction == "apply" else f"takes back: {_first_line(path)}"
        step = Step(migration.id, about)
        statements = interrupted.statements_of(migration, direction)
        done = interrupted.done(self.logs, migration, direction) if self.logs else 0
        for number, statement in enumerate(statements[done:], start=done):
            step.statements += history.begun(migration, direction, number, statement)
            step.statements.append(statement)
        if not statements:  # not all of it is DDL
            if direction == "rollback":
                path = path.with_name(f"{path.stem}.rollback.sql")
            found = read_sql_migration(str(path))[2]
            step.statements = [s.strip().rstrip(";").rstrip() for s in found]
        step.alters = [alter for s in step.statements if (alter := alter_of(s))]
        return step


def _told(pins: list[Pin]) -> str:
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
