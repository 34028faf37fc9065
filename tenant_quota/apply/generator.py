"""All that one migration runs, as statements: `apply` runs them, `plan` prints them.

Made without a connection, one by one: each is asked for when those before it have run, so that
the facts that it takes are then as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from tenant_quota.apply import table_statements as tables
from tenant_quota.apply.migrations import Migration, Reapplied, sql_of, statements_of
from tenant_quota.apply.object_statements import Facts, Statement, install, restore


def work(migration: Migration | Reapplied, direction: str, facts: Facts) -> Iterator[Statement]:
    """Yield what a migration does; its DDL from where an interrupted run was."""
    if isinstance(migration, Reapplied):
        yield from restore(migration, facts)
    elif migration.pins is None:
        yield from _tables(migration, direction, facts)
    elif direction == "rollback":
        yield from restore(migration, facts)
    else:
        for pin in migration.pins:
            yield from install(pin, facts)


def _tables(migration: Migration, direction: str, facts: Facts) -> Iterator[str]:
    statements = statements_of(migration, direction)
    if not statements:
        yield from sql_of(migration, direction)
        return
    done = facts.done(migration, direction)
    for number, statement in enumerate(statements[done:], start=done):
        yield from tables.begun(migration, direction, number, statement)
        yield statement


def marked(
    migration: Migration | Reapplied, direction: str, statements: Iterable[Statement]
) -> Iterator[Statement]:
    """Yield a migration's statements, and what marks it: in one transaction where they may be."""
    if isinstance(migration, Reapplied):
        yield from statements
        return
    begin, marks = ["START TRANSACTION"], tables.marks(migration, direction)
    together = _is_one_transaction(migration, direction)
    yield from chain(begin, statements, marks) if together else chain(statements, begin, marks)
    yield "COMMIT"


def _is_one_transaction(migration: Migration, direction: str) -> bool:
    """Whether all that a migration does can be committed with its mark: no DDL is in it."""
    if migration.path.suffix != ".sql" or not migration.transactional:
        return False
    return not any(map(tables.is_ddl, sql_of(migration, direction)))
