"""What the compiled procedures of one connection hold of the server's memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from benchmarks.bench import Bench
from benchmarks.measure import Cases, Figures
from benchmarks.server import TYPE, Schema
from benchmarks.works import CONSUMING, EVERY_CALL, FLOOR

TITLE = "Compiled procedures that one connection holds"
NEEDS = ()
INSTRUMENT = "memory/sql/sp_head::main_mem_root"

FLOOR_CALL = f"CALL bench_floor('t1', '{TYPE}', 1, 'ORDER', UUID(), @success)"
OWN = f"CALL consume_quota('t1', '{TYPE}', 1, 'ORDER', UUID(), NULL)"
JOINED = ("START TRANSACTION", OWN, "COMMIT")
CHILD = f"CALL consume_quota('child1', '{TYPE}', 1, 'ORDER', UUID(), NULL)"
ITEMS = json.dumps([{"quota_type": TYPE, "amount": 1, "biz_type": "ORDER", "biz_id": "@"}])
RESERVE = f"CALL reserve_quota('t1', '{TYPE}', 1, 60, 'ORDER', UUID(), NULL)"
HELD = "SELECT reservation_id INTO @held FROM quota_reservations WHERE status = 'HELD'"
OTHERS = (
    f"CALL try_consume_quota('t1', '{TYPE}', 1, 'ORDER', UUID(), NULL, @success, @status)",
    f"CALL consume_quota_batch('t1', REPLACE('{ITEMS}', '@', UUID()))",
    f"CALL check_quota('t1', '{TYPE}', 1, NULL)",
    *("SET @key = UUID()", OWN.replace("UUID()", "@key")),
    f"CALL refund_quota('t1', '{TYPE}', 1, 'ORDER', @key, 'refund')",
    *(RESERVE, HELD, "CALL confirm_quota_reservation(@held, NULL)"),
    *(RESERVE, HELD, "CALL cancel_quota_reservation(@held)"),
    f"CALL acquire_quota_token('token1', '{TYPE}', @success)",
    f"CALL release_quota_token('token1', '{TYPE}', @success)",
    *(f"CALL acquire_quota_lease('token1', '{TYPE}', 'worker', 60)", HELD),
    *("CALL renew_quota_lease(@held, 60)", "CALL release_quota_lease(@held)"),
)
#: Each case's statements, on a new connection.
CASES = {
    FLOOR: (FLOOR_CALL,),
    "consume_quota": (OWN,),
    "consume_quota, and joined": (OWN, *JOINED),
    CONSUMING: (OWN, *JOINED, CHILD),
    EVERY_CALL: (OWN, *JOINED, CHILD, *OTHERS),
}
#: What each thing of a procedure holds, a hundred times.
HUNDREDS = {
    "100 SETs": "DECLARE v INT; " + "SET v = 1; " * 100,
    "100 IFs": "DECLARE v INT; " + "IF v THEN BEGIN END; END IF; " * 100,
    "100 DECLAREs": "".join(f"DECLARE v{n} INT; " for n in range(100)),
}
DENIAL = OWN.replace(" 1,", f" {10**15},")


def run(bench: Bench) -> Cases:
    """One limit; joined, too; with a parent, too; all calls; a denial after them; and of what."""
    with bench.schema() as schema:
        schema.execute(
            "UPDATE performance_schema.setup_instruments SET enabled = 'YES'"
            f" WHERE name = '{INSTRUMENT}'"
        )
        schema.add_tenants("t")
        schema.add_tenants("parent")
        schema.add_tenants("child", parents="parent")
        schema.add_tenants("token", 1, ("CONCURRENT",), 10)
        works = {name: partial(held, schema, calls) for name, calls in CASES.items()}
        for number, (name, body) in enumerate(HUNDREDS.items()):
            schema.execute(f"CREATE PROCEDURE bench_{number} () BEGIN {body}END")
            works[name] = partial(held, schema, (f"CALL bench_{number}()",))
        works[f"{EVERY_CALL}, and a denial"] = partial(held, schema, CASES[EVERY_CALL], DENIAL)
        return bench.rounds(works)


def held(schema: Schema, granted: Sequence[str], denied: str | None = None) -> Figures:
    """Run statements on a new connection; compiled_mb is what its compiled code holds then."""
    with schema.connect() as connection, connection.cursor() as cursor:
        for statement in (*granted, *([denied] if denied else [])):
            cursor.execute(statement)
            answer = cursor.fetchone()  # success comes first
            if answer is not None and bool(answer[0]) == (statement == denied):
                raise RuntimeError(f"{statement} was answered {answer}")
        cursor.execute(
            "SELECT current_number_of_bytes_used / 1000000"
            " FROM performance_schema.memory_summary_by_thread_by_event_name"
            f" WHERE thread_id = PS_CURRENT_THREAD_ID() AND event_name = '{INSTRUMENT}'"
        )
        ((megabytes,),) = cursor.fetchall()
        return {"compiled_mb": float(megabytes)}
