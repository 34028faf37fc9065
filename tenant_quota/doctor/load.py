"""Checks of what goes on: who holds our rows, who waits for them, and how busy quotas are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenant_quota.doctor.findings import NOTE, OK, WARNING, Finding, Patient, unseen
from tenant_quota.names import literal

LONG_SECONDS = 30  # a transaction that holds our rows for so long stops others of its tenant
WAIT_SECONDS = 5
LONG_SWEEP_SECONDS = 900  # in one statement; a sweep's are short
WINDOW_SECONDS = 120  # of the ledger that is looked at
HOT = 100  # ledger rows a second from which one row is a queue
CALM = 10  # and under which slots are not needed
SLOTS = 64  # to advise: more than most pools have connections
_CANDIDATES = 100  # quotas that are looked at, those with the most use first
_SHOWN = 5
_PREPARED = 0  # the connection of an XA transaction that a restart has found
_BLIND = unseen("performance_schema is off", "start mysqld with performance_schema=ON")


def long_transactions(patient: Patient) -> Iterator[Finding]:
    """Who has held locks on our rows for long."""
    if not patient.is_on("performance_schema"):
        yield _BLIND
        return
    rows = patient.ask(
        "SELECT t.trx_mysql_thread_id AS id, t.trx_id, "
        "TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) AS seconds "
        "FROM information_schema.innodb_trx AS t "
        "WHERE t.trx_started < NOW() - INTERVAL %s SECOND ORDER BY t.trx_started LIMIT 50",
        LONG_SECONDS,
    )
    holding = []
    for row in rows:
        locked = patient.ask(
            "SELECT DISTINCT object_name AS name FROM performance_schema.data_locks "
            "WHERE engine_transaction_id = %s AND engine = 'INNODB' "
            "AND object_schema = DATABASE() AND lock_status = 'GRANTED'",
            row["trx_id"],
        )
        if locked:
            holding.append((row, ", ".join(sorted(lock["name"] for lock in locked))))
    for row, tables in holding[:_SHOWN]:
        who = _who(patient, row["id"])
        what = f"{who} has held locks on {tables} for {row['seconds']:,} s: others wait for them"
        yield Finding(WARNING, what, _end(row["id"]))
    if not holding:
        yield Finding(OK, f"none holds our rows for more than {LONG_SECONDS} s")


def left_open(patient: Patient) -> Iterator[Finding]:
    """Whose call was killed and has left its transaction open: the caller does not know of it.

    The call began before its transaction, and ended while that was open.
    """
    if not patient.is_on("performance_schema"):
        yield _BLIND
        return
    rows = patient.ask(
        # What the session does later pushes the killed call out of its history of ten. Then our
        # isolation, which is not the session's, and our savepoint tell.
        "SELECT t.processlist_id AS id, MAX(killed.mysql_errno) AS error "
        "FROM performance_schema.events_transactions_current AS x "
        "JOIN performance_schema.threads AS t ON t.thread_id = x.thread_id "
        "JOIN performance_schema.events_statements_current AS s ON s.thread_id = x.thread_id "
        "AND s.nesting_event_level = 0 AND (s.event_id > x.event_id OR s.end_event_id > 0) "
        "LEFT JOIN performance_schema.events_statements_history AS killed "
        "ON killed.thread_id = x.thread_id AND killed.event_id < x.event_id "
        "AND killed.end_event_id > x.event_id AND killed.mysql_errno <> 0 "
        "AND killed.event_name = 'statement/sql/call_procedure' "
        "AND killed.current_schema = DATABASE() "
        "WHERE x.state = 'ACTIVE' AND t.processlist_id <> CONNECTION_ID() "
        "AND (killed.event_id > 0 OR x.isolation_level = 'READ COMMITTED' "
        "AND x.number_of_savepoints > x.number_of_release_savepoint AND EXISTS ("
        "SELECT 1 FROM performance_schema.variables_by_thread AS v "
        "WHERE v.thread_id = x.thread_id AND v.variable_name = 'transaction_isolation' "
        "AND v.variable_value <> 'READ-COMMITTED') AND EXISTS ("
        "SELECT 1 FROM performance_schema.metadata_locks AS l "
        "WHERE l.owner_thread_id = x.thread_id AND l.object_schema = DATABASE() "
        "AND l.object_type = 'PROCEDURE' AND l.object_name LIKE '%%quota%%')) "
        "GROUP BY t.processlist_id"
    )
    for row in rows[:_SHOWN]:
        error = f" ({row['error']})" if row["error"] else ""
        what = (
            f"a call of {_who(patient, row['id'])} was killed{error} and has left its "
            "transaction open: what the session does next is lost when it ends, and others wait"
        )
        yield Finding(WARNING, what, f"KILL {row['id']}; a caller whose call fails must ROLLBACK")
    if not rows:
        yield Finding(OK, "no killed call has left a transaction open")


def sweeps(patient: Patient) -> Iterator[Finding]:
    """Who holds the lock under which a sweep runs, and does not sweep: all others are BUSY."""
    rows = patient.ask(
        "SELECT job, IS_USED_LOCK(CONCAT('tenant_quota.', SUBSTRING_INDEX(job, '_', 1), '.', "
        "LEFT(SHA2(DATABASE(), 256), 40))) AS id FROM (SELECT 'reset_due_quotas' AS job "
        "UNION ALL SELECT 'expire_quota_reservations' UNION ALL SELECT 'purge_quota_usage') AS j"
    )
    held = [row for row in rows if row["id"]]
    if held and not patient.is_on("performance_schema"):
        yield _BLIND
        return
    found = False
    for row in held:
        idle = patient.ask(
            "SELECT 1 FROM performance_schema.threads WHERE processlist_id = %s "
            "AND (processlist_command = 'Sleep' OR processlist_time > %s)",
            *(row["id"], LONG_SWEEP_SECONDS),
        )
        if idle:
            found = True
            what = (
                f"{_who(patient, row['id'])} holds the lock of {row['job']} and does not sweep: "
                "every other run is BUSY"
            )
            yield Finding(WARNING, what, f"KILL {row['id']}, or let it disconnect", row["job"])
    if not found:
        yield Finding(OK, "nobody keeps a sweep from running")


def lock_waits(patient: Patient) -> Iterator[Finding]:
    """Who waits for our rows, and for whom."""
    if not patient.is_on("performance_schema"):
        yield _BLIND
        return
    rows = patient.ask(
        "SELECT b.trx_mysql_thread_id AS id, COUNT(*) AS waiting, "
        "MAX(TIMESTAMPDIFF(SECOND, r.trx_wait_started, NOW())) AS seconds, "
        "MIN(l.object_name) AS name, "
        # A view takes shared locks where a reader says FOR SHARE, or is SERIALIZABLE.
        "MIN(h.lock_mode LIKE 'S%%' AND b.trx_rows_modified = 0) AS is_read "
        "FROM performance_schema.data_lock_waits AS w "
        "JOIN performance_schema.data_locks AS h "
        "ON h.engine_lock_id = w.blocking_engine_lock_id AND h.engine = w.engine "
        "JOIN performance_schema.data_locks AS l "
        "ON l.engine_lock_id = w.requesting_engine_lock_id AND l.engine = w.engine "
        "AND l.object_schema = DATABASE() "
        "JOIN information_schema.innodb_trx AS r "
        "ON r.trx_id = w.requesting_engine_transaction_id "
        "JOIN information_schema.innodb_trx AS b "
        "ON b.trx_id = w.blocking_engine_transaction_id "
        "GROUP BY b.trx_mysql_thread_id ORDER BY waiting DESC"
    )
    long = [row for row in rows if (row["seconds"] or 0) >= WAIT_SECONDS]
    for row in long[:_SHOWN]:
        sessions = "1 session waits" if row["waiting"] == 1 else f"{row['waiting']} sessions wait"
        who = _who(patient, row["id"])
        what = f"{sessions} for {who} on {row['name']}, the longest for {row['seconds']} s"
        advice = "keep such transactions short"
        if row["is_read"]:
            what += ": it only reads, and its reads lock"
            advice = "read without FOR SHARE, and not in a SERIALIZABLE transaction"
        yield Finding(WARNING, what, f"{_end(row['id'])}; {advice}")
    if not long:
        yield Finding(OK, f"nobody waits for our rows for {WAIT_SECONDS} s")


def table_locks(patient: Patient) -> Iterator[Finding]:
    """Who has locked a table of ours, or all tables, by LOCK TABLES, FLUSH TABLES or DDL."""
    if not patient.is_on("performance_schema"):
        yield _BLIND
        return
    rows = patient.ask(
        "SELECT t.processlist_id AS id, "
        "GROUP_CONCAT(DISTINCT COALESCE(l.object_name, 'all tables') SEPARATOR ', ') AS tables, "
        "MAX(w.number) AS waiting "
        "FROM performance_schema.metadata_locks AS l "
        "JOIN performance_schema.threads AS t ON t.thread_id = l.owner_thread_id "
        "LEFT JOIN (SELECT object_type, object_schema, object_name, COUNT(*) AS number "
        "FROM performance_schema.metadata_locks WHERE lock_status = 'PENDING' "
        "GROUP BY object_type, object_schema, object_name) AS w "
        "ON w.object_type = l.object_type AND w.object_schema <=> l.object_schema "
        "AND w.object_name <=> l.object_name "
        "WHERE t.processlist_id <> CONNECTION_ID() AND ("
        "l.object_type = 'GLOBAL' AND l.lock_type = 'SHARED' "
        "OR l.object_type IN ('TABLE', 'PROCEDURE') AND l.object_schema = DATABASE() AND "
        # A DDL that waits for a transaction's end is in the way of all who come after it.
        "(l.lock_status = 'PENDING' AND l.lock_type = 'EXCLUSIVE' OR l.lock_status = 'GRANTED' "
        "AND l.lock_type IN ('SHARED_READ_ONLY', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE', "
        "'EXCLUSIVE'))) "
        "GROUP BY t.processlist_id ORDER BY waiting DESC, id"
    )
    for row in rows[:_SHOWN]:
        who = _who(patient, row["id"])
        what = f"{who} has locked {row['tables']}, or waits to: calls wait ({row['waiting'] or 0})"
        yield Finding(WARNING, what, f"let it end or UNLOCK TABLES, or KILL {row['id']}")
    if not rows:
        yield Finding(OK, "nobody has locked our tables")


def _end(connection: int) -> str:
    """Return how to end a connection's transaction."""
    if connection == _PREPARED:
        return "XA RECOVER CONVERT XID names it; end it by XA COMMIT or XA ROLLBACK of its xid"
    return f"let it commit or roll back, or KILL {connection}"


def _who(patient: Patient, connection: int) -> str:
    if connection == _PREPARED:
        return "a prepared XA transaction without a connection"
    rows = patient.ask(
        "SELECT processlist_user AS user, processlist_host AS host "
        "FROM performance_schema.threads WHERE processlist_id = %s",
        connection,
    )
    if not rows:
        return f"connection {connection}"
    return f"connection {connection} ({rows[0]['user']}@{rows[0]['host']})"


def slots(patient: Patient) -> Iterator[Finding]:
    """Which quotas would gain from slots, and which have slots that nothing needs.

    Looks at the quotas with the most use, at no more ledger rows of each than make it hot.
    """
    rows = patient.ask(
        "SELECT /*+ MAX_EXECUTION_TIME(10000) */ q.tenant_id, q.quota_type, q.limit_type, "
        "q.slot_count, q.hard_limit, q.soft_limit, COUNT(r.found) / %s AS per_second FROM ("
        "(SELECT quota_id, tenant_id, quota_type, limit_type, slot_count, hard_limit, soft_limit "
        "FROM tenant_quotas "
        "WHERE slot_count = 0 AND limit_type NOT IN ('RATE', 'CONCURRENT') "
        "ORDER BY used_count DESC LIMIT %s) UNION ALL "
        "(SELECT quota_id, tenant_id, quota_type, limit_type, slot_count, hard_limit, soft_limit "
        "FROM tenant_quotas WHERE slot_count > 0 LIMIT %s)) AS q "
        "LEFT JOIN LATERAL (SELECT 1 AS found FROM quota_usage_records AS u "
        "WHERE u.quota_id = q.quota_id "
        "AND u.created_at > UTC_TIMESTAMP(6) - INTERVAL %s SECOND LIMIT %s) AS r ON TRUE "
        "GROUP BY q.quota_id, q.tenant_id, q.quota_type, q.limit_type, q.slot_count, "
        "q.hard_limit, q.soft_limit "
        "ORDER BY per_second DESC",
        *(WINDOW_SECONDS, _CANDIDATES, _CANDIDATES, WINDOW_SECONDS, HOT * WINDOW_SECONDS),
    )
    advised = 0
    for row in rows:
        advice = slot_advice(float(row["per_second"]), row["slot_count"])
        if advice:
            advised += 1
            name = f"{row['tenant_id']} {row['quota_type']} {row['limit_type']}"
            if advised <= _SHOWN:
                what, count = advice
                yield Finding(NOTE, f"{name}: {what}", _give_slots(row, count))
    if advised > _SHOWN:
        yield Finding(NOTE, f"and {advised - _SHOWN} quotas more")
    if not advised:
        yield Finding(OK, "no quota is so busy, or has slots without need")


def _give_slots(row: dict[str, Any], count: int) -> str:
    """Return the call that gives a limit so many slots, and leaves all else as it is."""
    names = ", ".join(literal(row[each]) for each in ("tenant_id", "quota_type", "limit_type"))
    soft = "NULL" if row["soft_limit"] is None else row["soft_limit"]
    options = f'{{"slot_count": {count}}}'
    return f"CALL define_quota({names}, {row['hard_limit']}, {soft}, '{options}')"


def slot_advice(per_second: float, slot_count: int) -> tuple[str, int] | None:
    """Return what to say of a quota, and how many slots it should have; None: as many as it has.

    ``per_second`` are its ledger rows in the recent minutes.
    """
    if slot_count == 0 and per_second >= HOT:
        return (
            f"{HOT} ledger rows a second or more, all through one row: it would gain from slots, "
            "more of them than there are callers at once",
            SLOTS,
        )
    if slot_count > 0 and per_second < CALM:
        return (
            f"{per_second:.1f} ledger rows a second do not need {slot_count} slots, "
            "unless a rush is to come",
            0,
        )
    return None
