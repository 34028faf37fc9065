"""Error 1206: the lock table is full, and the server has rolled back the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pymysql
import pytest
from pymysql.connections import Connection

from tests.helpers.server import connect, own_server
from tests.helpers.support import Quota, apply_everything, no_transaction_is_open, rows

#: The smallest pool: InnoDB refuses to split a page when locks fill three quarters of it.
OPTIONS = ("--innodb-buffer-pool-size=5M", "--innodb-buffer-pool-chunk-size=1M")
FULL = 0.2  # of the pool's pages; below 0.05 the server would end itself
ROWS = 1000  # of a table with two on a page: who reads it FOR SHARE fills some pages with locks


@pytest.fixture
def crowded() -> Iterator[Quota]:
    """Give a tenant on a server whose memory is taken by the locks of others."""
    with own_server(*OPTIONS, "--max-connections=300") as sandbox, ExitStack() as holders:
        with closing(connect(sandbox.url, autocommit=True)) as root:
            rows(root, "CREATE DATABASE shop")
        url = f"{sandbox.url}shop"
        apply_everything(url)
        quota = Quota(lambda **how: connect(url, **{"autocommit": True, **how}), "T")
        quota.define("MONTHLY", 10_000)
        mine = quota.connection
        rows(mine, "CREATE TABLE notes (id INT PRIMARY KEY, note VARCHAR(64))")
        rows(mine, "CREATE TABLE wide (id INT PRIMARY KEY, text VARCHAR(7900)) CHARSET latin1")
        rows(
            mine,
            "INSERT INTO wide WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n"
            f" WHERE i < {ROWS}) SELECT i, REPEAT('x', 7900) FROM n",
        )
        while (left := free_part(quota)) > FULL:
            holder = holders.enter_context(closing(connect(url)))
            most = ROWS if left > FULL + 0.1 else ROWS // 4
            rows(holder, "SELECT COUNT(*) FROM wide WHERE id <= %s FOR SHARE", most)
        yield quota


def free_part(quota: Quota) -> float:
    """Return which part of the pool's pages is not taken by locks."""
    found = rows(quota.connection, "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_%%'")
    pages = {name.rpartition("_")[2]: int(count) for name, count in found}
    return (pages["free"] + pages["data"]) / pages["total"]


def consume_until_a_page_splits(quota: Quota, session: Connection, granted: list[str]) -> None:
    for number in range(1000):
        granted.append(
            quota.consume(1, key=f"{session.thread_id()}-{number:099}", on=session).status
        )


def test_a_full_lock_table_leaves_nothing_half_done(crowded: Quota) -> None:
    """As after a deadlock: its own error, all undone, and no transaction left open."""
    for joins in (True, False):
        session = crowded.connect()
        if joins:
            session.begin()
            rows(session, "INSERT INTO notes VALUES (1, 'mine')")
        granted: list[str] = []
        with pytest.raises(pymysql.err.MySQLError) as caught:
            consume_until_a_page_splits(crowded, session, granted)
        assert (caught.value.args[0], no_transaction_is_open(session)) == (1206, True)
        session.commit()
        kept = 0 if joins else len(granted)
        assert (crowded.used(), len(crowded.ledger())) == (kept, kept)
        assert rows(session, "SELECT * FROM notes") == []
