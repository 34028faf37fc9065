"""Transaction-neutral: the caller's transaction stays the caller's, and we leave none of ours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pymysql
import pytest
from pymysql.connections import Connection

from tests.helpers.server import connect as connect_to
from tests.helpers.support import (
    Quota,
    call,
    no_transaction_is_open,
    rows,
    state_of,
    value,
    wait_until,
    waiting,
)

Note = Callable[..., list[str]]


@pytest.fixture(scope="module")
def notes(schema_url: str) -> Iterator[None]:
    """Give a table of the application's own, beside the quotas."""
    with connect_to(schema_url, autocommit=True) as connection:
        rows(connection, "CREATE TABLE notes (id INT PRIMARY KEY, note VARCHAR(64))")
        yield
        rows(connection, "DROP TABLE notes")


@pytest.fixture
def note(notes: None, connect: Callable[..., Connection]) -> Note:
    """Give a function that writes a note, and without one returns those that are committed."""
    admin = connect()
    rows(admin, "DELETE FROM notes")

    def write_or_read(on: Connection | None = None, text: str = "mine") -> list[str]:
        if on is None:
            return [found for (found,) in rows(admin, "SELECT note FROM notes ORDER BY id")]
        rows(on, "INSERT INTO notes SELECT COUNT(*) + 1, %s FROM notes AS before_it", text)
        return []

    return write_or_read


def test_the_callers_rollback_takes_the_consumption_back(quota: Quota, note: Note) -> None:
    quota.define("MONTHLY", 10)
    session = quota.connect(autocommit=True)
    session.begin()
    note(session)
    assert quota.consume(3, key="k", on=session).transaction == "JOINED"
    session.rollback()
    assert (quota.used(), quota.ledger(), note()) == (0, [], [])
    assert quota.consume(3, key="k").status == "GRANTED"


def test_the_callers_commit_keeps_both(quota: Quota, note: Note) -> None:
    quota.define("MONTHLY", 10)
    session = quota.connect(autocommit=False)
    note(session)
    quota.consume(3, on=session)
    session.commit()
    assert (quota.used(), quota.ledger(), note()) == (3, [3], ["mine"])


@pytest.mark.parametrize("outcome", ["GRANTED", "EXCEEDED", "REPLAYED", "error"])
def test_earlier_work_is_never_committed_by_a_call(quota: Quota, note: Note, outcome: str) -> None:
    quota.define("MONTHLY", 5)
    quota.define("CONCURRENT", 1)
    quota.consume(1, key="old")
    session = quota.connect()
    session.begin()
    note(session)
    call_for(quota, session, outcome)
    assert note() == [], "the call committed its caller's work"
    session.rollback()
    assert (note(), quota.ledger()) == ([], [1])


@pytest.mark.parametrize("outcome", ["GRANTED", "EXCEEDED", "REPLAYED", "error"])
def test_earlier_work_is_kept_when_the_caller_commits(
    quota: Quota, note: Note, outcome: str
) -> None:
    quota.define("MONTHLY", 5)
    quota.define("CONCURRENT", 1)
    quota.consume(1, key="old")
    session = quota.connect()
    session.begin()
    note(session)
    call_for(quota, session, outcome)
    session.commit()
    assert note() == ["mine"]
    assert quota.ledger() == ([1, 1] if outcome == "GRANTED" else [1])
    quota.assert_adds_up()


def call_for(quota: Quota, session: Connection, outcome: str) -> None:
    if outcome == "error":
        with pytest.raises(pymysql.err.MySQLError) as caught:
            quota.consume(2, key="old", on=session)
        assert state_of(caught.value) == ("45002", "key_reused")
        return
    amount, key = {"GRANTED": (1, "new"), "EXCEEDED": (6, "new"), "REPLAYED": (1, "old")}[outcome]
    assert quota.consume(amount, key=key, on=session).status == outcome
    quota.acquire(on=session)
    quota.release(on=session)


@pytest.mark.parametrize("outcome", ["GRANTED", "EXCEEDED", "REPLAYED", "error"])
def test_the_callers_savepoints_survive(quota: Quota, note: Note, outcome: str) -> None:
    quota.define("MONTHLY", 5)
    quota.define("CONCURRENT", 1)
    quota.consume(1, key="old")
    session = quota.connect()
    session.begin()
    note(session, "before")
    rows(session, "SAVEPOINT first")
    note(session, "between")
    rows(session, "SAVEPOINT s")
    call_for(quota, session, outcome)
    rows(session, "ROLLBACK TO SAVEPOINT s")
    rows(session, "ROLLBACK TO SAVEPOINT first")
    session.commit()
    assert note() == ["before"]
    assert (quota.used(), quota.ledger()) == (1, [1])


def test_with_autocommit_off_an_uncommitted_consumption_vanishes_with_the_connection(
    quota: Quota,
) -> None:
    quota.define("MONTHLY", 10)
    session = quota.connect(autocommit=False)
    assert quota.consume(3, on=session).transaction == "JOINED"
    session.close()
    assert wait_until(
        lambda: (quota.check(10).status, quota.used(), quota.ledger()) == ("GRANTED", 0, [])
    )


def test_with_autocommit_on_it_is_durable_and_visible_when_the_answer_arrives(quota: Quota) -> None:
    quota.define("MONTHLY", 10)
    assert quota.consume(3).transaction == "OWN"
    assert quota.ledger() == [3]
    assert no_transaction_is_open(quota.connection)


@pytest.mark.parametrize(
    "level", ["READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]
)
@pytest.mark.parametrize("autocommit", [True, False])
def test_an_old_snapshot_decides_nothing(quota: Quota, level: str, autocommit: bool) -> None:
    quota.define("MONTHLY", 5)
    session = quota.connect(autocommit=autocommit)
    rows(session, f"SET SESSION TRANSACTION ISOLATION LEVEL {level}")
    if autocommit:
        session.begin()
    if level != "SERIALIZABLE":  # there a plain read locks, and nothing can grow old
        rows(session, "SELECT * FROM tenant_quotas, tenants LIMIT 1")
        rows(session, "SELECT COUNT(*) FROM quota_usage_records")
    assert quota.consume(4, key="k").status == "GRANTED"
    assert quota.consume(2, key="other", on=session).status == "EXCEEDED"
    assert quota.consume(4, key="k", on=session).status == "REPLAYED"
    assert quota.consume(1, key="new", on=session).status == "GRANTED"
    session.commit()
    assert (quota.used(), sorted(quota.ledger())) == (5, [1, 4])


def test_a_limit_defined_after_the_snapshot_is_charged_too(quota: Quota) -> None:
    quota.define("MONTHLY", 5)
    session = quota.connect(autocommit=False)
    rows(session, "SELECT COUNT(*) FROM tenant_quotas")
    quota.define("DAILY", 2)
    assert quota.consume(3, on=session).status == "EXCEEDED"
    assert quota.consume(2, on=session).status == "GRANTED"
    session.commit()
    assert (quota.used(), quota.used("DAILY")) == (2, 2)


def test_a_childs_first_limit_defined_after_the_snapshot_is_charged_too(quota: Quota) -> None:
    quota.define_tenant()
    quota.define("MONTHLY", 5)
    child = quota.child()
    session = quota.connect(autocommit=False)
    rows(session, "SELECT COUNT(*) FROM tenant_quotas")
    child.define("DAILY", 2)
    assert child.consume(3, on=session).status == "EXCEEDED"
    assert child.consume(2, on=session).status == "GRANTED"
    session.commit()
    assert (quota.used(), child.used("DAILY")) == (2, 2)


def test_a_tenant_suspended_after_the_snapshot_is_suspended(quota: Quota) -> None:
    quota.define_tenant()
    quota.define("MONTHLY", 5)
    session = quota.connect(autocommit=False)
    rows(session, "SELECT COUNT(*) FROM tenants")
    quota.suspend()
    assert quota.consume(1, on=session).status == "SUSPENDED"
    session.rollback()


@pytest.fixture
def halfway(quota: Quota) -> tuple[Quota, Connection]:
    """Give a quota, and a transaction whose snapshot an earlier call has taken, on another one."""
    other = quota.sibling("before")
    other.define_tenant()
    other.define("MONTHLY", 5)
    for each in (quota, quota.sibling("parent")):
        each.define_tenant()
        each.define("MONTHLY", 5)
    session = quota.connect(autocommit=False)
    assert value(session, "SELECT @@transaction_isolation") == "REPEATABLE-READ"
    assert value(session, "SELECT COUNT(*) FROM tenant_quotas") > 0
    assert other.consume(1, on=session).status == "GRANTED"
    return quota, session


@pytest.mark.parametrize("key", [None, "k"])
def test_a_hard_limit_lowered_between_two_calls_of_a_transaction_counts(
    halfway: tuple[Quota, Connection], key: str | None
) -> None:
    quota, session = halfway
    quota.define("MONTHLY", 2)
    assert quota.consume(3, key=key, on=session).status == "EXCEEDED"
    answer = quota.consume(2, key=key, on=session)
    assert (answer.status, answer.hard_limit, answer.remaining) == ("GRANTED", 2, 0)
    session.commit()
    assert (quota.used(), quota.ledger()) == (2, [2])


def test_a_limit_defined_between_two_calls_of_a_transaction_is_charged(
    halfway: tuple[Quota, Connection],
) -> None:
    quota, session = halfway
    quota.define("DAILY", 2)
    assert quota.consume(3, on=session).status == "EXCEEDED"
    answer = quota.consume(2, on=session)
    assert (answer.status, answer.limit_type, answer.remaining) == ("GRANTED", "DAILY", 0)
    session.commit()
    assert (quota.used(), quota.used("DAILY")) == (2, 2)
    assert (quota.ledger(), quota.ledger("DAILY")) == ([2], [2])


def test_a_parent_changed_between_two_calls_of_a_transaction_is_charged(
    halfway: tuple[Quota, Connection],
) -> None:
    quota, session = halfway
    parent = quota.sibling("parent")
    quota.define_tenant(parent=parent.tenant_id)
    assert quota.consume(2, on=session).status == "GRANTED"
    session.commit()
    assert (quota.used(), parent.used(), parent.ledger()) == (2, 2, [2])


def test_a_read_only_transaction_gets_a_clear_error(quota: Quota) -> None:
    quota.define("MONTHLY", 5)
    quota.define("CONCURRENT", 5)
    session = quota.connect()
    rows(session, "START TRANSACTION READ ONLY")
    for refused in (lambda: quota.consume(1, on=session), lambda: quota.acquire(on=session)):
        with pytest.raises(pymysql.err.MySQLError, match="READ ONLY transaction") as caught:
            refused()
        assert caught.value.args[0] == 1792
    session.rollback()
    rows(session, "SET SESSION TRANSACTION READ ONLY")
    with pytest.raises(pymysql.err.MySQLError, match="READ ONLY transaction"):
        quota.consume(1, on=session)
    assert no_transaction_is_open(session)
    assert (quota.used(), quota.ledger()) == (0, [])


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_an_xa_transaction_is_joined(quota: Quota, note: Note, end: str) -> None:
    quota.define("MONTHLY", 5)
    xid = f"'{quota.tenant_id}'"
    session = quota.connect()
    rows(session, f"XA START {xid}")
    note(session)
    assert quota.consume(2, key="k", on=session).transaction == "JOINED"
    assert quota.consume(9, key="k2", on=session).status == "EXCEEDED"
    rows(session, f"XA END {xid}")
    rows(session, f"XA PREPARE {xid}")
    assert (note(), value(quota.connect(), "SELECT 1")) == ([], 1)
    rows(session, f"XA {end} {xid}")
    kept = end == "COMMIT"
    assert (quota.used(), quota.ledger(), note()) == ((2, [2], ["mine"]) if kept else (0, [], []))


def test_a_lock_wait_that_runs_out_keeps_the_callers_transaction(quota: Quota, note: Note) -> None:
    quota.define("MONTHLY", 5)
    holder, session = quota.connect(autocommit=False), quota.connect()
    quota.consume(1, on=holder)
    rows(session, "SET innodb_lock_wait_timeout = 1")
    session.begin()
    note(session)
    with pytest.raises(pymysql.err.MySQLError) as caught:
        quota.consume(1, key="k", on=session)
    assert caught.value.args[0] == 1205
    assert note() == []
    holder.rollback()
    assert quota.consume(1, key="k", on=session).transaction == "JOINED"
    session.commit()
    assert (note(), quota.used(), quota.ledger()) == (["mine"], 1, [1])


def test_a_lock_wait_that_runs_out_leaves_no_transaction_of_ours(quota: Quota) -> None:
    quota.define("MONTHLY", 5)
    child = quota.child()
    child.define("MONTHLY", 5)
    holder, session = quota.connect(autocommit=False), quota.connect()
    quota.consume(1, on=holder)  # the parent's row; the child's is free and locked first or not
    rows(session, "SET innodb_lock_wait_timeout = 1")
    with pytest.raises(pymysql.err.MySQLError) as caught:
        child.consume(1, key="k", on=session)
    assert caught.value.args[0] == 1205
    assert no_transaction_is_open(session)
    holder.rollback()
    rows(quota.connection, "SET innodb_lock_wait_timeout = 1")
    assert child.consume(1).status == "GRANTED"


@pytest.mark.parametrize("what", ["consume", "release"])
def test_a_deadlocks_victim_is_told_so_and_nothing_commits_by_itself(
    quota: Quota, note: Note, what: str
) -> None:
    quota.define("MONTHLY", 5)
    quota.define("CONCURRENT", 5)
    victim, winner = quota.connect(), quota.connect()
    for session in (victim, winner):
        rows(session, "SET innodb_lock_wait_timeout = 20")
    rows(winner, "INSERT INTO notes VALUES (1000, 'hot')")
    winner.begin()
    for number in range(50):  # the heavier transaction survives
        rows(winner, "INSERT INTO notes VALUES (%s, 'heavy')", 2000 + number)
    quota.consume(1, key="winner", on=winner)
    quota.acquire(on=winner)
    victim.begin()
    rows(victim, "UPDATE notes SET note = 'touched' WHERE id = 1000")

    def cross() -> None:
        wait_until(lambda: waiting(quota, victim))
        rows(winner, "UPDATE notes SET note = 'won' WHERE id = 1000")

    crossing = threading.Thread(target=cross)
    crossing.start()
    call = {
        "consume": lambda: quota.consume(1, key="victim", on=victim),
        "release": lambda: quota.release(on=victim),
    }[what]
    with pytest.raises(pymysql.err.MySQLError) as caught:
        call()
    crossing.join(timeout=30)
    assert caught.value.args[0] == 1213, "the server's own error, not one of ours"
    assert no_transaction_is_open(victim)
    winner.commit()
    assert "touched" not in note()
    assert quota.ledger(columns="biz_id") == ["winner"]
    assert quota.consume(1, key="victim", on=victim).status == "GRANTED"


def test_a_call_that_was_killed_is_not_joined_by_the_next(quota: Quota) -> None:
    # No handler runs on KILL QUERY, so the server leaves our transaction open.
    quota.define("MONTHLY", 5)
    holder, session = quota.connect(autocommit=False), quota.connect()
    quota.consume(1, on=holder)

    def kill() -> None:
        wait_until(lambda: waiting(quota, session))
        rows(quota.connection, f"KILL QUERY {session.thread_id()}")

    killing = threading.Thread(target=kill)
    killing.start()
    with pytest.raises(pymysql.err.MySQLError) as caught:
        quota.consume(1, key="k", on=session)
    killing.join(timeout=30)
    holder.rollback()
    assert caught.value.args[0] == 1317
    for again in (lambda: quota.consume(1, key="k", on=session), lambda: quota.acquire(on=session)):
        with pytest.raises(pymysql.err.MySQLError, match="ROLLBACK and call again") as caught:
            again()
        assert state_of(caught.value) == ("45000", "interrupted")
    session.rollback()
    assert quota.consume(1, key="k", on=session).transaction == "OWN"
    assert (quota.used(), quota.ledger()) == (1, [1])


@pytest.mark.parametrize("how", ["timed out", "killed"])
def test_a_joined_refund_that_was_broken_off_is_undone_by_the_next_call(
    quota: Quota, note: Note, how: str
) -> None:
    for limit_type in ("DAILY", "MONTHLY"):
        quota.define(limit_type, 10)
    quota.consume(2, key="k")
    holder, session = quota.connect(autocommit=False), quota.connect()
    rows(
        holder,
        "SELECT COUNT(*) FROM quota_usage_records FORCE INDEX (PRIMARY)"
        " WHERE quota_id = %s AND created_at > '2100-01-01' FOR UPDATE",
        quota.column("quota_id"),
    )
    rows(session, "SET innodb_lock_wait_timeout = %s", 1 if how == "timed out" else 30)
    session.begin()
    note(session)
    arguments = (quota.tenant_id, quota.quota_type, None, "ORDER", "k", "r")

    def kill() -> None:
        wait_until(lambda: waiting(quota, session))
        rows(quota.connection, f"KILL QUERY {session.thread_id()}")

    killing = threading.Thread(target=kill if how == "killed" else lambda: None)
    killing.start()
    with pytest.raises(pymysql.err.MySQLError) as caught:
        call(session, "refund_quota", *arguments)
    killing.join(timeout=30)
    assert caught.value.args[0] == (1317 if how == "killed" else 1205)
    holder.rollback()
    assert call(session, "refund_quota", *arguments).status == "GRANTED"
    session.commit()
    assert (quota.used(), quota.used("DAILY"), note()) == (0, 0, ["mine"])
    quota.assert_adds_up(["DAILY", "MONTHLY"])


def test_a_call_inside_a_procedure_that_began_a_transaction_joins_it(quota: Quota) -> None:
    quota.define("MONTHLY", 5)
    rows(
        quota.connection,
        "CREATE PROCEDURE consume_and_roll_back () BEGIN"
        " DECLARE v_ok BOOLEAN; DECLARE v_status VARCHAR(24);"
        " START TRANSACTION;"
        f" CALL try_consume_quota('{quota.tenant_id}', 'REDEEM_CODE', 1, NULL, NULL, NULL, v_ok, v_status);"
        " ROLLBACK; SELECT v_status; END",
    )
    try:
        assert rows(quota.connection, "CALL consume_and_roll_back()") == [("GRANTED",)]
        assert quota.used() == 0
    finally:
        rows(quota.connection, "DROP PROCEDURE consume_and_roll_back")


@pytest.mark.parametrize("joined", [False, True])
def test_an_error_in_the_middle_leaves_nothing_half_done(
    quota: Quota, note: Note, joined: bool
) -> None:
    quota.define("MONTHLY", 10)
    quota.define("TOTAL", 10)
    broken = quota.column("quota_id", "TOTAL")
    trigger = f"break_{quota.tenant_id}"
    rows(
        quota.connection,
        f"CREATE TRIGGER {trigger} BEFORE UPDATE ON tenant_quotas FOR EACH ROW"
        f" BEGIN IF NEW.quota_id = {broken} THEN"
        " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the disk is on fire'; END IF; END",
    )
    session = quota.connect()
    try:
        if joined:
            session.begin()
        note(session)
        with pytest.raises(pymysql.err.MySQLError, match="the disk is on fire"):
            quota.consume(1, key="k", on=session)
        assert no_transaction_is_open(session) is not joined
        session.commit()
    finally:
        rows(quota.connection, f"DROP TRIGGER {trigger}")
    assert note() == ["mine"]
    assert (quota.used(), quota.used("TOTAL"), quota.ledger()) == (0, 0, [])
    assert quota.consume(1, key="k", on=session).status == "GRANTED"
