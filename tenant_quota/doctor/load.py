"""Checks of what goes on: who holds our rows, who waits for them, and how busy quotas are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tenant_quota.doctor.findings import NOTE, WARNING, Finding, Patient, fine, unseen
from tenant_quota.names import literal

Row = dict[str, Any]

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
_FILE = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
_PARTS = re.split(r"^-- (\w+): .*\n", _FILE, flags=re.MULTILINE)
_SQL = dict(zip(_PARTS[1::2], _PARTS[2::2], strict=True))


def _each(
    patient: Patient, name: str, tell: Callable[[Row, str], tuple[str, str]], *values: int
) -> Iterator[Finding]:
    """Give a warning for each of the first sessions that the question ``name`` finds.

    ``tell`` gets a row and whose session it is, and returns what is wrong and what to do.
    """
    if not patient.is_on("performance_schema"):
        yield _BLIND
        return
    for row in patient.ask(_SQL[name], *values)[:_SHOWN]:
        yield Finding(WARNING, *tell(row, _who(patient, row["id"])))


@fine(f"none holds our rows for more than {LONG_SECONDS} s")
def long_transactions(patient: Patient) -> Iterator[Finding]:
    """Who has held locks on our rows for long."""

    def tell(row: Row, who: str) -> tuple[str, str]:
        held = f"has held locks on {row['tables']} for {row['seconds']:,} s"
        return f"{who} {held}: others wait for them", _end(row["id"])

    return _each(patient, "long_transactions", tell, LONG_SECONDS)


@fine("no killed call has left a transaction open")
def left_open(patient: Patient) -> Iterator[Finding]:
    """Whose call was killed and has left its transaction open: the caller does not know of it."""

    def tell(row: Row, who: str) -> tuple[str, str]:
        error = f" ({row['error']})" if row["error"] else ""
        what = (
            f"a call of {who} was killed{error} and has left its "
            "transaction open: what the session does next is lost when it ends, and others wait"
        )
        return what, f"KILL {row['id']}; a caller whose call fails must ROLLBACK"

    return _each(patient, "left_open", tell)


@fine("nobody keeps a sweep from running")
def sweeps(patient: Patient) -> Iterator[Finding]:
    """Who holds the lock under which a sweep runs, and does not sweep: all others are BUSY."""
    for row in patient.ask(_SQL["sweeps"], LONG_SWEEP_SECONDS):
        if not patient.is_on("performance_schema"):
            yield _BLIND
            return
        if row["is_idle"]:
            what = (
                f"{_who(patient, row['id'])} holds the lock of {row['job']} and does not sweep: "
                "every other run is BUSY"
            )
            yield Finding(WARNING, what, f"KILL {row['id']}, or let it disconnect", row["job"])


@fine(f"nobody waits for our rows for {WAIT_SECONDS} s")
def lock_waits(patient: Patient) -> Iterator[Finding]:
    """Who waits for our rows, and for whom."""

    def tell(row: Row, who: str) -> tuple[str, str]:
        sessions = "1 session waits" if row["waiting"] == 1 else f"{row['waiting']} sessions wait"
        what = f"{sessions} for {who} on {row['name']}, the longest for {row['seconds']} s"
        advice = "keep such transactions short"
        if row["is_read"]:
            what += ": it only reads, and its reads lock"
            advice = "read without FOR SHARE, and not in a SERIALIZABLE transaction"
        return what, f"{_end(row['id'])}; {advice}"

    return _each(patient, "lock_waits", tell, WAIT_SECONDS)


@fine("nobody has locked our tables")
def table_locks(patient: Patient) -> Iterator[Finding]:
    """Who has locked a table of ours, or all tables, by LOCK TABLES, FLUSH TABLES or DDL."""

    def tell(row: Row, who: str) -> tuple[str, str]:
        what = f"{who} has locked {row['tables']}, or waits to: calls wait ({row['waiting']})"
        return what, f"let it end or UNLOCK TABLES, or KILL {row['id']}"

    return _each(patient, "table_locks", tell)


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


@fine("no quota is so busy, or has slots without need")
def slots(patient: Patient) -> Iterator[Finding]:
    """Which quotas would gain from slots, and which have slots that nothing needs.

    Looks at the quotas with the most use, at no more ledger rows of each than make it hot.
    """
    rows = patient.ask(
        _SQL["slots"],
        *(WINDOW_SECONDS, _CANDIDATES, _CANDIDATES, WINDOW_SECONDS, HOT * WINDOW_SECONDS),
    )
    advised = [
        (row, *advice)
        for row in rows
        if (advice := slot_advice(float(row["per_second"]), row["slot_count"]))
    ]
    for row, what, count in advised[:_SHOWN]:
        name = f"{row['tenant_id']} {row['quota_type']} {row['limit_type']}"
        yield Finding(NOTE, f"{name}: {what}", _give_slots(row, count))
    if len(advised) > _SHOWN:
        yield Finding(NOTE, f"and {len(advised) - _SHOWN} quotas more")


def _give_slots(row: Row, count: int) -> str:
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
