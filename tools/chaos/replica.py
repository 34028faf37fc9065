"""A replica by GTID under every kind of call: its tables are the source's, and it refuses calls."""

from __future__ import annotations

import functools
import random
import time
from collections import Counter
from contextlib import ExitStack
from typing import Any

import pymysql
import pytest
from pymysql.connections import Connection

from tenant_quota.sandbox import Sandbox
from tests.helpers.server import connect, fresh_schema, local_ways
from tests.helpers.support import apply_everything, call, rows, value, version
from tools.chaos.evidence import check_everything, define
from tools.chaos.load import under_load
from tools.chaos.notes import DEADLOCK, token_of
from tools.chaos.witness import Caller

CALLERS, SECONDS, FAMILIES = 12, 8, 3
CATCH_UP_SECONDS = 120
READ_ONLY = 1290
OLD = "2001-02-03"  # a day that a purge of 400 days takes


def options(number: int, image: str) -> tuple[str, ...]:
    """Return mysqld's options for one of the two."""
    return (
        f"--server-id={number}",
        "--gtid-mode=ON",
        "--enforce-gtid-consistency=ON",
        f"--binlog-row-image={image}",
        "--relay-log=relay",
        "--skip-replica-start",
    )


def make_replica(replica: Connection, source: Sandbox) -> None:
    """Follow the source from its first transaction on, and write nothing else."""
    rows(replica, "RESET BINARY LOGS AND GTIDS" if version(replica) >= (8, 2) else "RESET MASTER")
    rows(replica, "SET GLOBAL super_read_only = ON")
    rows(
        replica,
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = %s, SOURCE_USER ="
        " 'root', SOURCE_PASSWORD = %s, SOURCE_AUTO_POSITION = 1, SOURCE_SSL = 1",
        source.port,
        source.password,
    )
    rows(replica, "START REPLICA")


def administer(connection: Connection, until: float) -> Counter[str]:
    """Define, reset and purge while others consume; return how often each was done."""
    done: Counter[str] = Counter()
    chance = random.Random()
    while time.monotonic() < until:
        family = f"0x{chance.randrange(FAMILIES)}"
        hard = chance.randint(100_000, 200_000)
        for procedure, arguments in (
            ("define_tenant", (f"root_{family}", f"root {hard}", None, None)),
            ("define_quota", (f"child_{family}", "UNITS", "TOTAL", hard, None, None)),
        ):
            try:
                done[f"{procedure} {call(connection, procedure, *arguments).status}"] += 1
            except pymysql.err.MySQLError as error:
                if token_of(error) != DEADLOCK:
                    raise
                done[f"{procedure} met a deadlock"] += 1
        done["tenants with a period that is over"] += 1
        due = f"due_{done['tenants with a period that is over']}"
        call(connection, "define_quota", due, "UNITS", "DAILY", 10, None, None)
        call(connection, "consume_quota", due, "UNITS", 3, None, None, None)
        rows(
            connection,
            "UPDATE tenant_quotas SET next_reset_time = period_start WHERE tenant_id = %s",
            due,
        )
        done["reset_due_quotas, rows"] += call(connection, "reset_due_quotas", 10).rows_done
        done["purge_quota_usage, rows"] += call(connection, "purge_quota_usage", 400, 5).rows_done
        time.sleep(0.1)
    return done


def add_old_rows(connection: Connection) -> None:
    """Put rows of long ago into the ledger of the TOTAL limits, for the purge to take."""
    for number in range(20):
        rows(
            connection,
            "INSERT INTO quota_usage_records (quota_id, tenant_id, operation_type, delta_value,"
            " created_at) SELECT quota_id, tenant_id, 'CONSUME', 1, %s + INTERVAL %s SECOND"
            " FROM tenant_quotas WHERE limit_type = 'TOTAL' AND quota_type = 'UNITS'",
            OLD,
            number,
        )
    rows(
        connection,
        "UPDATE tenant_quotas SET used_count = used_count + 20 WHERE limit_type = 'TOTAL'"
        " AND quota_type = 'UNITS'",
    )


def tables(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, in the order of its primary key."""
    names = rows(
        connection,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        " AND table_type = 'BASE TABLE' ORDER BY 1",
    )
    found = {}
    for (name,) in names:
        keys = rows(
            connection,
            "SELECT column_name FROM information_schema.statistics WHERE table_schema ="
            " DATABASE() AND table_name = %s AND index_name = 'PRIMARY' ORDER BY seq_in_index",
            name,
        )
        order = ", ".join(f"`{key}`" for (key,) in keys)
        found[name] = rows(connection, f"SELECT * FROM `{name}` ORDER BY {order}")
    return found


def replica(server_url: str) -> list[str]:
    """Run it with whole row images, and with the smallest."""
    del server_url
    return [line for image in ("FULL", "MINIMAL") for line in replicate(image)]


def replicate(image: str) -> list[str]:
    """Load the source, wait for the replica, and compare all rows."""
    with ExitStack() as stack:
        ways = local_ways()
        source = stack.enter_context(Sandbox.start(options(1, image), ways=ways))
        copy = stack.enter_context(Sandbox.start(options(2, image), ways=ways))
        url = stack.enter_context(fresh_schema(source.url))
        apply_everything(url)
        there = stack.enter_context(connect(copy.url, autocommit=True))
        make_replica(there, source)
        open_connection = functools.partial(connect, url, autocommit=True)
        families = [f"0x{number}" for number in range(FAMILIES)]
        here = stack.enter_context(open_connection())
        assert rows(here, "SELECT @@GLOBAL.binlog_format, @@GLOBAL.binlog_row_image") == [
            ("ROW", image)
        ]
        for family in families:
            define(here, family, boundary_seconds=4)
        add_old_rows(here)
        callers = [
            Caller(
                number,
                open_connection,
                families,
                random.Random(number),
                undone_by=frozenset({DEADLOCK}),
            )
            for number in range(CALLERS)
        ]
        done: Counter[str] = Counter()

        def administer_meanwhile() -> None:
            done.update(administer(here, time.monotonic() + SECONDS))

        sweeps = under_load(callers, administer_meanwhile, comes_back=False)
        assert not sum((each.lost for each in callers), Counter[str]())
        assert all(done.values()), done
        check_everything(here, callers)

        rows(here, "SET GLOBAL event_scheduler = OFF")
        begun = time.monotonic()
        gtids = value(here, "SELECT @@GLOBAL.gtid_executed")
        late = value(there, "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", gtids, CATCH_UP_SECONDS)
        failure = rows(
            there,
            "SELECT last_error_message FROM performance_schema.replication_applier_status_by_worker"
            " WHERE last_error_number <> 0",
        )
        assert late == 0, f"the replica did not catch up: {failure}"
        waited = time.monotonic() - begun
        there.select_db(url.rpartition("/")[2])
        ours, theirs = tables(here), tables(there)
        differ = [name for name in ours.keys() | theirs if ours.get(name) != theirs.get(name)]
        assert not differ, f"not the same rows in {differ}"
        assert rows(there, "SELECT @@GLOBAL.read_only, @@GLOBAL.super_read_only") == [(1, 1)]
        awake = rows(
            there,
            "SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE()"
            " AND status NOT LIKE '%%SIDE_DISABLED'",
        )
        assert not awake, f"events at work on the replica: {awake}"
        refuse(there, families[0])
        assert tables(there) == theirs
        # The comparison finds a row that is one unit off.
        rows(there, "SET GLOBAL read_only = OFF")
        rows(there, "UPDATE quota_usage_records SET delta_value = delta_value + 1 LIMIT 1")
        assert tables(there) != theirs
        calls = sum((each.seen for each in callers), Counter[str]())
    return [
        f"replica: binlog_row_image={image}, {CALLERS + 2} connections, {SECONDS} s,"
        f" {sum(calls.values())} calls, {sweeps} sweeps; caught up {waited:.1f} s after the last",
        *(f"  {count:6} {name}" for name, count in sorted((calls + done).items())),
        "  equal rows: " + ", ".join(f"{len(found)} {name}" for name, found in ours.items()),
        "  on the replica a consume, a token and a sweep are refused (1290), and nothing is written",
    ]


def refuse(there: Connection, family: str) -> None:
    """Calls that write are refused on the replica, by the server's own number."""
    for procedure, arguments in (
        ("consume_quota", (f"child_{family}", "UNITS", 1, "ORDER", "on-the-replica", None)),
        ("acquire_quota_token", (f"child_{family}", "PLACES", None)),
        ("reset_due_quotas", (10,)),
    ):
        with pytest.raises(pymysql.err.MySQLError) as refused, there.cursor() as cursor:
            cursor.callproc(procedure, arguments)
        assert refused.value.args[0] == READ_ONLY, f"{procedure}: {refused.value}"
