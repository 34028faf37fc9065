"""Many items in one call, from Python over one connection."""

import json
import time
import uuid
from functools import partial

from benchmarks.bench import Bench
from benchmarks.measure import Cases, Figures
from benchmarks.server import TYPE, Schema
from benchmarks.works import from_python

TITLE = "Batches of one tenant, one Python connection"
NEEDS = ()
SIZES = (10, 100, 1000)


def run(bench: Bench) -> Cases:
    """Single calls against consume_quota_batch; rate counts items."""
    with bench.schema() as schema:
        schema.add_tenants("t", 2)
        works = {"single calls": partial(from_python, schema, "t1", bench.size.seconds)}
        for size in SIZES:
            works[f"batches of {size:,}"] = partial(batches, schema, bench.size.seconds, size)
        return bench.rounds(works)


def batches(schema: Schema, seconds: int, size: int) -> Figures:
    """CALL consume_quota_batch again and again."""
    with schema.connect() as connection, connection.cursor() as cursor:
        done, begun = 0, time.monotonic()
        while time.monotonic() < begun + seconds:
            items = [
                {"quota_type": TYPE, "amount": 1, "biz_type": "ORDER", "biz_id": uuid.uuid4().hex}
                for _ in range(size)
            ]
            cursor.callproc("consume_quota_batch", ("t2", json.dumps(items)))
            done += size
        return {"rate": done / (time.monotonic() - begun)}
