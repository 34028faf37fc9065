"""The kinds of connection that tenant_quota.client takes, each as its own application opens it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from tenant_quota.client import Quota
from tests.clients.conftest import PROGRAMS, Shop
from tests.helpers import accounts


def module(name: str) -> Any:
    """Return a module that `tools.client_drivers` has installed, or skip."""
    pytest.importorskip(name)
    return importlib.import_module(name)


@dataclass
class Kind:
    """One connection of the application's."""

    connection: Any
    run: Callable[[str], Any]  # one statement
    begin: Callable[[], Any]
    commit: Callable[[], Any]
    rollback: Callable[[], Any]
    close: Callable[[], Any]

    def quota(self, connect: Callable[[], Any] | None = None) -> Quota:
        return Quota(self.connection, "CH_123", connect=connect)


def options(shop: Shop, database: str, password: str, user: str = "user") -> dict[str, Any]:
    names = {user: shop.user, password: accounts.PASSWORD, database: shop.name}
    return {"host": shop.host, "port": shop.port, "charset": "utf8mb4", **names}


def plain(connection: Any) -> Kind:
    def run(statement: str) -> Any:
        cursor = connection.cursor()
        cursor.execute(statement)
        found = cursor.fetchall() if cursor.description else []
        cursor.close()
        return found

    return Kind(
        connection,
        run,
        lambda: run("BEGIN"),
        connection.commit,
        connection.rollback,
        connection.close,
    )


def pymysql(shop: Shop, *, autocommit: bool) -> Kind:
    found = options(shop, "database", "password")
    return plain(module("pymysql").connect(autocommit=autocommit, **found))


def mysqlclient(shop: Shop, *, autocommit: bool) -> Kind:
    found = options(shop, "database", "password")
    return plain(module("MySQLdb").connect(autocommit=autocommit, **found))


def connector(shop: Shop, *, autocommit: bool, use_pure: bool = True) -> Kind:
    found = options(shop, "database", "password")
    connect = module("mysql.connector").connect
    return plain(connect(autocommit=autocommit, use_pure=use_pure, **found))


def connector_in_c(shop: Shop, *, autocommit: bool) -> Kind:
    return connector(shop, autocommit=autocommit, use_pure=False)


def alchemy(shop: Shop, driver: str, *, autocommit: bool) -> Kind:
    """SQLAlchemy's Connection."""
    engine = module("sqlalchemy").create_engine(shop.url_for(driver))
    connection = engine.connect()
    if autocommit:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")

    def run(statement: str) -> Any:
        result = connection.exec_driver_sql(statement)
        return result.fetchall() if result.returns_rows else []

    return Kind(
        connection,
        run,
        connection.begin,
        connection.commit,
        connection.rollback,
        lambda: (connection.close(), engine.dispose()),
    )


def alchemy_on_pymysql(shop: Shop, *, autocommit: bool) -> Kind:
    return alchemy(shop, "pymysql", autocommit=autocommit)


def alchemy_on_mysqlclient(shop: Shop, *, autocommit: bool) -> Kind:
    module("MySQLdb")
    return alchemy(shop, "mysqldb", autocommit=autocommit)


def alchemy_on_connector(shop: Shop, *, autocommit: bool) -> Kind:
    module("mysql.connector")
    return alchemy(shop, "mysqlconnector", autocommit=autocommit)


def session(shop: Shop, *, autocommit: bool) -> Kind:
    """SQLAlchemy's Session."""
    level = {"isolation_level": "AUTOCOMMIT"} if autocommit else {}
    engine = module("sqlalchemy").create_engine(shop.url_for("pymysql"), **level)
    session = module("sqlalchemy.orm").Session(engine)
    text = module("sqlalchemy").text

    def run(statement: str) -> Any:
        result = session.execute(text(statement))
        return result.fetchall() if result.returns_rows else []

    return Kind(
        session,
        run,
        session.begin,
        session.commit,
        session.rollback,
        lambda: (session.close(), engine.dispose()),
    )


def django(shop: Shop, *, autocommit: bool) -> Kind:
    """Django's connection; its atomic block is entered and left by hand."""
    module("MySQLdb")
    conf = module("django.conf")
    if not conf.settings.configured:
        os.environ.update(shop.environment(SECRET_KEY="a test's"))
        import_program("django_limits")
    db = module("django.db")
    db.connection.close()
    blocks: list[Any] = []
    if not autocommit:
        db.connection.set_autocommit(False)

    def begin() -> None:
        blocks.append(db.transaction.atomic())
        blocks[-1].__enter__()

    def rollback() -> None:
        if blocks:
            db.transaction.set_rollback(True)
            blocks.pop().__exit__(None, None, None)
        else:
            db.connection.rollback()

    def commit() -> None:
        if blocks:
            blocks.pop().__exit__(None, None, None)
        else:
            db.connection.commit()

    def run(statement: str) -> Any:
        with db.connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def close() -> None:
        while blocks:
            with suppress(Exception):
                rollback()
        db.connection.close()

    return Kind(db.connection, run, begin, commit, rollback, close)


def import_program(name: str) -> Any:
    """Import a program of docs/clients/programs/; its environment is there already."""
    specification = importlib.util.spec_from_file_location(name, PROGRAMS / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    program = sys.modules[name] = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(program)
    return program


def skip_without_c() -> None:
    """Skip where Connector/Python came without its part in C."""
    if not module("mysql.connector").HAVE_CEXT:
        pytest.skip("Connector/Python has no C extension here")


ALCHEMY: list[Callable[..., Kind]] = [
    alchemy_on_pymysql,
    alchemy_on_mysqlclient,
    alchemy_on_connector,
    session,
]
KINDS: list[Callable[..., Kind]] = [
    pymysql,
    mysqlclient,
    connector,
    connector_in_c,
    *ALCHEMY,
    django,
]
