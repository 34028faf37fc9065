"""Checks of the server: what quotas rely on, whoever calls them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tenant_quota.apply.fitness import unfit
from tenant_quota.doctor.findings import NOTE, OK, PROBLEM, WARNING, Finding, Patient, fine
from tenant_quota.paths import sql_root
from tenant_quota.schema.lock import read_lock
from tenant_quota.statements import StatementFailed

_LATE = 60  # seconds that a replica may be behind


def version(patient: Patient) -> Iterator[Finding]:
    """Is it a server that this was tested on? (Older than 8.0.19 cannot even be connected.)"""
    server = patient.variables["version"]
    series = ".".join(re.findall(r"\d+", server)[:2])
    lock = read_lock(sql_root())
    if lock.knows(series):
        yield Finding(OK, f"MySQL {server}")
    else:
        tested = ", ".join(sorted({*lock.other_servers, lock.server}))
        what = f"MySQL {server}: tenant-quota was tested on {tested}, not on {series}"
        yield Finding(NOTE, what, "try the upgrade on a copy, and run tenant-quota verify there")


def binlog(patient: Patient) -> Iterator[Finding]:
    """Row-based: what procedures write is not the same when they run again elsewhere."""
    form = patient.variables.get("binlog_format", "ROW")
    if not patient.is_on("log_bin"):
        what = "no binary log: no replicas, and no recovery to a point in time"
        yield Finding(NOTE, what, "start mysqld with log_bin, if this is to be kept")
    elif form == "MIXED":
        what = f"binlog_format is {form}: replicas would run the procedures again and differ"
        yield Finding(PROBLEM, what, "SET PERSIST binlog_format = ROW, and connect anew")
    elif form == "ROW":
        yield Finding(OK, "binary log by rows")


@fine("it can hold quotas, and is the only one that writes")
def fitness(patient: Patient) -> Iterator[Finding]:
    """What `apply` refuses, and servers that write in several places at once."""
    for name, what, do in unfit(patient.variables):
        yield Finding(PROBLEM, what, do, name)
    if patient.is_on("wsrep_on"):
        what = (
            "this is a Galera node: GET_LOCK holds on one node only, and two nodes that charge one "
            "quota refuse each other's commits"
        )
        do = "call and sweep on one node only, and --ignore this"
        yield Finding(PROBLEM, what, do, "wsrep_on")
    single = patient.variables.get("group_replication_single_primary_mode", "ON")
    if single != "ON" and patient.variables.get("group_replication_group_name"):
        what = "the group has several primaries: two that charge one quota refuse each other"
        do = "SELECT group_replication_switch_to_single_primary_mode()"
        yield Finding(PROBLEM, what, do, "group_replication")


@fine("what was answered is on the disk")
def durability(patient: Patient) -> Iterator[Finding]:
    """A charge that was answered must outlive a crash."""
    for variable, right, applies in (
        ("innodb_flush_log_at_trx_commit", ("1",), True),
        ("sync_binlog", ("1",), patient.is_on("log_bin")),
        ("innodb_doublewrite", ("ON", "DETECT_AND_RECOVER", "1"), True),
    ):
        value = patient.variables.get(variable, right[0])
        if applies and value not in right:
            what = f"{variable} is {value}: a crash can take back charges that were answered"
            yield Finding(WARNING, what, f"SET PERSIST {variable} = {right[0]}", variable)


@fine("strict")
def sql_mode(patient: Patient) -> Iterator[Finding]:
    """Procedures keep their own mode; what calls them and SQL by hand have the server's."""
    value = patient.variables["sql_mode"]
    if not {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "TRADITIONAL"} & {*value.split(",")}:
        what = (
            f"sql_mode is '{value}', not strict: arguments that are too long are cut without an "
            "error, and two keys become one; SQL by hand stores what does not fit"
        )
        yield Finding(WARNING, what, "SET PERSIST sql_mode = DEFAULT")


def isolation(patient: Patient) -> Iterator[Finding]:
    """Calls of their own choose their level; those in a caller's transaction have its."""
    level = patient.variables["transaction_isolation"]
    severity, what = {
        "READ-COMMITTED": (OK, ""),
        "REPEATABLE-READ": (
            OK,
            ", MySQL's default: right, and in callers' own transactions it locks gaps "
            "that others of the same quota may have to wait for",
        ),
        "SERIALIZABLE": (
            WARNING,
            ": in callers' transactions every read locks, and they wait and deadlock",
        ),
    }.get(level, (WARNING, ": SQL by hand decides on what others may still roll back"))
    do = "" if severity == OK else "SET PERSIST transaction_isolation = 'READ-COMMITTED'"
    yield Finding(severity, level + what, do)


@fine("on")
def autocommit(patient: Patient) -> Iterator[Finding]:
    """Off for everybody, every call is part of a transaction that somebody must commit."""
    if not patient.is_on("autocommit"):
        what = "autocommit is OFF: every call is JOINED, and lost where nobody commits"
        yield Finding(WARNING, what, "SET PERSIST autocommit = ON")


@fine("off: a pinned clock is found out")
def sysdate_is_now(patient: Patient) -> Iterator[Finding]:
    """SYSDATE() is the one clock that SET timestamp does not move, unless this option is set."""
    (row,) = patient.ask("SELECT SYSDATE(6) > NOW(6) AS real_time FROM (SELECT SLEEP(0.001)) AS s")
    if not row["real_time"]:
        what = (
            "mysqld runs with sysdate-is-now: whoever may call can SET timestamp, and so get "
            "refills and resets that are not due; it is not found out"
        )
        yield Finding(PROBLEM, what, "start mysqld without sysdate-is-now")


@fine("loaded")
def time_zones(patient: Patient) -> Iterator[Finding]:
    """Zones with names are in tables that somebody must have loaded."""
    zone = "CONVERT_TZ('2001-01-01', '+00:00', 'Asia/Shanghai')"
    if patient.ask(f"SELECT {zone} AS moment")[0]["moment"] is None:
        what = "the time zone tables are empty: tenants can only have offsets such as +08:00"
        do = "mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql mysql"
        yield Finding(WARNING, what, do)


def event_scheduler(patient: Patient) -> Iterator[Finding]:
    """Without it answers stay right, and nothing is swept, purged or shown as reset."""
    value = patient.variables["event_scheduler"]
    if value == "ON" or patient.is_replica:
        yield Finding(OK, value)
    else:
        what = f"event_scheduler is {value}: nothing sweeps; answers are right all the same"
        started = "start mysqld with event_scheduler=ON"
        do = started if value == "DISABLED" else "SET PERSIST event_scheduler = ON"
        yield Finding(WARNING, what, do)


def replication(patient: Patient) -> Iterator[Finding]:
    """Who writes here: it, nobody, or another server."""
    members = patient.ask(
        "SELECT member_state AS state FROM performance_schema.replication_group_members "
        "WHERE member_id = @@server_uuid"
    )
    channels = _channels(patient)
    states = [row["state"] for row in members if row["state"] not in ("", "OFFLINE")]
    for state in states:
        if state != "ONLINE":
            what = f"this member of its group is {state}"
            yield Finding(PROBLEM, what, "look into performance_schema.replication_group_members")
    for channel in channels:
        yield _channel(channel)
    read_only = patient.is_on("read_only") or patient.is_on("super_read_only")
    if read_only and not channels and not states:
        what = "read_only is ON and it replicates nobody: every call that charges fails (1290)"
        yield Finding(PROBLEM, what, "SET PERSIST super_read_only = OFF, then read_only = OFF")
    elif channels and not read_only:
        what = "it replicates another server and is not read_only: a call here makes them differ"
        yield Finding(WARNING, what, "SET PERSIST super_read_only = ON")
    elif read_only:
        yield Finding(NOTE, "read-only: call the primary")
    elif not channels:
        yield Finding(OK, "primary of its group" if states else "a server of its own")


def _channels(patient: Patient) -> list[dict[str, object]]:
    """Return what SHOW REPLICA STATUS says of each channel; the name came with 8.0.22."""
    try:
        rows = patient.ask("SHOW REPLICA STATUS")
    except StatementFailed as error:
        if error.number != 1064:
            raise
        rows = patient.ask("SHOW SLAVE STATUS")
    return [
        {
            name.replace("Slave", "Replica").replace("Master", "Source"): value
            for name, value in row.items()
        }
        for row in rows
        if not row["Channel_Name"].startswith("group_replication")
    ]


def _channel(row: dict[str, object]) -> Finding:
    io, applier = row["Replica_IO_Running"], row["Replica_SQL_Running"]
    where, late = f"replica of {row['Source_Host']}", row["Seconds_Behind_Source"]
    if io != "Yes" or applier != "Yes":
        error = row.get("Last_SQL_Error") or row.get("Last_IO_Error") or "stopped"
        what = f"{where} does not run (receiver {io}, applier {applier}): {error}"
        return Finding(PROBLEM, what, "mend what it says, then START REPLICA")
    if isinstance(late, int) and late > _LATE:
        return Finding(WARNING, f"{where} is {late} s behind: after a failover use is missing")
    return Finding(OK, where)
