"""The first call of a new connection: the server compiles procedures for each connection."""

import time
import uuid
from functools import partial
from statistics import median

from benchmarks.bench import Bench
from benchmarks.measure import Cases, Figures
from benchmarks.server import TYPE, Schema

TITLE = "First call of a new connection, from Python"
NEEDS = ()
CONNECTIONS = 20
LATER = 20  # calls on each connection


def run(bench: Bench) -> Cases:
    """Ours and the floor: first_ms and later_ms, medians over new connections."""
    with bench.schema() as schema:
        schema.add_tenants("t", 2)
        return bench.rounds(
            {
                "try_consume_quota": partial(
                    first_and_later,
                    schema,
                    f"CALL try_consume_quota('t1', '{TYPE}', 1, 'ORDER', %s, NULL, @ok, @status)",
                ),
                "consume_quota": partial(
                    first_and_later,
                    schema,
                    f"CALL consume_quota('t1', '{TYPE}', 1, 'ORDER', %s, NULL)",
                ),
                "floor procedure": partial(
                    first_and_later,
                    schema,
                    f"CALL bench_floor('t2', '{TYPE}', 1, 'ORDER', %s, @ok)",
                ),
            }
        )


def first_and_later(schema: Schema, statement: str) -> Figures:
    """Time the statement on new connections, and again on the same."""
    firsts, laters = [], []
    for _ in range(CONNECTIONS):
        with schema.connect() as connection, connection.cursor() as cursor:
            took = []
            for _ in range(1 + LATER):
                begun = time.perf_counter()
                cursor.execute(statement, (uuid.uuid4().hex,))
                took.append((time.perf_counter() - begun) * 1000)
            firsts.append(took[0])
            laters += took[1:]
    return {"first_ms": median(firsts), "later_ms": median(laters)}
