"""A small upgrade with one of everything, and back: what a kill may catch half done."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tenant_quota.apply import migrate
from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import resolve
from tests.helpers.kills import Kill, cut_connection, ended_at, run_and_end
from tests.helpers.project import Project
from tests.helpers.states import facts, recorded
from tests.helpers.support import rows

EVENT = (
    "CREATE EVENT e ON SCHEDULE EVERY {} DAY STARTS '2001-01-01 00:00:00'\n"
    "    ON COMPLETION PRESERVE DISABLE DO SET @x = 1"
)


class Upgrade:
    """A released version and the next: procedures, a view, an event, tables, and a hotfix."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self.options = resolve(url=url)
        self.account = f"tqk_{secrets.token_hex(4)}@localhost"
        project = Project(folder / "next", url)
        project.procedure("y", "SELECT 'first'")
        project.procedure("z", "SELECT 'dropped by the next'")
        project.write("views/v.sql", "CREATE SQL SECURITY INVOKER VIEW v AS SELECT 1 AS a")
        project.write("events/e.sql", EVENT.format(1))
        project.pin()
        project.migration("0005_t", "CREATE TABLE t (a INT)", "DROP TABLE t", "0004_install_events")
        project.release()
        shutil.copytree(project.root, folder / "first")
        project.procedure("y", "SELECT 'second, 100%'")
        project.write("views/v.sql", "CREATE SQL SECURITY INVOKER VIEW v AS SELECT 2 AS a")
        project.write("events/e.sql", EVENT.format(2))
        (project.root / "procedures/z.sql").unlink()
        project.migration(
            "0006_b",
            "ALTER TABLE t ADD b INT;\nCREATE TABLE u (a INT);\nALTER TABLE u ADD c INT",
            "ALTER TABLE u DROP c;\nDROP TABLE u;\nALTER TABLE t DROP b",
            "0005_t",
        )
        project.pin()
        self.first, self.next, self.anew = folder / "first", project.root, folder / "anew"
        shutil.copytree(project.root, self.anew)
        project.root, project.migrations = self.anew, self.anew / "migrations"
        project.procedure("y", "SELECT 'third'")
        project.procedure("x", "SELECT 'new'")
        project.write("views/v.sql", "CREATE SQL SECURITY INVOKER VIEW v AS SELECT 3 AS a")
        project.pin()

    def __enter__(self) -> Upgrade:
        self.install()
        return self

    def __exit__(self, *_: object) -> None:
        self.run(f"DROP USER {self.account}")

    def run(self, statement: str) -> None:
        with closing(connect_to_database(self.options)) as connection:
            rows(connection, statement)

    def install(self) -> None:
        """Apply the release to a schema with nothing, and let an account call it."""
        self.run(f"CREATE USER {self.account}")
        migrate.apply(self.options, root=self.first)
        self.run("DROP PROCEDURE y")
        self.run("CREATE PROCEDURE y () SELECT 'hotfix'")
        self.run(f"GRANT EXECUTE ON PROCEDURE y TO {self.account} WITH GRANT OPTION")
        self.run(f"GRANT SELECT ON v TO {self.account}")

    def upgrade(self, **options: Any) -> None:
        migrate.apply(self.options, root=self.next, force=True, **options)

    def back(self) -> None:
        migrate.rollback(self.options, root=self.next, to="0005_t")

    def apply_anew(self) -> None:
        migrate.apply(self.options, root=self.anew)

    def back_from_anew(self) -> None:
        migrate.rollback(self.options, root=self.anew, to="0009_change_events")

    def remove(self) -> None:
        migrate.rollback(self.options, root=self.next, count=None)

    def state(self) -> dict[str, Any]:
        """Return schema, history and grants; the log holds what has run since the last look."""
        with closing(connect_to_database(self.options)) as connection:
            users = rows(connection, "SELECT CONCAT(User, '@', Host) FROM mysql.user")
            grants = (
                rows(connection, f"SHOW GRANTS FOR {self.account}")
                if (self.account,) in users
                else []
            )
        found = {"facts": facts(self.url), **recorded(self.url), "grants": grants}
        with closing(connect_to_database(self.options)) as connection:
            rows(connection, "DELETE FROM _yoyo_log")
        return found

    def works(self, way: str) -> tuple[Callable[..., None], ...]:
        """Return the way there and the way back.

        From the release (upgrade), from nothing (fresh), or of what is pinned anew (anew).
        """
        if way == "anew":
            return self.apply_anew, self.back_from_anew
        return self.upgrade, self.back if way == "upgrade" else self.remove


class Undisturbed:
    """What two works that undo each other leave when nothing happens to them."""

    def __init__(self, upgrade: Upgrade, way: str, recover: Callable[[], None] = lambda: None):
        self.upgrade = upgrade
        self.works = upgrade.works(way)
        self.recover = recover  # what is done after a kill, before anything can run again
        for work in self.works:  # yoyo's own tables are made by the first
            work()
        upgrade.state()
        self.states, self.statements = [], []
        for work in self.works:
            with ended_at(0, "before", cut_connection) as statements:
                work()
            self.statements.append(statements.sent)
            self.states.append(upgrade.state())
        if way == "anew":
            # Killed behind its last object, it has nothing left to run, and so to log.
            self.states = [{**state, "log": None} for state in self.states]

    def killed_at(
        self, number: int | tuple[int, ...], moment: str, kill: Kill, *, writes_only: bool = False
    ) -> int:
        """Kill each work at that statement, run it again, compare; return how many were killed.

        Two numbers are one for each work; 0 lets it go through.
        """
        kills = 0
        numbers = (number, number) if isinstance(number, int) else number
        for work, wanted, at in zip(self.works, self.states, numbers, strict=True):
            statement = run_and_end(work, at, moment, kill, writes_only=writes_only)
            if statement:
                self.recover()
                work()
                kills += 1
            self._compare(wanted, f"{work.__name__}, {moment} statement {at}: {statement}")
        return kills

    def turned_at(self, number: int | tuple[int, ...], moment: str, kill: Kill) -> int:
        """Kill each work at that statement, run the other one, compare with what that leaves."""
        kills = 0
        numbers = (number, number) if isinstance(number, int) else number
        for turn, (work, at) in enumerate(zip(self.works, numbers, strict=True)):
            other, wanted = self.works[1 - turn], self.states[1 - turn]
            statement = run_and_end(work, at, moment, kill)
            if statement:
                self.recover()
                kills += 1
            other()
            where = f"{work.__name__}, {moment} statement {at}: {statement}; then the other"
            self._compare({**wanted, "log": None}, where)
            work()
        return kills

    def _compare(self, wanted: dict[str, Any], where: str) -> None:
        found = self.upgrade.state()
        for what, value in wanted.items():
            assert value is None or found[what] == value, f"{what} differ: {where}"
