"""`doctor` on sessions that were left behind: an open transaction, and a sweep's lock."""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing, suppress

import pymysql

from tenant_quota.doctor.findings import OK, WARNING
from tests.helpers.doctored import changed, look, run
from tests.helpers.doctored import sandbox as sandbox  # a fixture
from tests.helpers.doctored import url as url  # a fixture
from tests.helpers.server import connect
from tests.helpers.support import Quota, rows, wait_until, waiting


def test_a_killed_call_that_left_its_transaction_open_is_shown(url):
    run(url, "CALL define_quota('KILLED', 'X', 'TOTAL', 10, NULL, NULL)")
    with closing(connect(url)) as holder, closing(connect(url, autocommit=True)) as caller:
        rows(holder, "SELECT * FROM tenant_quotas WHERE tenant_id = 'KILLED' FOR UPDATE")

        def call() -> None:
            with suppress(pymysql.err.MySQLError):
                rows(caller, "CALL consume_quota('KILLED', 'X', 1, 'O', 'k', NULL)")

        thread = threading.Thread(target=call)
        thread.start()
        waits = "SELECT 1 FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = %s"
        with closing(connect(url, autocommit=True)) as watcher:
            wait_until(
                lambda: rows(watcher, f"{waits} AND trx_state = 'LOCK WAIT'", caller.thread_id())
            )
        assert look(url, "left_open")["left_open"].severity == OK, "it is at work"
        run(url, f"KILL QUERY {caller.thread_id()}")
        thread.join(10)
        found = look(url, "left_open")["left_open"]
        assert found.severity == WARNING
        assert f"a call of connection {caller.thread_id()} (root@" in found.what
        assert "was killed (1317)" in found.what
        assert found.do.startswith(f"KILL {caller.thread_id()};")
        for _ in range(3):  # what a caller does that looks at no error
            rows(caller, "DO SLEEP(0)")
            call()
        later = look(url, "left_open")["left_open"]
        assert (later.severity, later.do) == (WARNING, found.do)
        rows(caller, "ROLLBACK")
        assert look(url, "left_open")["left_open"].severity == OK
        holder.rollback()
        for level in ("READ COMMITTED", "REPEATABLE READ"):
            rows(caller, f"SET SESSION TRANSACTION ISOLATION LEVEL {level}")
            caller.begin()
            rows(caller, "SAVEPOINT mine")
            call()
            found = look(url, "left_open")["left_open"]
            assert found.severity == OK, "the caller's own transaction"
            caller.rollback()
    run(url, "DELETE FROM tenant_quotas WHERE tenant_id = 'KILLED'")


def test_who_keeps_a_sweep_from_running_is_named(url):
    lock = "SELECT GET_LOCK(CONCAT('tenant_quota.reset.', LEFT(SHA2(DATABASE(), 256), 40)), 5)"
    with closing(connect(url)) as holder:
        rows(holder, lock)
        with closing(connect(url)) as other:
            assert rows(other, "CALL reset_due_quotas(100)")[0][1] == "BUSY"
        found = look(url, "sweeps")["sweeps.reset_due_quotas"]
        assert found.severity == WARNING
        assert f"connection {holder.thread_id()} (root@" in found.what
        assert "holds the lock of reset_due_quotas" in found.what
        rows(holder, "SELECT RELEASE_ALL_LOCKS()")
        assert look(url, "sweeps")["sweeps"].severity == OK


def test_a_killed_sweep_that_keeps_its_lock_is_named(url):
    """The lock is the session's: it ends with that, or with its next sweep after a ROLLBACK."""
    quota = Quota(lambda: connect(url, autocommit=True), "SWEPT")
    quota.define("MONTHLY", 10, used=4)
    quota.set(next_reset_time="2020-01-01")
    events = "SET GLOBAL event_scheduler = {}"
    with ExitStack() as stack:
        stack.enter_context(changed(url, events.format("OFF"), events.format("ON")))
        holder, sweeper, other = (
            stack.enter_context(closing(connect(url, autocommit=n > 0))) for n in range(3)
        )
        rows(
            holder,
            "SELECT COUNT(*) FROM quota_usage_records FORCE INDEX (PRIMARY)"
            " WHERE quota_id = %s AND created_at > '2100-01-01' FOR UPDATE",
            quota.column("quota_id"),
        )

        def sweep() -> None:
            with suppress(pymysql.err.MySQLError):
                rows(sweeper, "CALL reset_due_quotas(100)")

        thread = threading.Thread(target=sweep)
        thread.start()
        assert wait_until(lambda: waiting(quota, sweeper))
        run(url, f"KILL QUERY {sweeper.thread_id()}")
        thread.join(10)
        holder.rollback()
        assert rows(other, "CALL reset_due_quotas(100)")[0][1] == "BUSY"
        found = look(url, "sweeps")["sweeps.reset_due_quotas"]
        assert found.severity == WARNING
        assert f"connection {sweeper.thread_id()} (root@" in found.what
        assert f"KILL {sweeper.thread_id()}" in found.do
        rows(sweeper, "ROLLBACK")
        assert rows(sweeper, "CALL reset_due_quotas(100)")[0][1] == "DONE"
        assert rows(other, "CALL reset_due_quotas(100)")[0][1] == "DONE"
        assert look(url, "sweeps")["sweeps"].severity == OK
    assert quota.ledger() == [4, -4]
    run(url, "DELETE FROM tenant_quotas WHERE tenant_id = 'SWEPT'")


def test_rows_of_quota_health_about_the_future_say_to_set_the_clock(url):
    run(url, "CALL define_quota('AHEAD', 'X', 'HOURLY', 10, NULL, NULL)")
    move = "UPDATE tenant_quotas SET {} WHERE tenant_id = 'AHEAD'"
    ahead = ", ".join(
        f"{name} = {name} {{0}} INTERVAL 1 DAY"
        for name in ("period_start", "period_end", "next_reset_time")
    )
    with changed(url, move.format(ahead.format("+")), move.format(ahead.format("-"))):
        found = look(url, "health")["health.future_periods"]
    assert (found.severity, found.what.partition(":")[0]) == (WARNING, "1")
    assert "clock" in found.do
