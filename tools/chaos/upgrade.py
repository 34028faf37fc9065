"""An upgrade of every procedure, and its rollback, under callers that never stop."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tenant_quota.apply import migrate
from tenant_quota.connection_options import resolve
from tests.helpers.callers import call_during, installed
from tests.helpers.releases import next_release

CALLERS = 16
LONGEST = 5.0  # seconds


def upgrade(server_url: str) -> list[str]:
    """Replace all of them, and bring all of them back; tell what callers saw meanwhile."""
    took: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        installed(server_url) as (url, prefix),
    ):
        root = next_release(Path(folder) / "sql")
        before = [state.migration for state in migrate.status(resolve(url=url))][-1]

        def there_and_back() -> None:
            definer = f"{prefix}_definer@localhost"
            begun = time.monotonic()
            done = migrate.apply(resolve(url=url), root=root, definer=definer)
            took.append(time.monotonic() - begun)
            assert [name.partition("_")[2] for name in done] == ["change_procedures"]
            migrate.rollback(resolve(url=url), root=root, to=before)
            took.append(time.monotonic() - begun - took[0])

        seen = call_during(url, prefix, CALLERS, there_and_back)
        procedures = len(list((root / "procedures").rglob("*.sql")))
    seen.assert_right()
    assert seen.longest < LONGEST, seen
    errors = ", ".join(f"{count} of {number}" for number, count in sorted(seen.errors.items()))
    return [
        f"upgrade: {procedures} procedures replaced in {took[0]:.1f} s and brought back in"
        f" {took[1]:.1f} s under {CALLERS} callers, {seen.calls} calls, each charged once",
        f"  errors: {errors or 'none'}; the longest that a call took with all its errors:"
        f" {seen.longest * 1000:.0f} ms",
    ]
