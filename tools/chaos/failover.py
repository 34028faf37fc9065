"""Group Replication under load: the primary is killed, twice, and nothing acknowledged is lost."""

from __future__ import annotations

import functools
import random
import re
import time
from collections import Counter

from click.testing import CliRunner

from tenant_quota.cli import main
from tenant_quota.sandbox import Sandbox
from tests.helpers.server import connect
from tests.helpers.support import apply_everything, rows, value, wait_until
from tools.chaos.evidence import check_everything, define, prove_that_it_can_fail
from tools.chaos.group import Group, group
from tools.chaos.load import under_load
from tools.chaos.replica import tables
from tools.chaos.witness import Caller

CALLERS, FAMILIES, SECONDS, KILLS = 12, 3, 4, 2
SCHEMA = "chaos_failover"
LONGEST = 60  # seconds until a new primary grants something


def failover(server_url: str) -> list[str]:
    """Kill the primary under load, wake the events, let it come back; then the next one."""
    del server_url
    pauses: list[float] = []
    woken: list[str] = []
    with group() as made:
        first = made.nodes[0]
        with made.admin(first) as connection:
            rows(connection, f"CREATE DATABASE {SCHEMA}")
        apply_everything(first.url + SCHEMA)
        open_connection = functools.partial(made.connect_to_primary, SCHEMA)
        families = [f"0x{number}" for number in range(FAMILIES)]
        with open_connection() as connection:
            for family in families:
                define(connection, family, boundary_seconds=10)
        callers = [
            Caller(number, open_connection, families, random.Random(number))
            for number in range(CALLERS)
        ]

        def kill_twice() -> None:
            for _ in range(KILLS):
                time.sleep(SECONDS)
                dead = made.primary()
                assert dead is not None
                dead.kill()
                pauses.append(first_grant_after(time.monotonic(), callers))
                time.sleep(SECONDS)
                now = made.primary()
                assert now is not None
                assert now is not dead
                woken.append(wake(now))
                dead.restart()
                made.join(dead)

        sweeps = under_load(callers, kill_twice, comes_back=True)
        with open_connection() as connection:
            again = check_everything(connection, callers)
            prove_that_it_can_fail(connection, callers)
            equal = compare(made)
    calls = sum((each.seen for each in callers), Counter[str]())
    lost = sum((each.lost for each in callers), Counter[str]())
    return [
        f"failover: {len(made.nodes)} nodes of Group Replication, {CALLERS + 1} connections,"
        f" {sum(calls.values())} calls, {sweeps} sweeps; kill -9 of the primary {KILLS} times:"
        f" the first grant {', '.join(f'{each:.0f} s' for each in pauses)} after it",
        *(f"  {count:6} {name}" for name, count in sorted(calls.items())),
        "  errors after which an answer is unknown: "
        + ", ".join(f"{count} of {number}" for number, count in sorted(lost.items())),
        "  called again, by what was known and what it answered:",
        *(f"  {count:6} {name}" for name, count in sorted(again.items())),
        *woken,
        f"  every acknowledged call found once, counters and ledger agree, no limit exceeded;"
        f" {equal} tables hold the same rows on every node",
    ]


def first_grant_after(killed: float, callers: list[Caller]) -> float:
    """Wait until somebody is granted something on the new primary; return the seconds it took."""

    def granted() -> list[float]:
        return [at for each in callers for at in each.granted_at[-50:] if at > killed + 0.5]

    assert wait_until(granted, LONGEST), f"nothing was granted for {LONGEST} s after the kill"
    return min(granted()) - killed


def wake(primary: Sandbox) -> str:
    """Do for the events what doctor prints; then it has nothing more to say of them."""
    url = primary.url + SCHEMA
    said = [doctor(url)]
    with connect(url, autocommit=True) as connection:
        for statement in said[0]:
            rows(connection, statement.replace("%", "%%"))
        said.append(doctor(url))
        statuses = rows(
            connection,
            "SELECT DISTINCT status FROM information_schema.events WHERE event_schema = DATABASE()",
        )
    assert not said[1], f"doctor still says {said[1]}"
    assert statuses == [("ENABLED",)], statuses
    return f"  doctor printed {len(said[0])} ALTER EVENT statements on the new primary; then all are awake"


def doctor(url: str) -> list[str]:
    """Return the statements by which doctor would wake events."""
    found = CliRunner().invoke(main, ["doctor", "--url", url])
    assert found.exit_code in (0, 1), found.output
    return re.findall(r"ALTER DEFINER = \S+ EVENT \S+ ENABLE", found.output)


def compare(made: Group) -> int:
    """Let every node catch up, and compare all rows; return how many tables there are.

    An event of the primary may write between two nodes' turns: then once more.
    """
    for _ in range(3):
        primary = made.primary()
        assert primary is not None
        with connect(primary.url + SCHEMA, autocommit=True) as connection:
            gtids = value(connection, "SELECT @@GLOBAL.gtid_executed")
        found = []
        for node in made.nodes:
            with connect(node.url + SCHEMA, autocommit=True) as connection:
                late = value(
                    connection, "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", gtids, LONGEST
                )
                assert late == 0, f"{node.port} did not catch up"
                found.append(tables(connection))
        if all(other == found[0] for other in found):
            return len(found[0])
    raise AssertionError("a node holds other rows")
