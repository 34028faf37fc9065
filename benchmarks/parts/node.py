"""rate-limiter-flexible (npm) and ours on the same MySQL, from the same Node client."""

import json
import subprocess
from functools import partial

from benchmarks.bench import Bench
from benchmarks.measure import Cases, Figures
from benchmarks.server import HERE, Schema
from benchmarks.works import CONNECTIONS, SLOTS, TENANTS

TITLE = "From Node, 32 connections"
NEEDS = ("node", "npm")
FOLDER = HERE / "node"


def run(bench: Bench) -> Cases:
    """Theirs and ours on one tenant, ours with slots too, and spread; there the floor too."""
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=FOLDER, check=True)
    with bench.schema() as schema:
        schema.add_tenants("o")
        schema.add_hot_tenant("h", SLOTS)
        schema.add_tenants("s", TENANTS)
        schema.add_tenants("f", TENANTS)
        call = partial(client, schema, bench.size.seconds)
        return bench.rounds(
            {
                "rate-limiter-flexible, one tenant": partial(call, "theirs", "hot", 1),
                "consume_quota, one tenant": partial(call, "ours", "o", 1),
                "consume_quota, slots, one tenant": partial(call, "ours", "h", 1),
                "rate-limiter-flexible, 1,000 tenants": partial(call, "theirs", "t", TENANTS),
                "floor procedure, 1,000 tenants": partial(call, "floor", "f", TENANTS),
                "consume_quota, 1,000 tenants": partial(call, "ours", "s", TENANTS),
            }
        )


def client(schema: Schema, seconds: int, work: str, prefix: str, tenants: int) -> Figures:
    """Run the Node client once; its options go through a pipe, password included."""
    options = {
        "socket": str(schema.server.socket),
        "password": schema.server.password,
        "database": schema.name,
        "work": work,
        "prefix": prefix,
        "tenants": tenants,
        "connections": CONNECTIONS,
        "seconds": seconds,
    }
    done = subprocess.run(
        ["node", str(FOLDER / "client.mjs")],
        input=json.dumps(options),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the Node client failed: {done.stderr}")
    figures: Figures = json.loads(done.stdout)
    return figures
