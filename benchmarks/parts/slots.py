"""Rows that are hot by nature, with slots: a parent's, several limits', tokens', an order's."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.kinds import MANY
from benchmarks.measure import Cases
from benchmarks.works import FLOOR, SCENARIO_2, TENANTS, Works

TITLE = "Slots where a row is hot by nature, 32 connections, and 8 and 128"
NEEDS = ("sysbench",)
CHILDREN = 200
BELOW = f"{CHILDREN} children below one parent with slots"
THREE, THREE_SPREAD = "three limits with slots, one tenant", "three limits, 1,000 tenants"
TOKENS = "acquire and release a token, slots, one tenant"
TOKENS_SPREAD = "acquire and release a token, 1,000 tenants"
ORDERS = "joined for 5 ms, slots, one tenant"
ORDERS_SPREAD = "joined for 5 ms, 1,000 tenants"
ORDERS_BY_HAND = f"{SCENARIO_2} for 5 ms, one tenant"
LIMITS = ("DAILY", "MONTHLY", "TOTAL")
COUNTS = (8, 128)  # of connections, besides 32
SLOTS = 256  # twice as many as there are connections at most


def run(bench: Bench) -> Cases:
    """Each on one row, or three, for all connections; and the same load spread."""
    works: Works = {}
    with bench.schema() as schema:
        schema.add_hot_tenant("parent", SLOTS)
        schema.add_tenants("child", CHILDREN)
        schema.execute(
            "UPDATE tenants SET parent_tenant_id = 'parent1' WHERE tenant_id REGEXP '^child[1-9]'"
        )
        schema.add_hot_tenant("three", SLOTS, LIMITS)
        schema.add_hot_tenant("token", SLOTS, ("CONCURRENT",), MANY)
        schema.add_hot_tenant("order", SLOTS)
        schema.add_tenants("hand")
        schema.add_tenants("spread", TENANTS)
        schema.add_tenants("triple", TENANTS, LIMITS)
        schema.add_tenants("back", TENANTS, ("CONCURRENT",), MANY)
        hot = (
            (BELOW, "consume", "child", CHILDREN),
            (THREE, "consume", "three", 1),
            (TOKENS, "token_and_back", "token", 1),
            (ORDERS, "order", "order", 1),
        )
        for name, work, prefix, tenants in (
            *hot,
            (FLOOR, "floor", "spread", TENANTS),
            (THREE_SPREAD, "consume", "triple", TENANTS),
            (TOKENS_SPREAD, "token_and_back", "back", TENANTS),
            (ORDERS_SPREAD, "order", "spread", TENANTS),
            (ORDERS_BY_HAND, "order_by_hand", "hand", 1),
        ):
            works[name] = partial(
                schema.sysbench, work, prefix, tenants, seconds=bench.size.seconds
            )
        for count in COUNTS:
            for name, work, prefix, tenants in hot:
                works[f"{count} x {name}"] = partial(
                    schema.sysbench,
                    *(work, prefix, tenants),
                    seconds=bench.size.seconds,
                    connections=count,
                )
        return bench.rounds(works)
