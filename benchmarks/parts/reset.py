"""A reset of many due quotas, on an idle server and while consumers run on these very quotas."""

import threading
import time
from statistics import median

from benchmarks.bench import Bench
from benchmarks.large import BATCH
from benchmarks.measure import Cases, Figures
from benchmarks.server import Schema
from benchmarks.works import ALONE

TITLE = "Due quotas are reset, alone and beside consumers of 8 connections"
NEEDS = ("sysbench",)
CONNECTIONS = 8
MOST_WINDOWS = 60


def run(bench: Bench) -> Cases:
    """Each round: a reset alone, a quiet run, then a reset while runs follow runs.

    Before either reset all quotas fall due. Of the runs during it the median of their p99s
    counts, and the longest stall of them all; reset_seconds is how long it took.
    """
    cases: Cases = {ALONE: [], "quiet": [], "during the reset": []}
    with bench.schema() as schema:
        schema.add_tenants("t", bench.size.due)
        for _ in range(bench.size.rounds):
            make_due(schema)
            cases[ALONE].append(sweep(schema))
            cases["quiet"].append(consume(schema, bench))
            make_due(schema)
            cases["during the reset"].append(reset(schema, bench))
            for name, runs in cases.items():
                bench.say(f"  {name}: {runs[-1]}")
    return cases


def consume(schema: Schema, bench: Bench) -> Figures:
    """Run consumers once; p99_ms, longest_ms and rate."""
    figures = schema.sysbench(
        *("consume", "t", bench.size.due),
        seconds=bench.size.seconds,
        connections=CONNECTIONS,
        percentile=99,
    )
    return {name: figures[name] for name in ("p99_ms", "longest_ms", "rate")}


def make_due(schema: Schema) -> None:
    """Put every open period a month back, so that it is over, with some use behind it."""
    with schema.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_log_bin = 0")
        cursor.execute("SELECT MIN(quota_id), MAX(quota_id) FROM tenant_quotas")
        ((low, high),) = cursor.fetchall()
        for start in range(low, high + 1, BATCH):
            cursor.execute(
                "UPDATE tenant_quotas SET used_count = used_count + 1,"
                " period_start = period_start - INTERVAL 1 MONTH,"
                " period_end = period_end - INTERVAL 1 MONTH,"
                " next_reset_time = next_reset_time - INTERVAL 1 MONTH"
                f" WHERE quota_id >= {start} AND quota_id < {start + BATCH}"
            )


def sweep(schema: Schema) -> Figures:
    """Run the event's statement; return how long it took, and how many quotas a second."""
    begun = time.monotonic()
    answer = schema.execute("CALL reset_due_quotas(100)")  # as events/reset_due_quotas.sql does
    seconds = time.monotonic() - begun
    ((_, _, rows_done, *_),) = answer
    return {"reset_seconds": seconds, "resets": rows_done / seconds}


def reset(schema: Schema, bench: Bench) -> Figures:
    """Run the event's statement in a thread, and consumers until it is done."""
    took: list[Figures] = []
    thread = threading.Thread(target=lambda: took.append(sweep(schema)))
    thread.start()
    windows: list[Figures] = []
    while thread.is_alive() and len(windows) < MOST_WINDOWS:
        window = consume(schema, bench)
        if thread.is_alive() or not windows:  # a run that outlived the reset is half quiet
            windows.append(window)
    thread.join()
    return {
        "p99_ms": median(window["p99_ms"] for window in windows),
        "longest_ms": max(window["longest_ms"] for window in windows),
        "rate": median(window["rate"] for window in windows),
        "reset_seconds": took[0]["reset_seconds"],
    }
