"""apply, upgrade and rollback, killed and run again, end as if nothing had happened.

Here at a sample of their statements; ``make chaos`` goes through all of them, and kills the
server as well.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, zip_longest

import pytest

from tenant_quota.apply import migrate
from tenant_quota.apply.backend import lock_name
from tenant_quota.apply.object_statements import SCRATCH
from tenant_quota.connection_options import resolve
from tenant_quota.errors import TenantQuotaError
from tenant_quota.schema.verify import verify
from tests.helpers.kills import (
    MOMENTS,
    cut_connection,
    end_process,
    ended_at,
    run_and_end,
    run_in_a_process,
)
from tests.helpers.server import connect, fresh_schema
from tests.helpers.states import facts, recorded
from tests.helpers.support import apply_everything, at_once, rows, value, wait_until
from tests.helpers.upgrades import Undisturbed, Upgrade


@pytest.fixture(scope="module")
def upgrade(server_url, tmp_path_factory):
    """Give a release that is installed, and its next version."""
    folder = tmp_path_factory.mktemp("upgrade") / "sql"
    with fresh_schema(server_url) as url, Upgrade(folder, url) as upgrade:
        yield upgrade


@pytest.fixture(scope="module")
def works(upgrade):
    return Undisturbed(upgrade, "upgrade")


def numbers(works: Undisturbed, pattern: str) -> list[tuple[int, ...]]:
    """Return where each work's statements match, side by side; 0 where one has no more."""
    found = [
        [n for n, text in enumerate(sent, start=1) if re.match(pattern, text)]
        for sent in works.statements
    ]
    return list(zip_longest(*found, fillvalue=0))


def test_a_connection_that_is_cut_after_any_statement_that_cannot_be_undone(works):
    ddl = numbers(works, rf"(?!.*{SCRATCH})(CREATE|ALTER|DROP|GRANT)")
    assert len(ddl) > 8
    for pair in ddl:
        assert works.killed_at(pair, "after", cut_connection)


def test_a_connection_that_is_cut_at_any_other(works):
    others = numbers(works, r"INSERT|UPDATE|DELETE|REPLACE|COMMIT|SELECT|SET|SHOW")
    for pair, moment in zip(others[3::31], cycle(MOMENTS), strict=False):
        assert works.killed_at(pair, moment, cut_connection)


def test_a_client_that_is_killed_at_any_statement(works):
    for number in range(29, 110, 37):
        assert works.killed_at(number, "before", end_process)


def test_what_was_killed_half_way_can_be_turned_round(works):
    # An upgrade that went wrong is taken back; a rollback that did is applied again.
    for pair in numbers(works, rf"(?!.*{SCRATCH})(CREATE|ALTER|DROP)")[::3]:
        assert works.turned_at(pair, "after", cut_connection)


def test_what_is_pinned_anew_is_carried_on_and_turned_round_as_well(server_url, tmp_path):
    with fresh_schema(server_url) as url, Upgrade(tmp_path / "sql", url) as upgrade:
        upgrade.upgrade()
        works = Undisturbed(upgrade, "anew")
        ddl = numbers(works, rf"(?!.*{SCRATCH})(CREATE|ALTER|DROP|GRANT|COMMIT|REPLACE)")
        assert len(ddl) > 8
        for pair in ddl[::2]:
            assert works.killed_at(pair, "after", cut_connection)
        for pair in ddl[1::2]:
            assert works.turned_at(pair, "after", cut_connection)


def test_a_removal_that_was_killed_half_way_is_taken_back_by_an_apply(server_url, tmp_path):
    folder = tmp_path / "sql"
    with fresh_schema(server_url) as url, Upgrade(folder, url) as upgrade:
        works = Undisturbed(upgrade, "fresh")
        drops = [pair[1] for pair in numbers(works, "DROP TABLE quota_object_history")]
        assert len(drops) == 1
        assert works.turned_at((0, *drops), "after", cut_connection)


def test_an_apply_that_is_killed_again_and_again_gets_to_the_end(server_url):
    with fresh_schema(server_url) as undisturbed, fresh_schema(server_url) as url:
        apply_everything(undisturbed)
        kills = 0
        # Each run gets a little further than what it takes to look where the last one was.
        while run_and_end(
            lambda: migrate.apply(resolve(url=url)), 83, MOMENTS[kills % 3], cut_connection
        ):
            kills += 1
        assert kills > 3
        assert verify(resolve(url=url)).findings == []
        assert facts(url) == facts(undisturbed)
        assert recorded(url) == recorded(undisturbed)


def test_who_comes_after_a_cut_waits_for_the_mark_that_is_under_way(server_url, tmp_path):
    """The server commits what it was sent, also where nobody is left to hear of it."""
    waiting = "SELECT COUNT(*) FROM performance_schema.data_lock_waits AS w JOIN"
    waiting += " performance_schema.data_locks AS l ON l.engine_lock_id = w.blocking_engine_lock_id"
    waiting += " WHERE l.object_schema = DATABASE() AND l.object_name = '_yoyo_migration'"
    with fresh_schema(server_url) as url, Upgrade(tmp_path / "sql", url) as upgrade:
        upgrade.upgrade()
        columns = "migration_hash, migration_id, applied_at_utc"
        with connect(url) as cut, connect(url) as other:
            ((mark),) = rows(
                other, f"SELECT {columns} FROM _yoyo_migration ORDER BY 2 DESC LIMIT 1"
            )
            rows(other, "DELETE FROM _yoyo_migration WHERE migration_id = %s", mark[1])
            other.commit()
            rows(cut, f"INSERT INTO _yoyo_migration ({columns}) VALUES (%s, %s, %s)", *mark)
            with ThreadPoolExecutor(1) as pool:
                after = pool.submit(migrate.apply, upgrade.options, root=upgrade.next)
                assert wait_until(lambda: value(other, waiting))
                cut.commit()
                assert after.result(timeout=30) == []


def test_of_two_upgrades_at_once_one_is_killed_and_the_other_does_the_rest(works, upgrade):
    awaited = (
        "SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE lock_status = 'PENDING'"
        f" AND object_name = '{lock_name(upgrade.options.database)}'"
    )

    def die_once_awaited(_: object) -> None:
        with connect(upgrade.url) as connection:
            assert wait_until(lambda: value(connection, awaited))
        os._exit(9)

    first = partial(run_in_a_process, upgrade.upgrade, 80, "before", die_once_awaited)
    notes: list[str] = []

    def second() -> str:
        with connect(upgrade.url) as looking:
            held = "SELECT IS_USED_LOCK(%s)"
            assert wait_until(lambda: value(looking, held, lock_name(upgrade.options.database)))
        upgrade.upgrade(on_note=notes.append)
        return ""

    assert at_once(2, lambda turn: (first, second)[turn]()) == ["statement 80", ""]
    assert "Another apply or rollback is running" in notes[0]
    assert upgrade.state()["facts"] == works.states[0]["facts"]
    upgrade.back()


def test_after_a_kill_rollback_says_how_to_take_back_no_more_than_was_asked_for(upgrade, works):
    upgrade.upgrade()
    with ended_at(0, "before", cut_connection) as statements:
        migrate.rollback(upgrade.options, root=upgrade.next)
    commits = [n for n, text in enumerate(statements.sent, start=1) if text == "COMMIT"]
    upgrade.upgrade()
    with (
        ended_at(commits[-1], "after", cut_connection),
        pytest.raises(TenantQuotaError, match="rollback --to 0008_change_views` when"),
    ):
        migrate.rollback(upgrade.options, root=upgrade.next)
    assert migrate.rollback(upgrade.options, root=upgrade.next, to="0008_change_views") == []
    upgrade.back()
