"""What tests say in one line: call a procedure, define a limit, run many callers at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, TypeVar

import pymysql
from click.testing import CliRunner
from pymysql.connections import Connection

from tenant_quota.apply.object_files import identity
from tenant_quota.cli import main
from tests.helpers import TOP
from tests.helpers.server import connect
from tools.mutations import chosen

EVENTS = [file.stem for file in (TOP / "events").glob("*.sql")]

Result = TypeVar("Result")

#: Any SQL value: tests pass and compare them as PyMySQL gives them.
Value = Any


def apply_everything(url: str, *options: str) -> None:
    """Run ``tenant-quota apply``; then break what a mutation run wants broken."""
    result = CliRunner().invoke(main, ["apply", "--url", url, *options])
    assert result.exit_code == 0, result.output
    mutation = chosen()
    if mutation:
        with connect(url) as connection:
            kind, name = identity(mutation.file)
            rows(connection, f"DROP {kind} {name}")
            rows(connection, "SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin")
            rows(connection, mutation.text().rstrip().removesuffix(";").replace("%", "%%"))


def heed_ctrl_c() -> None:
    """Undo what a shell does to its background jobs: they ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start_command(url: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start ``tenant-quota`` in a process of its own, its output in pipes.

    Ctrl-C works there even where the tests run in a shell's background, which ignores it.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "tenant_quota", *arguments],
        env={**os.environ, "TENANT_QUOTA_URL": url, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        preexec_fn=heed_ctrl_c,
    )


def rows(connection: Connection, statement: str, *arguments: Value) -> list[tuple[Value, ...]]:
    """Run one statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return list(cursor.fetchall())


def value(connection: Connection, statement: str, *arguments: Value) -> Value:
    """Run one statement and return the first column of its only row."""
    ((answer, *_),) = rows(connection, statement, *arguments)
    return answer


def version(connection: Connection) -> tuple[int, ...]:
    """Return the server's, as far as it tells what a statement is called: (8, 4)."""
    return tuple(map(int, value(connection, "SELECT VERSION()").split(".")[:2]))


def binlog_position(connection: Connection) -> tuple[str, int]:
    """Return the binary log's file and position."""
    name = "BINARY LOG STATUS" if version(connection) >= (8, 2) else "MASTER STATUS"
    ((file, position, *_),) = rows(connection, f"SHOW {name}")
    return file, position


def changes(connection: Connection, since: tuple[str, int]) -> list[str]:
    """Return the tables of this schema whose changes the binlog has since then, each time anew."""
    file, position = since
    schema = value(connection, "SELECT DATABASE()")
    return [
        event[5].partition(f"{schema}.")[2].rstrip(")")
        for event in rows(connection, f"SHOW BINLOG EVENTS IN '{file}' FROM {position}")
        if event[2] == "Table_map" and f"({schema}." in event[5]
    ]


def call(connection: Connection, procedure: str, *arguments: Value) -> SimpleNamespace:
    """CALL a procedure that answers with one row, and return it by column name."""
    with connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.callproc(procedure, arguments)
        (row,) = cursor.fetchall()
        assert cursor.nextset(), "a CALL ends with its own status"
        assert not cursor.description, f"{procedure} answered with a second result"
        return SimpleNamespace(**row)


def call_out(
    connection: Connection, procedure: str, *arguments: Value, outs: int
) -> tuple[Value, ...]:
    """CALL a procedure with OUT parameters behind its others, and return their values."""
    names = ", ".join(f"@out_{number}" for number in range(outs))
    marks = "".join("%s, " for _ in arguments)
    with connection.cursor() as cursor:
        cursor.execute(f"CALL {procedure}({marks}{names})", arguments)
        cursor.execute(f"SELECT {names}")
        return tuple(cursor.fetchone() or ())


def let_tests_set_the_time(url: str) -> None:
    """In this schema a session that says so is believed when it has SET timestamp; others are not."""
    with connect(url, autocommit=True) as connection:
        rows(connection, "SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin")
        ((_, mode, text, *_),) = rows(connection, "SHOW CREATE PROCEDURE open_quota_transaction")
        guard = "IF ABS(TIMESTAMPDIFF(SECOND, NOW(6), SYSDATE(6))) > 1 THEN"
        assert text.count(guard) == 1 or chosen()
        believed = guard.replace("IF ", "IF @the_test_sets_the_time IS NULL AND ")
        rows(connection, "SET sql_mode = %s", mode)
        rows(connection, "DROP PROCEDURE open_quota_transaction")
        rows(connection, text.replace(guard, believed).replace("%", "%%"))


@contextmanager
def at(connection: Connection, now: str) -> Iterator[None]:
    """Set a session's clock to a time (UTC), see `let_tests_set_the_time`."""
    # By no zone: each wall clock that is set back shows an hour twice.
    since = f"TIMESTAMPDIFF(MICROSECOND, '1970-01-01', '{now}') * 0.000001"
    rows(connection, f"SET timestamp = {since}, @the_test_sets_the_time = TRUE")
    try:
        yield
    finally:
        rows(connection, "SET timestamp = DEFAULT, @the_test_sets_the_time = NULL")


#: The limit types of an operation and the last OUT parameters of charge_quota, in their order.
CHARGE_OUTS = ("status", "quota_id", "used_count", "next_reset_time", "retry_after_ms")


def charge(
    connection: Connection,
    *arguments: Value,
) -> SimpleNamespace:
    """CALL the engine at a time of the test's choosing, and answer as the public procedures do.

    The arguments: operation, tenant, type, amount, biz_type, biz_id, product, ttl, holder, time (UTC).
    """
    *call, ttl, holder, now = arguments
    operation = call[0]
    hold_id = str(uuid.uuid4()) if operation in ("RESERVE", "LEASE") else None
    names = ", ".join(f"@{name}" for name in CHARGE_OUTS)
    with at(connection, now), connection.cursor() as cursor:
        cursor.execute("SET @hold_id = %s, @transaction = NULL", (hold_id,))
        cursor.execute(
            "CALL charge_quota(%s, %s, %s, %s, %s, %s, %s, @hold_id, %s, %s, TRUE, @transaction,"
            f" {names})",
            (*call, ttl, holder),
        )
        cursor.execute(f"SELECT @hold_id, @transaction, {names}")
        hold_id, transaction, *figures = cursor.fetchone() or ()
    answer = SimpleNamespace(**dict(zip(CHARGE_OUTS, figures, strict=True)))
    answer.success = int(answer.status in ("GRANTED", "REPLAYED"))
    answer.transaction, answer.reservation_id = transaction, hold_id
    answer.limit_type = answer.hard_limit = answer.remaining = None
    if answer.quota_id is not None:
        ((answer.limit_type, answer.hard_limit, capacity, boundary),) = rows(
            connection,
            "SELECT limit_type, hard_limit, IF(limit_type = 'CONCURRENT', COALESCE("
            "concurrent_tokens, 0), hard_limit), CAST(next_reset_time AS CHAR)"
            " FROM tenant_quotas WHERE quota_id = %s",
            answer.quota_id,
        )
        if answer.status != "REPLAYED":
            answer.next_reset_time = boundary
        if answer.used_count is not None:
            answer.remaining = max(capacity - answer.used_count, 0)
    answer.expires_at = hold_id and value(
        connection,
        "SELECT CAST(MAX(expires_at) AS CHAR) FROM quota_reservations WHERE reservation_id = %s",
        hold_id,
    )
    return answer


def state_of(error: BaseException) -> tuple[str | None, str]:
    """Return the SQLSTATE of a server's error, and the token its message begins with."""
    return getattr(error, "sqlstate", None), str(error.args[1]).partition(":")[0]


def no_transaction_is_open(connection: Connection) -> bool:
    """Ask the server: releasing a savepoint fails where no transaction keeps it (1305)."""
    rows(connection, "SAVEPOINT probe_of_the_test")
    try:
        rows(connection, "RELEASE SAVEPOINT probe_of_the_test")
    except pymysql.err.MySQLError as error:
        return bool(error.args[0] == 1305)
    return False


def at_once(count: int, work: Callable[[int], Result]) -> list[Result]:
    """Run ``work(0)`` to ``work(count - 1)`` in threads that start at the same moment.

    Returns their results in order; an exception of any is raised here.
    """
    barrier = threading.Barrier(count)

    def start(number: int) -> Result:
        barrier.wait(timeout=60)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return [
            future.result(timeout=300) for future in [pool.submit(start, n) for n in range(count)]
        ]


class Quota:
    """One tenant and one quota type, as a test talks about them."""

    def __init__(
        self, connect: Callable[..., Connection], tenant_id: str, quota_type: str = "REDEEM_CODE"
    ) -> None:
        self.connect = connect
        self.connection = connect()
        self.tenant_id = tenant_id
        self.quota_type = quota_type

    def sibling(self, name: str = "s") -> Quota:
        """Return another tenant, unrelated, that shares this one's connection."""
        return Quota(lambda: self.connection, f"{self.tenant_id}_{name}", self.quota_type)

    def child(self, name: str = "c") -> Quota:
        """Define a sub-channel of this tenant, and return it."""
        if not rows(self.connection, "SELECT 1 FROM tenants WHERE tenant_id = %s", self.tenant_id):
            self.define_tenant()
        child = Quota(self.connect, f"{self.tenant_id}_{name}", self.quota_type)
        child.define_tenant(parent=self.tenant_id)
        return child

    def define_tenant(self, zone: str | None = None, parent: str | None = None) -> SimpleNamespace:
        return call(
            self.connection,
            "define_tenant",
            self.tenant_id,
            f"Tenant {self.tenant_id}",
            zone,
            parent,
        )

    def define(
        self,
        limit_type: str = "MONTHLY",
        hard_limit: int = 10,
        soft_limit: int | None = None,
        used: int = 0,
        **options: Value,
    ) -> SimpleNamespace:
        """Define a limit and consume ``used`` units of it."""
        answer = call(
            self.connection,
            "define_quota",
            *(self.tenant_id, self.quota_type, limit_type, hard_limit, soft_limit),
            json.dumps(options) if options else None,
        )
        if used:
            assert self.consume(used).status == "GRANTED"
        return answer

    def suspend(self) -> None:
        rows(
            self.connection,
            "INSERT INTO tenants (tenant_id, tenant_name, status) VALUES (%s, 'x', 'SUSPENDED')"
            " ON DUPLICATE KEY UPDATE status = 'SUSPENDED'",
            self.tenant_id,
        )

    def consume(
        self,
        amount: int = 1,
        key: str | None = None,
        product: str | None = None,
        on: Connection | None = None,
    ) -> SimpleNamespace:
        """CALL consume_quota, on a connection of the test's own if it names one."""
        return call(
            on or self.connection,
            "consume_quota",
            *(self.tenant_id, self.quota_type, amount, "ORDER", key, product),
        )

    def consume_at(
        self,
        now: str,
        amount: int = 1,
        key: str | None = None,
        product: str | None = None,
        on: Connection | None = None,
    ) -> SimpleNamespace:
        """Consume at a time of the test's choosing (UTC), through the ungranted inner procedure."""
        arguments = ("CONSUME", self.tenant_id, self.quota_type, amount, "ORDER", key, product)
        return charge(on or self.connection, *arguments, None, None, now)

    def check(self, amount: int = 1, product: str | None = None) -> SimpleNamespace:
        return call(
            self.connection, "check_quota", self.tenant_id, self.quota_type, amount, product
        )

    def acquire(self, on: Connection | None = None) -> bool:
        (ok,) = call_out(
            on or self.connection, "acquire_quota_token", self.tenant_id, self.quota_type, outs=1
        )
        return bool(ok)

    def acquire_at(self, now: str, on: Connection | None = None) -> bool:
        """Acquire a token at a time of the test's choosing (UTC)."""
        connection = on or self.connection
        with at(connection, now):
            rows(
                connection,
                "CALL charge_quota('TOKEN', %s, %s, 1, NULL, NULL, NULL, @hold_id, NULL, NULL, TRUE,"
                " @transaction, @status, @quota_id, @used_count, @next_reset_time, @retry_after_ms)",
                *(self.tenant_id, self.quota_type),
            )
            return bool(value(connection, "SELECT @status = 'GRANTED'"))

    def release(self, on: Connection | None = None) -> bool:
        (ok,) = call_out(
            on or self.connection, "release_quota_token", self.tenant_id, self.quota_type, outs=1
        )
        return bool(ok)

    def column(self, name: str, limit_type: str = "MONTHLY") -> Value:
        """Return one column of a limit's row."""
        return value(
            self.connection,
            f"SELECT {name} FROM tenant_quotas"
            " WHERE tenant_id = %s AND quota_type = %s AND limit_type = %s",
            *(self.tenant_id, self.quota_type, limit_type),
        )

    def set(self, limit_type: str = "MONTHLY", **columns: Value) -> None:
        """Write columns of a limit's row by hand, as a DBA would."""
        settings = ", ".join(f"{name} = %s" for name in columns)
        rows(
            self.connection,
            f"UPDATE tenant_quotas SET {settings}"
            " WHERE tenant_id = %s AND quota_type = %s AND limit_type = %s",
            *(*columns.values(), self.tenant_id, self.quota_type, limit_type),
        )

    def used(self, limit_type: str = "MONTHLY") -> int:
        return int(self.column("used_count", limit_type))

    def lent(self, limit_type: str = "MONTHLY") -> int:
        """Return what valid slices hold of the limit: used_count counts it, and it is not used."""
        return int(
            value(
                self.connection,
                "SELECT COALESCE(SUM(s.remaining), 0) FROM quota_slots AS s"
                " JOIN tenant_quotas AS q USING (quota_id)"
                " WHERE q.quota_id = %s AND s.next_reset_time <=> q.next_reset_time",
                self.column("quota_id", limit_type),
            )
        )

    def ledger(self, limit_type: str = "MONTHLY", columns: str = "delta_value") -> list[Value]:
        """Return the limit's ledger in the order it was written, one column or several."""
        found = rows(
            self.connection,
            f"SELECT {columns} FROM quota_usage_records"
            " WHERE quota_id = %s ORDER BY created_at, record_id",
            self.column("quota_id", limit_type),
        )
        return [row[0] if len(row) == 1 else row for row in found]

    def assert_adds_up(self, limit_types: Sequence[str] = ("MONTHLY",)) -> None:
        """Exact use is the sum of the whole ledger (docs/design.md, section 4)."""
        for limit_type in limit_types:
            assert self.used(limit_type) - self.lent(limit_type) == sum(self.ledger(limit_type))


def with_an_old_snapshot(quota: Quota) -> Connection:
    """Return a session in a transaction that goes on seeing what there is now."""
    session = quota.connect()
    session.begin()
    rows(session, "SELECT COUNT(*) FROM tenants")
    return session


def waiting(quota: Quota, session: Connection) -> int:
    """Whether this session, and not some other test's, waits for a lock."""
    return int(
        value(
            quota.connection,
            "SELECT COUNT(*) FROM performance_schema.data_lock_waits AS w"
            " JOIN performance_schema.threads AS t ON t.thread_id = w.requesting_thread_id"
            " WHERE t.processlist_id = %s",
            session.thread_id(),
        )
    )


def wait_until(happened: Callable[[], object], seconds: float = 10) -> bool:
    """Ask again and again; False if it did not happen in time.

    Slowly enough for information_schema.innodb_trx: it shows the past to whoever asks
    more often than every 100 ms (CACHE_MIN_IDLE_TIME_US in InnoDB's trx0i_s.cc).
    """
    pause = threading.Event()
    for _ in range(int(seconds / 0.15)):
        if happened():
            return True
        pause.wait(0.15)
    return False
