"""The MySQL that is measured: a durable sandbox, a schema, its tenants and their quotas."""

from __future__ import annotations

import itertools
import json
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
from pymysql.connections import Connection

from benchmarks.measure import Figures
from tenant_quota.apply import migrate
from tenant_quota.connection_options import resolve
from tenant_quota.sandbox import Sandbox
from tenant_quota.sandbox.local import LocalServer

HERE = Path(__file__).parent
TYPE = "UNITS"
PLENTY = 10**12  # a limit that no run reaches
NUMBERS = 1000  # rows of bench_numbers: 0 to 999

_runs = itertools.count()


@contextmanager
def server(buffer_pool: str) -> Iterator[Sandbox]:
    """Start the sandbox, reached by its socket; its events sleep, so that only we work.

    Durability is the sandbox's own: commits are flushed, the binlog is synced.
    """
    options = (
        f"--innodb-buffer-pool-size={buffer_pool}",
        "--loose-innodb-redo-log-capacity=2G",
        "--event-scheduler=OFF",
    )
    with Sandbox.start(options, ways=("path", "portable")) as sandbox:
        yield sandbox


def new_schema(sandbox: Sandbox) -> Schema:
    """Create a schema with everything applied and the floor beside it."""
    if not isinstance(sandbox.server, LocalServer):
        raise TypeError("a container has no socket on this side")
    new = Schema(sandbox.server, f"bench_{secrets.token_hex(4)}")
    migrate.apply(resolve(url=sandbox.url + new.name), create_database=True)
    new.execute(
        (HERE / "floor.sql").read_text(encoding="utf-8"),
        "CREATE TABLE bench_numbers (n INT PRIMARY KEY)",
        "INSERT INTO bench_numbers WITH RECURSIVE up (n) AS (SELECT 0 UNION ALL"
        f" SELECT n + 1 FROM up WHERE n < {NUMBERS - 1}) SELECT n FROM up",
    )
    return new


@contextmanager
def schema(sandbox: Sandbox) -> Iterator[Schema]:
    """Give a new schema, and drop it after."""
    new = new_schema(sandbox)
    try:
        yield new
    finally:
        new.execute(f"DROP DATABASE {new.name}")


@dataclass(frozen=True)
class Schema:
    """One schema on the server, and what the parts do with it."""

    server: LocalServer
    name: str

    def connect(self) -> Connection[Any]:
        """Return a new autocommit connection over the socket."""
        return pymysql.connect(
            unix_socket=str(self.server.socket),
            user="root",
            password=self.server.password,
            database=self.name,
            autocommit=True,
            ssl_disabled=True,  # as MySQL's own clients do over a socket
        )

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements; return the rows of the last one."""
        with self.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def call(self, procedure: str, *arguments: object) -> None:
        """CALL a procedure and drop its answer."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.callproc(procedure, arguments)

    def add_tenants(
        self,
        prefix: str,
        count: int = 1,
        limit_types: Sequence[str] = ("MONTHLY",),
        hard_limit: int = PLENTY,
        parents: str | None = None,
        **options: object,
    ) -> None:
        """Create tenants ``prefix1`` to ``prefix<count>`` with these limits, periods open.

        ``prefix0`` is defined as an application would, and the others are its copies. With
        ``parents``, the prefix of other tenants, each is the child of the one of its number.
        A refill_per_second is an option of RATE alone.
        """
        for limit_type in limit_types:
            own = {k: v for k, v in options.items() if k != "refill_per_second"}
            chosen = json.dumps(options if limit_type == "RATE" else own)
            self.call("define_quota", f"{prefix}0", TYPE, limit_type, hard_limit, None, chosen)
        columns = ", ".join(self.columns("tenant_quotas", but=("quota_id", "tenant_id")))
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET sql_log_bin = 0")
            for start in range(1, count + 1, NUMBERS):
                tenant = f"CONCAT('{prefix}', {start} + n)"
                numbers = f"bench_numbers WHERE n <= {count - start}"
                parent = f"CONCAT('{parents}', {start} + n)" if parents else "NULL"
                cursor.execute(
                    "INSERT INTO tenants (tenant_id, tenant_name, parent_tenant_id)"
                    f" SELECT {tenant}, 'x', {parent} FROM {numbers}"
                )
                cursor.execute(
                    f"INSERT INTO tenant_quotas (tenant_id, {columns}) SELECT {tenant}, {columns}"
                    f" FROM tenant_quotas, {numbers} AND tenant_id = '{prefix}0'"
                )

    def columns(self, table: str, but: Sequence[str]) -> list[str]:
        """Return the names of a table's columns, but these."""
        found = self.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
            f" AND table_name = '{table}' ORDER BY ordinal_position"
        )
        return [name for (name,) in found if name not in but]

    def add_hot_tenant(
        self,
        prefix: str,
        slot_count: int,
        limit_types: Sequence[str] = ("MONTHLY",),
        hard_limit: int = PLENTY,
    ) -> None:
        """Create tenant ``prefix1`` with these limits and so many slots each."""
        self.call("define_tenant", f"{prefix}1", "x", None, None)
        options = json.dumps({"slot_count": slot_count})
        for limit_type in limit_types:
            self.call("define_quota", f"{prefix}1", TYPE, limit_type, hard_limit, None, options)

    def consume_once(self, prefix: str, count: int, key: str = "before") -> None:
        """Let each of these tenants consume a unit, or be denied it, with this key."""
        with self.connect() as connection, connection.cursor() as cursor:
            for number in range(1, count + 1):
                tenant = f"{prefix}{number}"
                cursor.callproc("consume_quota", (tenant, TYPE, 1, "ORDER", key, None))

    def sysbench(
        self,
        work: str,
        prefix: str,
        tenants: int = 1,
        *,
        seconds: int,
        connections: int = 32,
        status: str = "GRANTED",
        percentile: int = 95,
        drains: bool = False,
        prepared: int = 0,
    ) -> Figures:
        """Drive one work of calls.lua for some seconds.

        With ``drains``, by a client that takes the row of a CALL. ``prepared`` is the number
        of rows in bench_prepared, for works that end what is there.

        Returns rate (calls a second), p95_ms (or the percentile that was asked for),
        longest_ms, errors (deadlocks, which sysbench repeats); and of a call binlog_bytes and
        cpu_us: what the server's threads of these connections ran for, by Linux's scheduler.
        """
        config = self.server.directory / f"sysbench-{self.name}.cnf"  # no password in argv
        if not config.exists():
            config.touch(mode=0o600)
            config.write_text(
                f"mysql-socket={self.server.socket}\nmysql-user=root\n"
                f"mysql-password={self.server.password}\nmysql-db={self.name}\n"
            )
        argv = [
            *("sysbench", f"--config-file={config}", "--verbosity=0"),
            *(f"--threads={connections}", f"--time={seconds}"),
            *(f"--percentile={percentile}", "--rand-type=uniform", str(HERE / "calls.lua")),
            *(f"--work={work}", f"--prefix={prefix}", f"--tenants={tenants}"),
            *(f"--status={status}", f"--run={secrets.token_hex(3)}-{next(_runs)}"),
            *(f"--client={'drain' if drains else 'driver'}", f"--prepared={prepared}"),
            *(f"--server={self.server.pid}", "run"),
        ]
        before = self._binlog_bytes()
        # Its folder is where Lua finds drain.lua.
        done = subprocess.run(argv, check=False, capture_output=True, text=True, cwd=HERE)
        said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        figures: Figures = next((each for each in said if "rate" in each), {})
        threads = [each for each in said if "cpu_ns" in each]
        if done.returncode != 0 or not figures or len(threads) != connections:
            raise RuntimeError(f"sysbench {work} failed: {done.stdout}{done.stderr}")
        figures[f"p{percentile}_ms"] = figures.pop("tail_ms")
        figures["errors"] += sum(each["deadlocks"] for each in threads)
        nanoseconds = sum(each["cpu_ns"] for each in threads)
        figures["cpu_us"] = nanoseconds / 1000 / max(figures["calls"], 1)
        calls = figures["calls"] + 2 * connections  # each one's first and last are not timed
        figures["binlog_bytes"] = (self._binlog_bytes() - before) / calls
        return figures

    def _binlog_bytes(self) -> int:
        return sum(size for _, size, *_ in self.execute("SHOW BINARY LOGS"))
