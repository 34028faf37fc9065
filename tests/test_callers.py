"""Callers at work see an upgrade as a moment of 1305, and never a wrong answer."""

from __future__ import annotations

from tenant_quota.apply import migrate
from tenant_quota.connection_options import resolve
from tests.callers import call_during, installed
from tests.releases import next_release

CALLERS = 16
#: What consume_quota calls, and what ends its transactions.
REPLACED = (
    "charge_quota",
    "consume_quota",
    "end_quota_transaction",
    "open_quota_transaction",
)
LONGEST = 3.0  # seconds that a call takes with all its errors; seen: 0.4 on two busy cores
ERRORS = 20  # of a caller, for each procedure, that tries again every 5 ms; seen: 1


def test_16_callers_at_work_while_what_they_call_is_replaced(server_url, tmp_path):
    root = next_release(tmp_path / "sql", REPLACED)
    with installed(server_url) as (url, prefix):
        definer = f"{prefix}_definer@localhost"

        def upgrade() -> None:
            done = migrate.apply(resolve(url=url), root=root, definer=definer)
            assert len(done) == len(REPLACED)

        seen = call_during(url, prefix, CALLERS, upgrade)
    seen.assert_right()
    assert seen.calls > CALLERS
    assert seen.longest < LONGEST
    assert seen.errors.total() < ERRORS * CALLERS * len(REPLACED)
