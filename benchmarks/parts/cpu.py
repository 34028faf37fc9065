"""What a call costs the server's processor, and what of it MySQL's stored programs do."""

from __future__ import annotations

import uuid
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.measure import Cases, Figures
from benchmarks.server import TYPE, Schema
from benchmarks.works import SLOTS, TENANTS, Works

TITLE = "Processor time of one call, one connection"
NEEDS = ()
WARM, CALLS = 200, 1000  # calls before the count begins, and counted
MANY = 20
PROCEDURES = (
    "CREATE PROCEDURE bench_empty () BEGIN END",
    "CREATE PROCEDURE bench_variables () BEGIN "
    + "".join(f"DECLARE v{n} BIGINT; " for n in range(MANY))
    + "END",
    f"CREATE PROCEDURE bench_nested () BEGIN {'CALL bench_empty(); ' * MANY}END",
)


def run(bench: Bench) -> Cases:
    """A CALL's own cost and its parts; the floor's; ours: by what is asked of it."""
    with bench.schema() as schema:
        schema.execute(*PROCEDURES)
        schema.add_tenants("f", TENANTS)
        schema.add_tenants("one", TENANTS)
        schema.add_hot_tenant("h", SLOTS)
        schema.add_tenants("three", TENANTS, ("DAILY", "MONTHLY", "TOTAL"))
        schema.add_tenants("empty", TENANTS, hard_limit=1)
        for key in ("before", "too much"):
            schema.consume_once("empty", TENANTS, key)
        calls = {
            "a CALL that does nothing": "CALL bench_empty()",
            f"the same with {MANY} variables": "CALL bench_variables()",
            f"the same with {MANY} nested CALLs": "CALL bench_nested()",
            "floor procedure": f"CALL bench_floor('f%s', '{TYPE}', 1, 'ORDER', '%s', @ok)",
            "try_consume_quota, one limit with slots": (
                f"CALL try_consume_quota('h1', '{TYPE}', 1, 'ORDER', '%s-%s', NULL, @ok, @is)"
            ),
        }
        for name, prefix in (
            ("one limit", "one"),
            ("three limits", "three"),
            ("a denial that was told before", "empty"),
        ):
            calls[f"try_consume_quota, {name}"] = (
                f"CALL try_consume_quota('{prefix}%s', '{TYPE}', 1, 'ORDER', '%s', NULL, @ok, @is)"
            )
        works: Works = {name: partial(cpu_time, schema, call) for name, call in calls.items()}
        return bench.rounds(works)


def cpu_time(schema: Schema, call: str) -> Figures:
    """Return cpu_us: what the connection's own thread ran for, by Linux's scheduler."""
    with schema.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT thread_os_id FROM performance_schema.threads"
            " WHERE processlist_id = CONNECTION_ID()"
        )
        ((thread,),) = cursor.fetchall()
        schedstat = Path(f"/proc/{schema.server.pid}/task/{thread}/schedstat")

        def spend(calls: int) -> float:
            before = int(schedstat.read_text().split()[0])
            for number in range(calls):
                tenant = 1 + number % TENANTS
                cursor.execute(call % (tenant, uuid.uuid4().hex) if "%s" in call else call)
            return (int(schedstat.read_text().split()[0]) - before) / calls / 1000

        spend(WARM)
        return {"cpu_us": spend(CALLS)}
