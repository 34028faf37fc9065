"""The cases that several parts share, by the names that the results bear."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import partial

from benchmarks.measure import Figures
from benchmarks.server import TYPE, Schema

TENANTS = 1000  # what "spread" means
CONNECTIONS = 32
SLOTS = 64  # more than the connections, as the design says

UPDATE = "plain UPDATE"
FLOOR = "floor procedure"
SCENARIO_2 = "scenario 2 from the client"
OURS = "try_consume_quota"
SLOTTED = "try_consume_quota, slots"
SPREAD = "try_consume_quota, 1,000 tenants"
ALONE = "the reset alone"
BATCH = "a batch of 10"
CONSUMING = "consume_quota, joined, and with a parent"
EVERY_CALL = "every application call"

Works = dict[str, Callable[[], Figures]]


def peers(schema: Schema, tenants: int, seconds: int) -> Works:
    """Return ours and its peers in SQL, each on tenants of its own in the same tables."""
    works: Works = {}
    for name, work, prefix in (
        (UPDATE, "update", "u"),
        (FLOOR, "floor", "f"),
        (SCENARIO_2, "scenario2", "c"),
        (OURS, "consume", "o"),
    ):
        schema.add_tenants(prefix, tenants)
        works[name] = partial(schema.sysbench, work, prefix, tenants, seconds=seconds)
    return works


def from_python(schema: Schema, tenant: str, seconds: int) -> Figures:
    """CALL consume_quota again and again over one Python connection."""
    with schema.connect() as connection, connection.cursor() as cursor:
        done, begun = 0, time.monotonic()
        while time.monotonic() < begun + seconds:
            cursor.callproc("consume_quota", (tenant, TYPE, 1, "ORDER", uuid.uuid4().hex, None))
            done += 1
        return {"rate": done / (time.monotonic() - begun)}
