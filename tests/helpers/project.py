"""A small project of its own for tests of migrations: folders, files, pins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
from yoyo.migrations import read_sql_migration

from tenant_quota.apply import migrate, pins
from tenant_quota.apply.table_statements import table_of
from tenant_quota.connection import connect
from tenant_quota.connection_options import ConnectionOptions, resolve
from tenant_quota.paths import sql_root

HISTORY = "0001_create_quota_object_history"


class Project:
    """Migrations and objects in a folder, and the empty schema they are applied to."""

    def __init__(self, root: Path, url: str) -> None:
        self.root = root
        self.url = url
        self.options: ConnectionOptions = resolve(url=url)
        self.migrations = root / "migrations"
        for folder in ("migrations", "procedures", "views", "events"):
            (root / folder).mkdir(parents=True)
        tables = read_sql_migration(str(sql_root() / "migrations/0001_create_tables.sql"))[2]
        (history,) = (each for each in tables if table_of(each) == "quota_object_history")
        self.migration(HISTORY, history, "DROP TABLE quota_object_history")

    def write(self, path: str, statement: str) -> None:
        """Write an object's file, header and all."""
        file = self.root / path
        file.write_text(f"-- {file.stem}: a test.\n\n{statement}\n", encoding="utf-8")

    def procedure(self, name: str, body: str = "SELECT 1", parameters: str = "") -> None:
        self.write(
            f"procedures/{name}.sql",
            f"CREATE PROCEDURE {name} ({parameters})\n    SQL SECURITY DEFINER\n"
            f"BEGIN\n    {body};\nEND",
        )

    def migration(self, name: str, forward: str, rollback: str = "", depends: str = "") -> None:
        head = f"-- depends: {depends}\n" if depends else ""
        (self.migrations / f"{name}.sql").write_text(head + forward, encoding="utf-8")
        if rollback:
            (self.migrations / f"{name}.rollback.sql").write_text(rollback, encoding="utf-8")

    def pin(self, check: bool = False) -> list[str]:
        return [f"{c.action} {c.migration}" for c in pins.pin(self.root, check=check)]

    def release(self) -> None:
        """Declare all that is there as shipped."""
        names = [f.stem for f in self.migrations.glob("*") if f.suffix in (".sql", ".py")]
        (self.migrations / "released.txt").write_text("\n".join(["# shipped", *names]) + "\n")

    def apply(self, **options: Any) -> list[str]:
        return migrate.apply(self.options, root=self.root, **options)

    def rollback(self, **options: Any) -> list[str]:
        return migrate.rollback(self.options, root=self.root, **options)

    @contextmanager
    def connection(self) -> Iterator[pymysql.connections.Connection[Any]]:
        with connect(self.options) as connection:
            yield connection

    def rows(self, statement: str, *arguments: Any) -> list[Any]:
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return list(cursor.fetchall())

    def value(self, statement: str, *arguments: Any) -> Any:
        ((answer, *_),) = self.rows(statement, *arguments)
        return answer

    def text(self, name: str) -> str:
        """Return SHOW CREATE PROCEDURE's text."""
        return str(self.rows(f"SHOW CREATE PROCEDURE {name}")[0][2])

    def objects(self) -> set[str]:
        """Return the names of all tables, views, routines and events but yoyo's own."""
        found = self.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
            "UNION ALL SELECT routine_name FROM information_schema.routines "
            "WHERE routine_schema = DATABASE() "
            "UNION ALL SELECT event_name FROM information_schema.events "
            "WHERE event_schema = DATABASE()"
        )
        return {name for (name,) in found if not name.startswith("_yoyo_")}
