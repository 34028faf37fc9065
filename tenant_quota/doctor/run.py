"""`doctor`: is this a server on which quotas are safe, and is all well with them? Reads only.

Each check is one function in CHECKS, which gets the patient and gives findings. What the
connected account may not see is a finding too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import ConnectionOptions
from tenant_quota.doctor import accounts, callers, findings, load, objects, server
from tenant_quota.doctor.findings import NOTE, OK, PROBLEM, WARNING, Check, Finding, Patient
from tenant_quota.grants.held import read_own
from tenant_quota.schema.facts import is_replica
from tenant_quota.statements import LOCK_WAIT_TIMEOUT, StatementFailed, fetch, run

#: What is looked at, in this order. A check needs an installed schema where its name says so.
CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        *(server.version, server.fitness, server.binlog, server.durability, server.sql_mode),
        *(server.isolation, server.autocommit, server.sysdate_is_now, server.time_zones),
        *(server.replication, server.event_scheduler),
        *(objects.installed, objects.events, objects.health),
        *(accounts.privileges, accounts.definers, callers.roles, callers.temporary_tables),
        *(load.long_transactions, load.left_open, load.sweeps, load.lock_waits),
        *(load.table_locks, load.slots),
    )
}

_DENIED = {1044, 1045, 1142, 1143, 1227, 1356, 1370, 1445}
_DO = {
    LOCK_WAIT_TIMEOUT: "table_locks says who holds it",
    **dict.fromkeys(  # a column, a table, a procedure is missing
        (1054, 1146, 1305),
        "tenant-quota apply; where it is applied, tenant-quota verify names what differs",
    ),
}
_CORE = ("installed", "events", "health")  # an account that sees none of these cannot tell
_WAIT_SECONDS = 2  # for a metadata lock


@dataclass(frozen=True)
class Report:
    """What `doctor` found, the most pressing first."""

    database: str
    server: str  # VERSION()
    findings: list[Finding]

    @property
    def healthy(self) -> bool:
        """Whether nothing is to be done: notes are worth knowing, and no more."""
        return not any(f.severity in (PROBLEM, WARNING) for f in self.findings)

    @property
    def blind(self) -> bool:
        """Whether nothing of what is installed could be seen."""
        core = [f for f in self.findings if f.check.partition(".")[0] in _CORE]
        return bool(core) and not any(f.seen for f in core)

    @property
    def exit_code(self) -> int:
        """0 healthy, 1 not, 2 nobody can tell."""
        return 2 if self.blind else 0 if self.healthy else 1


def examine(
    options: ConnectionOptions,
    *,
    ignore: tuple[str, ...] = (),
    checks: dict[str, Check] | None = None,
) -> Report:
    """Look at a server and the schema on it. Writes nothing. Raises TenantQuotaError.

    ``ignore`` holds patterns (``*``, ``?``) of checks whose warnings and problems are only
    notes, by name (``health.overdue_resets``).
    """
    with connect_to_database(options) as connection:
        # The server itself now refuses whatever would write; nothing is waited for long.
        run(
            connection,
            "SET SESSION transaction_read_only = ON, SESSION time_zone = 'SYSTEM', "
            "SESSION max_execution_time = 30000, SESSION lock_wait_timeout = %s",
            (_WAIT_SECONDS,),
        )
        variables = {
            row["Variable_name"]: row["Value"] for row in fetch(connection, "SHOW GLOBAL VARIABLES")
        }
        own, replica = read_own(connection), is_replica(connection)
        patient = Patient(connection, options.database, variables, own, replica)
        found = [
            _accepted(finding, ignore)
            for name, check in (checks or CHECKS).items()
            for finding in _run(patient, name, check)
        ]
    order = (PROBLEM, WARNING, NOTE, OK)
    found.sort(key=lambda finding: order.index(finding.severity))
    return Report(options.database, variables["version"], found)


def _run(patient: Patient, name: str, check: Check) -> list[Finding]:
    """Return what one check found; a check that could not be made is a warning."""
    try:
        found = list(check(patient))
    except StatementFailed as error:
        why = error.message.splitlines()[0]
        do = _DO.get(error.number, "")
        unseen, missed = findings.unseen(why), findings.not_looked_at(f"not looked at: {why}", do)
        found = [unseen if error.number in _DENIED else missed]
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        why = f"not looked at: the answer is not what this version expects ({error!r})"
        found = [findings.not_looked_at(why, "tenant-quota verify names what is not as installed")]
    return [replace(f, check=f"{name}.{f.check}" if f.check else name) for f in found]


def _accepted(finding: Finding, ignore: tuple[str, ...]) -> Finding:
    """Return the finding as a note where it is one that is meant."""
    wanted = finding.severity in (PROBLEM, WARNING)
    if wanted and any(fnmatchcase(finding.check, pattern) for pattern in ignore):
        return replace(finding, severity=NOTE, what=f"{finding.what} (ignored)")
    return finding
