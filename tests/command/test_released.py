"""Upgrading from every released version equals a fresh install, and goes back.

Of a release all that it installed is kept in tests/released; see tools/releases.py.
"""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from tenant_quota.apply import migrate
from tenant_quota.apply.pins import pin, released
from tenant_quota.connection_options import resolve
from tenant_quota.paths import sql_root
from tenant_quota.schema.verify import verify
from tests.helpers import TOP, accounts
from tests.helpers.client import run_file
from tests.helpers.releases import change_procedures, copy_release
from tests.helpers.server import connect, fresh_schema
from tests.helpers.states import facts, recorded
from tests.helpers.support import call, rows
from tools.releases import RELEASED, ship


def upgrade_from(release: Path, root: Path, server_url: str) -> None:
    """Install a release, upgrade it to what ``root`` has, compare with that alone, go back."""
    with (
        fresh_schema(server_url) as url,
        fresh_schema(server_url) as fresh,
        accounts.prefix(server_url) as prefix,
        closing(connect(url, autocommit=True)) as connection,
    ):
        done = run_file(url, release.read_text(encoding="utf-8"))
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        accounts.make_account(server_url, prefix)
        rows(connection, f"GRANT EXECUTE ON PROCEDURE consume_quota TO {prefix}")
        call(connection, "define_quota", "T", "UNITS", "TOTAL", 10, None, None)
        was, held = facts(url), rows(connection, f"SHOW GRANTS FOR {prefix}")
        last = recorded(url)["marks"][-1][1]

        migrate.apply(resolve(url=url), root=root)
        migrate.apply(resolve(url=fresh), root=root)
        assert facts(url) == facts(fresh), f"{release.stem}: an upgrade is no fresh install"
        assert recorded(url)["marks"] == recorded(fresh)["marks"]
        assert rows(connection, f"SHOW GRANTS FOR {prefix}") == held
        if root == sql_root():
            assert verify(resolve(url=url)).findings == []
        with closing(accounts.session(url, prefix)) as caller:
            answer = call(caller, "consume_quota", "T", "UNITS", 1, None, None, None)
        assert (answer.status, answer.remaining) == ("GRANTED", 9)

        migrate.rollback(resolve(url=url), root=root, to=last)
        assert facts(url) == was, f"{release.stem}: what was there did not come back"
        assert rows(connection, f"SHOW GRANTS FOR {prefix}") == held


@pytest.mark.parametrize("release", sorted(RELEASED.glob("*.sql")), ids=lambda file: file.stem)
def test_an_upgrade_from_a_released_version_equals_a_fresh_install(release, server_url):
    upgrade_from(release, sql_root(), server_url)


def test_every_version_in_the_changelog_is_kept_and_its_migrations_are_there():
    changelog = (TOP / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)
    assert sorted(versions) == sorted(file.stem for file in RELEASED.glob("*.sql"))
    names = {file.stem for file in (sql_root() / "migrations").glob("[0-9]*")}
    assert released(sql_root() / "migrations") <= names


@pytest.fixture
def made_up(tmp_path):
    """Give what a release kept that was never made, and the SQL of the version after it."""
    root = copy_release(tmp_path / "sql")
    release = ship("0.0.1", root, tmp_path / "released")
    last = sorted((root / "migrations").glob("[0-9]*.py"))[-1].stem
    text = f"-- depends: {last}\nALTER TABLE tenants ADD note VARCHAR(9), ALGORITHM = INSTANT"
    added = root / f"migrations/{int(last[:4]) + 1:04}_add_note.sql"
    added.write_text(text, encoding="utf-8")
    text = "ALTER TABLE tenants DROP note, ALGORITHM = INSTANT"
    added.with_suffix(".rollback.sql").write_text(text, encoding="utf-8")
    view = root / "views/quota_usage_history.sql"
    text = view.read_text(encoding="utf-8")
    view.write_text(text.replace("SELECT", "SELECT 1 AS added,", 1), encoding="utf-8")
    (root / "events/purge_quota_usage.sql").unlink()
    change_procedures(root, ("consume_quota", "charge_quota"))
    return release, root


def test_so_it_is_from_a_release_that_was_made_up(made_up, server_url):
    release, root = made_up
    shipped = released(root / "migrations")
    names = {each.stem for each in (sql_root() / "migrations").glob("[0-9]*")}
    assert shipped == {name for name in names if not name.endswith(".rollback")}
    assert not any("change" in name for name in shipped)
    upgrade_from(release, root, server_url)


def test_and_a_released_migration_that_is_edited_is_found_out(made_up, server_url):
    release, root = made_up
    file = root / "migrations/0001_create_tables.sql"
    text = file.read_text(encoding="utf-8")
    assert "COMMENT = '" in text
    file.write_text(text.replace("COMMENT = '", "COMMENT = 'edited: "), encoding="utf-8")
    with pytest.raises(AssertionError, match="an upgrade is no fresh install"):
        upgrade_from(release, root, server_url)


def test_a_pin_that_a_release_has_shipped_is_not_rewritten(made_up):
    _, root = made_up
    assert pin(root) == []
    (pinned,) = (TOP / "migrations").glob("*_install_procedures.py")
    before = (root / "migrations" / pinned.name).read_text(encoding="utf-8")
    assert before == pinned.read_text(encoding="utf-8")


def test_a_version_is_shipped_once(made_up, tmp_path):
    _, root = made_up
    for version in ("0.0.1", "one"):
        with pytest.raises(ValueError, match=r"released already|no version"):
            ship(version, root, tmp_path / "released")
    file = ship("0.0.2", root, tmp_path / "released")
    assert "-- new" in file.read_text(encoding="utf-8")
    assert released(root / "migrations") == {
        each.stem
        for each in (root / "migrations").glob("[0-9]*")
        if not each.stem.endswith(".rollback")
    }
