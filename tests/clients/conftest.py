"""What the tests of programs and drivers share; they run under ``make test-clients`` alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymysql.connections import Connection

from tests.helpers import TOP, accounts
from tests.helpers.callers import installed
from tests.helpers.server import connect
from tests.helpers.support import rows

#: Where `tools.client_drivers` has put what it got.
FOLDER = os.environ.get("TENANT_QUOTA_CLIENTS", "")
PROGRAMS = TOP / "docs/clients/programs"
ORDERS = (PROGRAMS / "orders.sql").read_text("utf-8")

collect_ignore = [] if FOLDER else ["test_kinds.py", "test_programs.py", "test_recipes.py"]


class Shop:
    """A schema with quotas and an orders table, and an account that holds the role of applications."""

    def __init__(self, url: str, user: str) -> None:
        self.url = url
        self.user = user
        self.admin = connect(url, autocommit=True)
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 3306
        self.name = parts.path.strip("/")

    def environment(self, **more: str) -> dict[str, str]:
        """Return what the programs read."""
        own = {
            "DB_HOST": self.host,
            "DB_PORT": str(self.port),
            "DB_USER": self.user,
            "DB_PASSWORD": accounts.PASSWORD,
            "DB_NAME": self.name,
        }
        return {**os.environ, **own, **more}

    def url_for(self, driver: str) -> str:
        """Return SQLAlchemy's URL of the application."""
        place = f"{self.user}:{accounts.PASSWORD}@{self.host}:{self.port}/{self.name}"
        return f"mysql+{driver}://{place}?charset=utf8mb4"

    def ledger(self) -> list[tuple[str, int]]:
        """Return the keys that were charged, and how much."""
        return [
            (key, int(delta))
            for key, delta in rows(
                self.admin, "SELECT biz_id, delta_value FROM quota_usage_records ORDER BY biz_id"
            )
        ]

    def orders(self) -> list[str]:
        return [no for (no,) in rows(self.admin, "SELECT order_no FROM orders ORDER BY 1")]

    def waits(self) -> list[tuple[int, int]]:
        """Return the application's connection and transaction, while it waits for a row."""
        return rows(
            self.admin,
            "SELECT t.processlist_id, w.requesting_engine_transaction_id"
            " FROM performance_schema.data_lock_waits AS w"
            " JOIN performance_schema.threads AS t ON t.thread_id = w.requesting_thread_id"
            " WHERE t.processlist_user = %s",
            self.user,
        )

    @contextmanager
    def locked(self) -> Iterator[Connection[Any]]:
        """Lock the quota's row, and let new sessions wait no longer than 2 seconds for it."""
        rows(self.admin, "SET GLOBAL innodb_lock_wait_timeout = 2")
        try:
            with connect(self.url) as holder:
                rows(holder, "SELECT 1 FROM tenant_quotas FOR UPDATE")
                yield holder
        finally:
            rows(self.admin, "SET GLOBAL innodb_lock_wait_timeout = DEFAULT")


@pytest.fixture(scope="session")
def open_shop(server_url: str) -> Iterator[Shop]:
    """Give a shop in a schema of its own, its objects installed as `tenant-quota grants` has it."""
    with installed(server_url) as (url, prefix):
        with connect(url, autocommit=True) as admin:
            rows(admin, ORDERS.partition("\nCALL ")[0])
        name = urlsplit(url).path.strip("/")
        allowed = f"GRANT SELECT, INSERT, UPDATE ON {name}.orders TO {{}}"
        accounts.make_account(url, f"{prefix}_shop", allowed, role=f"{prefix}_app")
        shop = Shop(url, f"{prefix}_shop")
        yield shop
        shop.admin.close()


@pytest.fixture
def shop(open_shop: Shop) -> Shop:
    """Give that shop as on its first day."""
    for table in ("orders", "quota_reservations", "quota_usage_records", "quota_alerts"):
        rows(open_shop.admin, f"DELETE FROM {table}")
    rows(open_shop.admin, "DELETE FROM tenant_quotas")
    for statement in ORDERS.split(";\n")[1:-1]:
        rows(open_shop.admin, statement)
    return open_shop
