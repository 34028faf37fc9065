"""Checks of what is installed: migrations, events, and what the view quota_health says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tenant_quota.apply.object_files import object_paths
from tenant_quota.doctor import findings
from tenant_quota.doctor.findings import NOTE, OK, PROBLEM, WARNING, Finding, Patient, fine
from tenant_quota.names import account_named
from tenant_quota.paths import sql_root
from tenant_quota.schema.lock import read_lock
from tenant_quota.statements import StatementFailed

_HEALTH = {"OK": OK, "WARNING": WARNING, "ERROR": PROBLEM}
_NO_TABLE = 1146
_YOUNG_SECONDS = 180  # an event that was made since may not have run yet
_DO = {
    "overdue_resets": "CALL reset_due_quotas(100); then look at the events",
    "lapsed_reservations": "CALL expire_quota_reservations(100); then look at the events",
    "orphan_quotas": "CALL define_tenant for each",
    "unknown_zones": "load the time zone tables, or CALL define_tenant with a zone that is known",
    "undelivered_alerts": "tenant-quota alerts --follow",
    "counters_over_limit": "CALL reconcile_quotas(NULL, FALSE)",
}


@fine("up to date; tenant-quota verify tells whether it is unchanged")
def installed(patient: Patient) -> Iterator[Finding]:
    """Is everything applied? Whether it is unchanged is what `verify` tells."""
    files = read_lock(sql_root()).migrations
    names = {name.rpartition(".")[0] for name in files if not name.endswith(".rollback.sql")}
    pending = names - _applied(patient)
    if pending == names:
        yield Finding(PROBLEM, "tenant-quota is not installed here", "tenant-quota apply")
    elif pending:
        count = f"{len(pending)} {'migration is' if len(pending) == 1 else 'migrations are'}"
        yield Finding(WARNING, f"{count} pending", "tenant-quota apply")


def _applied(patient: Patient) -> set[str]:
    """Return the migrations that are applied; none where yoyo has no table."""
    try:
        return {row["id"] for row in patient.ask("SELECT migration_id AS id FROM _yoyo_migration")}
    except StatementFailed as error:
        if error.number != _NO_TABLE:
            raise
        return set()


def events(patient: Patient) -> Iterator[Finding]:
    """Each event is enabled on the server that writes, and asleep on one that replicates.

    A replica's and a group's secondary's are asleep by themselves, and stay so when the
    server becomes the primary.
    """
    rows = patient.ask(
        "SELECT event_name AS name, status AS status, definer AS definer "
        "FROM information_schema.events WHERE event_schema = DATABASE()"
    )
    found = {row["name"]: row for row in rows}
    shipped = [Path(path).stem for path in object_paths(sql_root()) if path.startswith("events/")]
    if not found and not patient.may("EVENT"):
        do = f"GRANT EVENT ON `{patient.schema}`.* TO this account"
        yield findings.unseen("events show only to accounts with EVENT", do)
        return
    do = "tenant-quota apply"
    if not found.keys() >= set(shipped) and _applied(patient):
        do += " --force"  # what is applied and gone comes back by force alone
    for name in shipped:
        if name in found:
            yield _event(patient, name, found[name])
        else:
            yield Finding(PROBLEM, f"event {name} is missing", do, name)


def _event(patient: Patient, name: str, row: dict[str, str]) -> Finding:
    status = row["status"]
    definer = account_named(row["definer"]).quoted
    # Whoever runs ALTER EVENT becomes the definer, unless it names one.
    enable = f"ALTER DEFINER = {definer} EVENT `{patient.schema}`.`{name}` ENABLE"
    if status.endswith("SIDE_DISABLED"):
        if patient.is_replica:
            return Finding(OK, f"event {name} is asleep, as on any replica", "", name)
        what = f"event {name} is still asleep as on a replica, and this server is none (any more)"
        return Finding(WARNING, what, enable, name)
    if status == "DISABLED":
        do = f"on the primary: {enable}" if patient.is_on("super_read_only") else enable
        return Finding(WARNING, f"event {name} is disabled", do, name)
    if patient.is_on("super_read_only"):
        # As on a group's former primary. Nobody may alter it here; by replication it falls asleep.
        what = f"event {name} is enabled on a server that refuses writes: each run of it fails"
        return Finding(WARNING, what, f"on the primary: {enable}; here it falls asleep by it", name)
    if patient.is_replica:
        what = f"event {name} is enabled on a replica: it fails, or writes what the primary did not"
        asleep = enable.replace("ENABLE", "DISABLE ON SLAVE")
        return Finding(WARNING, what, asleep, name)
    return Finding(OK, f"event {name} is enabled", "", name)


def health(patient: Patient) -> Iterator[Finding]:
    """What the view says of resets, reservations, heartbeats, zones, alerts and counters."""
    made = patient.ask(
        "SELECT CONCAT('job.', event_name) AS name FROM information_schema.events "
        "WHERE event_schema = DATABASE() AND created > NOW() - INTERVAL %s SECOND",
        _YOUNG_SECONDS,
    )
    young = {row["name"] for row in made}
    rows = patient.ask("SELECT * FROM quota_health WHERE check_name NOT LIKE 'event.%'")
    for row in rows:
        name, severity, what = row["check_name"], _HEALTH[row["status"]], row["detail"]
        if not name.startswith("job."):
            what = f"{row['amount'] or 0:,}: {what}"
        elif severity == WARNING and (patient.is_replica or name in young):
            severity = NOTE  # the primary's heartbeats come late; a new event's first is to come
        do = _DO.get(name, "look at event_scheduler, events and sweeps")
        if name.startswith("future_"):
            do = "set the clock and the zone right; the next call settles a period that lies ahead"
        do = "" if severity == OK else do
        yield Finding(severity, what, do, name)
    if missing := _DO.keys() - {row["check_name"] for row in rows}:
        what = (
            f"quota_health has no row for {', '.join(sorted(missing))}: it is not the one we ship"
        )
        do = "tenant-quota verify shows what differs; tenant-quota apply --force puts it back"
        yield findings.not_looked_at(what, do)
