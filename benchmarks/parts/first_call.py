"""The first call of a new connection: the server compiles procedures for each connection."""

from __future__ import annotations

import json
import time
import uuid
from functools import partial
from statistics import median

from benchmarks import kinds
from benchmarks.bench import Bench
from benchmarks.measure import Cases, Figures
from benchmarks.server import TYPE, Schema
from benchmarks.works import BATCH, FLOOR, SCENARIO_2, Works

TITLE = "First call of a new connection, from Python"
NEEDS = ()
CONNECTIONS = 20
LATER = 20  # calls on each connection

TRY = f"CALL try_consume_quota('{{}}', '{TYPE}', 1, 'ORDER', UUID(), NULL, @ok, @status)"
ITEMS = json.dumps(
    [
        {"quota_type": TYPE, "amount": 1, "biz_type": "ORDER", "biz_id": f"@{number}"}
        for number in range(10)
    ]
)
CALLS = {
    FLOOR: (f"CALL bench_floor('t2', '{TYPE}', 1, 'ORDER', UUID(), @ok)",),
    kinds.ONE: (TRY.format("t1"),),
    kinds.CONSUME: (f"CALL consume_quota('t1', '{TYPE}', 1, 'ORDER', UUID(), NULL)",),
    kinds.JOINED: ("START TRANSACTION", TRY.format("t1"), "COMMIT"),
    kinds.PARENT: (TRY.format("child1"),),
    kinds.ACQUIRE: (f"CALL acquire_quota_token('token1', '{TYPE}', @ok)",),
    kinds.RESERVE: (f"CALL reserve_quota('t1', '{TYPE}', 1, 3600, 'ORDER', UUID(), NULL)",),
    BATCH: (f"CALL consume_quota_batch('t1', REPLACE('{ITEMS}', '@', UUID()))",),
    kinds.REFUND: (f"CALL refund_quota('t1', '{TYPE}', 1, 'ORDER', '{{key}}', UUID())",),
}
#: What another connection does before: a refund needs something to give back.
CONSUMPTION = f"CALL consume_quota('t1', '{TYPE}', 1000, 'ORDER', '{{key}}', NULL)"


def run(bench: Bench) -> Cases:
    """Ours, the floor and scenario 2: first_ms and later_ms, medians over new connections.

    Joined, the caller's BEGIN and COMMIT are timed with the call.
    """
    with bench.schema() as schema:
        schema.add_tenants("t", 3)
        schema.add_tenants("parent")
        schema.add_tenants("child", parents="parent")
        schema.add_tenants("token", 1, ("CONCURRENT",), 10**6)
        calls = {**CALLS, SCENARIO_2: scenario_2(schema, "t3")}
        works: Works = {
            name: partial(first_and_later, schema, statements, name == kinds.REFUND)
            for name, statements in calls.items()
        }
        return bench.rounds(works)


def scenario_2(schema: Schema, tenant: str) -> tuple[str, ...]:
    """Return the statements that calls.lua sends, too."""
    ((quota,),) = schema.execute(f"SELECT quota_id FROM tenant_quotas WHERE tenant_id = '{tenant}'")
    return (
        "START TRANSACTION",
        f"SELECT hard_limit, used_count FROM tenant_quotas WHERE tenant_id = '{tenant}'"
        f" AND quota_type = '{TYPE}' AND limit_type = 'MONTHLY' FOR UPDATE",
        "UPDATE tenant_quotas SET used_count = used_count + 1"
        f" WHERE quota_id = {quota} AND used_count < hard_limit",
        "INSERT INTO quota_usage_records (quota_id, tenant_id, operation_type, delta_value,"
        f" current_used, biz_id, biz_type) VALUES ({quota}, '{tenant}', 'CONSUME', 1,"
        f" (SELECT used_count FROM tenant_quotas WHERE quota_id = {quota}), UUID(), 'ORDER')",
        "COMMIT",
    )


def first_and_later(schema: Schema, statements: tuple[str, ...], refunds: bool) -> Figures:
    """Time the statements on new connections, and again on the same."""
    firsts, laters = [], []
    for _ in range(CONNECTIONS):
        key = uuid.uuid4().hex
        if refunds:
            schema.execute(CONSUMPTION.replace("{key}", key))
        texts = [statement.replace("{key}", key) for statement in statements]
        with schema.connect() as connection, connection.cursor() as cursor:
            took = []
            for _ in range(1 + LATER):
                begun = time.perf_counter()
                for text in texts:
                    cursor.execute(text)
                    while cursor.nextset():
                        pass
                took.append((time.perf_counter() - begun) * 1000)
            firsts.append(took[0])
            laters += took[1:]
    return {"first_ms": median(firsts), "later_ms": median(laters)}
