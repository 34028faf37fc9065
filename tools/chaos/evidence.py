"""What the database holds, against what the callers noted: each acknowledged call exactly once."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pymysql.connections import Connection

from tests.helpers.support import call, rows, value
from tools.chaos.notes import BIZ, HELD, LOOSE, Note
from tools.chaos.witness import Caller

Limit = tuple[str, str, str, int, dict[str, int]]
#: Of each family: (tenant, quota type, limit type, hard limit, options); the child's use is the root's too.
LIMITS: tuple[Limit, ...] = (
    ("root", "UNITS", "MONTHLY", 100_000, {"slot_count": 4}),
    ("child", "UNITS", "HOURLY", 100_000, {}),
    ("child", "UNITS", "TOTAL", 100_000, {}),
    ("child", "UNITS", "RATE", 300, {"refill_per_second": 100}),
    ("root", "FEW", "DAILY", 90, {}),
    ("child", "FEW", "TOTAL", 60, {}),
    ("root", HELD, "CONCURRENT", 6, {}),
    ("child", HELD, "CONCURRENT", 4, {}),
)


def define(
    connection: Connection,
    family: str,
    boundary_seconds: int | None = None,
    limits: Sequence[Limit] = LIMITS,
) -> None:
    """Define a family of two tenants; its hourly period ends in so many seconds, if it says so."""
    boundary = boundary_seconds and value(
        connection, "SELECT CAST(NOW() + INTERVAL %s SECOND AS CHAR)", boundary_seconds
    )
    call(connection, "define_tenant", f"root_{family}", "root", None, None)
    call(connection, "define_tenant", f"child_{family}", "child", None, f"root_{family}")
    for tenant, quota_type, limit_type, hard, options in limits:
        anchored = {"period_anchor": boundary} if boundary and limit_type == "HOURLY" else {}
        call(
            connection,
            "define_quota",
            *(f"{tenant}_{family}", quota_type, limit_type, hard, hard // 2),
            json.dumps({**options, **anchored}),
        )


@dataclass
class Ledger:
    """The keys in the ledger, and the counted quotas that a call of a tenant is charged to."""

    sums: dict[tuple[str, str], dict[int, int]]  # (tenant, key) -> quota -> units
    charges: Counter[tuple[str, str, int]]  # (tenant, key, quota) -> rows that charged it
    quotas: dict[tuple[str, str], set[int]]  # (tenant, quota type) -> its own and its parent's

    @classmethod
    def read(cls, connection: Connection) -> Ledger:
        sums: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
        charges: Counter[tuple[str, str, int]] = Counter()
        for tenant, key, quota, units, charged in rows(
            connection,
            "SELECT IF(origin_tenant_id = '', tenant_id, origin_tenant_id), biz_id, quota_id,"
            " SUM(delta_value), SUM(operation_type = 'CONSUME') FROM quota_usage_records"
            " WHERE biz_type = %s AND biz_id NOT LIKE %s GROUP BY 1, 2, 3",
            BIZ,
            f"{LOOSE}%",
        ):
            sums[tenant, key][quota] = int(units)
            charges[tenant, key, quota] = int(charged)
        quotas: dict[tuple[str, str], set[int]] = defaultdict(set)
        for tenant, quota_type, quota in rows(
            connection,
            "SELECT t.tenant_id, q.quota_type, q.quota_id FROM tenants AS t JOIN tenant_quotas AS q"
            " ON q.tenant_id IN (t.tenant_id, t.parent_tenant_id)"
            " WHERE q.limit_type NOT IN ('RATE', 'CONCURRENT')",
        ):
            quotas[tenant, quota_type].add(quota)
        return cls(dict(sums), charges, dict(quotas))

    def use(self, note: Note, key: str) -> int | None:
        """Return the use of a key, the same in every quota; None if it is in none."""
        found = self.sums.get((note.tenant, key))
        if found is None:
            return None
        where = f"{note.tenant} {key}: {found}"
        assert found.keys() == self.quotas[note.tenant, note.quota_type], f"in part: {where}"
        assert len(set(found.values())) == 1, f"not the same in every quota: {where}"
        for quota in found:
            assert self.charges[note.tenant, key, quota] == 1, f"not charged once: {where}"
        return next(iter(found.values()))


def check_keys(connection: Connection, notes: Sequence[Note]) -> None:
    """Find every acknowledged call in the ledger exactly once, and nothing that was not made.

    A call whose answer was lost may be there or not; those of one transaction all, or none.
    """
    ledger = Ledger.read(connection)
    by_key: dict[tuple[str, str], list[Note]] = defaultdict(list)
    for note in notes:
        for key in note.units:
            by_key[note.tenant, key].append(note)
    unknown = ledger.sums.keys() - by_key.keys()
    assert not unknown, f"in the ledger, and nobody's: {sorted(unknown)[:5]}"
    for (tenant, key), calls in by_key.items():
        used = ledger.use(calls[0], key)
        granted = [note for note in calls if note.fate == "GRANTED"]
        lost = [note for note in calls if note.fate == "LOST"]
        least = sum(note.units[key] for note in granted)
        allowed: set[int | None] = {least if any(note.charges for note in granted) else None}
        if lost:
            allowed.add(sum(note.units[key] for note in granted + lost))
        assert used in allowed, f"{tenant} {key} is {used}, not {allowed}: {calls}"
    together: dict[tuple[str, int], set[bool]] = defaultdict(set)
    for note in notes:
        if note.fate == "LOST" and note.charges:
            for key in note.units:
                caller = key.partition("-")[0]
                together[caller, note.group].add((note.tenant, key) in ledger.sums)
    torn = [group for group, there in together.items() if len(there) > 1]
    assert not torn, f"a transaction is there in part: {torn}"


def check_figures(connection: Connection, callers: Sequence[Caller]) -> None:
    """Counters agree with the ledger, no limit is exceeded, and every token and lease is right."""
    drift = rows(connection, "CALL reconcile_quotas(%s, FALSE)", None)
    assert not drift, f"reconcile_quotas: {drift}"
    over = rows(
        connection,
        # A bucket counts all tokens since it was last full; the monitor knows what flowed back.
        "SELECT q.quota_id, q.limit_type, q.used_count, q.hard_limit FROM tenant_quotas AS q"
        " JOIN quota_usage_monitor AS m USING (quota_id)"
        " WHERE IF(q.limit_type = 'RATE', m.used_count, q.used_count)"
        " > IF(q.limit_type = 'CONCURRENT', q.concurrent_tokens, q.hard_limit)",
    )
    assert not over, f"above the limit: {over}"
    over = rows(
        connection,
        # A period that the clock led back into is open twice, and closed each time but the last.
        "SELECT q.tenant_id, q.quota_type, q.limit_type, r.period_start,"
        " SUM(IF(r.operation_type <> 'RESET', r.delta_value, 0)) AS used,"
        " GREATEST(1, SUM(r.operation_type = 'RESET' AND r.delta_value <= 0)"
        "             + (q.period_start <=> r.period_start)) AS openings"
        " FROM quota_usage_records AS r JOIN tenant_quotas AS q USING (quota_id)"
        " GROUP BY q.quota_id, r.period_start HAVING used > MAX(q.hard_limit) * openings"
        # Where an ADJUST row has moved the use to another period, refunds of it stay behind.
        " OR used < 0 AND SUM(r.operation_type = 'ADJUST') = 0",
    )
    assert not over, f"a period above its limit: {over}"
    tokens = sum((each.tokens for each in callers), Counter[str]())
    unknown = sum((each.unknown_tokens for each in callers), Counter[str]())
    for tenant, family, held, leased, used in rows(
        connection,
        "SELECT q.tenant_id, SUBSTRING_INDEX(q.tenant_id, '_', -1), q.leased_count,"
        " (SELECT COALESCE(SUM(h.amount), 0) FROM quota_reservations AS h"
        "  WHERE h.quota_id = q.quota_id AND h.status = 'HELD'), q.used_count"
        " FROM tenant_quotas AS q WHERE q.limit_type = 'CONCURRENT'",
    ):
        assert held == leased, f"{tenant}: {held} tokens for leases, which hold {leased}"
        names = {tenant, f"child_{family}"}
        out, doubt = sum(tokens[n] for n in names), sum(unknown[n] for n in names)
        assert abs(used - leased - out) <= doubt, (
            f"{tenant}: {used - leased} tokens, not {out}; {doubt} unknown, {tokens}"
        )
    found: dict[str, str] = dict(
        rows(connection, "SELECT DISTINCT reservation_id, status FROM quota_reservations")
    )
    for caller in callers:
        for lease, state in caller.leases.items():
            allowed = {"HELD", "RELEASED"} if state == "UNKNOWN" else {state}
            assert found.get(lease, "") in allowed, (
                f"lease {lease}: {found.get(lease)}, not {state}"
            )


def call_again(connection: Connection, notes: Sequence[Note]) -> Counter[str]:
    """Make again each call that was acknowledged, or whose answer was lost, with its key.

    What was acknowledged answers REPLAYED, a reservation with its own id. What was lost is
    charged now if it was not: from here on it is known to be granted or denied.
    """
    seen: Counter[str] = Counter()
    for note in notes:
        if note.fate not in ("GRANTED", "LOST"):
            continue
        answer = call(connection, *note.again)
        seen[f"{note.fate} {answer.status}"] += 1
        if note.fate == "GRANTED":
            assert answer.status == "REPLAYED", f"{note} answered {answer}"
            if note.again[0] == "reserve_quota":
                assert answer.reservation_id == note.hold, f"{note} answered {answer}"
        note.fate = "GRANTED" if answer.success else "DENIED"
    return seen


def check_everything(
    connection: Connection, callers: Sequence[Caller], earlier: Sequence[Caller] = ()
) -> Counter[str]:
    """Check all keys and figures, call again what is not ``earlier``, and check once more."""
    everybody = [*earlier, *callers]
    notes = [note for each in everybody for note in each.notes]
    check_keys(connection, notes)
    check_figures(connection, everybody)
    seen = call_again(connection, [note for each in callers for note in each.notes])
    check_keys(connection, notes)
    check_figures(connection, everybody)
    return seen


def prove_that_it_can_fail(connection: Connection, callers: Sequence[Caller]) -> None:
    """Forget an acknowledged call, make one up, and delete one from the ledger: each must show.

    Leaves the ledger as it was.
    """
    notes = [note for each in callers for note in each.notes]
    granted = next(note for note in notes if note.fate == "GRANTED" and note.charges)
    denied = next(note for note in notes if note.fate == "DENIED" and note.charges)
    others = [note for note in notes if note is not granted and note is not denied]
    for lie in (
        [*others, replace(granted, fate="DENIED"), denied],
        [*[note for note in others if not note.units.keys() & granted.units.keys()], denied],
        [*others, granted, replace(denied, fate="GRANTED")],
    ):
        assert _fails(lambda lie=lie: check_keys(connection, lie)), "the check found nothing"
    connection.begin()
    try:
        rows(
            connection,
            "DELETE FROM quota_usage_records"  # with a refund of it nothing would be missing
            " WHERE operation_type = 'CONSUME' AND biz_type = %s AND biz_id IN %s",
            *(BIZ, tuple(granted.units)),
        )
        assert _fails(lambda: check_keys(connection, notes)), "a lost charge was not found"
        assert rows(connection, "CALL reconcile_quotas(%s, FALSE)", None), "nor by reconcile"
    finally:
        connection.rollback()


def _fails(check: Any) -> bool:
    try:
        check()
    except AssertionError:
        return True
    return False
