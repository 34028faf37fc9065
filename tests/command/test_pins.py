"""What `pin` writes, rewrites and leaves alone."""

from __future__ import annotations

import hashlib
import json
from shutil import copytree

import pytest
from click.testing import CliRunner

from tenant_quota.apply.migrations import load_migrations
from tenant_quota.apply.object_files import pins_of, read_pins
from tenant_quota.cli import main
from tenant_quota.cli import migrate as migrate_command
from tenant_quota.errors import TenantQuotaError
from tenant_quota.paths import sql_root
from tenant_quota.schema.lock import LOCK
from tests.helpers.project import HISTORY, Project


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "project", "mysql://nobody@127.0.0.1/none")


def pinned(project: Project) -> dict[str, list[str]]:
    """Return what each migration installs, and with ! what it drops."""
    return {
        name: [("" if pin.sha256 else "!") + pin.path for pin in pins]
        for name, pins in pins_of(project.migrations).items()
    }


def test_new_objects_are_pinned_by_one_migration_of_each_kind(project):
    project.write("events/b.sql", "CREATE EVENT b ON SCHEDULE EVERY 1 DAY DO SELECT 1")
    project.write("views/a.sql", "CREATE VIEW a AS SELECT 1 AS one")
    project.procedure("z")
    project.procedure("y")

    assert project.pin() == [
        "added 0002_install_procedures.py",
        "added 0003_install_views.py",
        "added 0004_install_events.py",
    ]
    assert pinned(project) == {
        "0002_install_procedures": ["procedures/y.sql", "procedures/z.sql"],
        "0003_install_views": ["views/a.sql"],
        "0004_install_events": ["events/b.sql"],
    }
    depends = [m.depends for m in load_migrations(project.root)]
    assert depends == [
        set(), {HISTORY}, {"0002_install_procedures"}, {"0003_install_views"}
    ]  # fmt: skip
    assert project.pin() == []


def test_a_migration_reads_like_a_lock_file(project):
    project.procedure("y")
    project.pin()
    text = (project.root / "procedures/y.sql").read_bytes()
    line = f'        "procedures/y.sql": "{hashlib.sha256(text).hexdigest()}",\n'
    assert line in (project.migrations / "0002_install_procedures.py").read_text()


def test_an_edited_file_rewrites_its_pin_until_a_release_has_shipped_it(project):
    project.procedure("x")
    project.procedure("y")
    project.pin()
    project.procedure("y", "SELECT 2")
    assert project.pin() == ["rewritten 0002_install_procedures.py"]

    project.release()
    shipped = (project.migrations / "0002_install_procedures.py").read_text()
    project.procedure("y", "SELECT 3")
    assert project.pin() == ["added 0003_change_procedures.py"]
    assert pinned(project)["0003_change_procedures"] == ["procedures/y.sql"]
    project.procedure("x", "SELECT 4")
    assert project.pin() == ["rewritten 0003_change_procedures.py"]
    assert pinned(project)["0003_change_procedures"] == ["procedures/x.sql", "procedures/y.sql"]
    assert project.pin() == []
    assert (project.migrations / "0002_install_procedures.py").read_text() == shipped


def test_what_becomes_again_as_it_was_shipped_needs_no_migration(project):
    project.procedure("y")
    project.write("views/a.sql", "CREATE VIEW a AS SELECT 1 AS one")
    project.pin()
    project.release()
    project.procedure("y", "SELECT 2")
    project.write("views/a.sql", "CREATE VIEW a AS SELECT 2 AS one")
    project.pin()
    project.procedure("y")
    # Another follows it: so it stays, with nothing in it, and is used for the next change.
    assert project.pin() == ["rewritten 0004_change_procedures.py"]
    assert pinned(project)["0004_change_procedures"] == []
    project.procedure("y", "SELECT 3")
    assert project.pin() == ["rewritten 0004_change_procedures.py"]
    project.procedure("y")
    project.pin()
    project.write("views/a.sql", "CREATE VIEW a AS SELECT 1 AS one")
    assert project.pin() == [
        "rewritten 0005_change_views.py",
        "removed 0005_change_views.py",
        "removed 0004_change_procedures.py",
    ]
    assert project.pin() == []


def test_line_ends_do_not_make_a_pin_stale(project):
    project.procedure("y")
    project.pin()
    file = project.root / "procedures/y.sql"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert project.pin() == []


def test_a_file_that_moves_to_another_folder_stays_the_same_object(project):
    project.procedure("y")
    project.pin()
    project.release()
    (project.root / "procedures/internal").mkdir()
    (project.root / "procedures/y.sql").rename(project.root / "procedures/internal/y.sql")
    assert project.pin() == ["added 0003_change_procedures.py"]
    assert pinned(project)["0003_change_procedures"] == ["procedures/internal/y.sql"]


def test_check_changes_nothing(project):
    project.procedure("y")
    assert project.pin(check=True) == ["added 0002_install_procedures.py"]
    assert read_pins(project.migrations) == []


def test_a_removed_file_leaves_its_unreleased_migration(project):
    for name in ("x", "y", "z"):
        project.procedure(name)
    project.pin()
    (project.root / "procedures/y.sql").unlink()

    assert project.pin() == ["rewritten 0002_install_procedures.py"]
    assert pinned(project) == {"0002_install_procedures": ["procedures/x.sql", "procedures/z.sql"]}


def test_a_removed_file_that_was_released_is_dropped_by_the_next_release(project):
    project.procedure("y")
    project.procedure("z")
    project.pin()
    project.release()
    (project.root / "procedures/y.sql").unlink()
    project.procedure("z", "SELECT 2")

    assert project.pin() == ["added 0003_change_procedures.py"]
    assert pinned(project)["0003_change_procedures"] == ["procedures/z.sql", "!procedures/y.sql"]
    assert project.pin() == []

    project.procedure("y", "SELECT 3")  # it comes back before the next release
    assert project.pin() == ["rewritten 0003_change_procedures.py"]
    project.release()
    (project.root / "procedures/y.sql").unlink()
    assert project.pin() == ["added 0004_change_procedures.py"]
    project.release()
    project.procedure("y", "SELECT 3")  # or after it
    assert project.pin() == ["added 0005_change_procedures.py"]
    assert project.pin() == []


def test_an_edited_view_follows_the_tables_it_may_need(project):
    project.write("views/a.sql", "CREATE VIEW a AS SELECT 1 AS one")
    project.procedure("y")
    project.pin()
    project.migration("0004_t", "CREATE TABLE t (a INT)", depends="0003_install_views")
    project.write("views/a.sql", "CREATE VIEW a AS SELECT a FROM t")
    project.procedure("y", "SELECT 2")  # is not looked into before it is called
    assert project.pin() == ["rewritten 0002_install_procedures.py", "added 0005_change_views.py"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("CREATE PROCEDURE y () SELECT 1", "first line"),
        ("-- y: a test.\nCREATE PROCEDURE z () SELECT 1", "must create PROCEDURE y"),
        ("-- y: a test.\nCREATE VIEW y AS SELECT 1", "must create PROCEDURE y"),
        ("-- y: a test.\nCREATE DEFINER=root@localhost PROCEDURE y () SELECT 1", "no DEFINER"),
        ("-- y: a test.\nDELIMITER //\nCREATE PROCEDURE y () SELECT 1//", "no DELIMITER"),
        ("-- y: a test.\nDROP PROCEDURE y", "one CREATE statement"),
    ],
)
def test_a_file_that_is_no_object_is_refused(project, text, complaint):
    (project.root / "procedures/y.sql").write_text(text)
    with pytest.raises(TenantQuotaError, match=complaint):
        project.pin()


@pytest.mark.parametrize("what", ["migration", "body", "nothing"])
def test_a_lock_of_other_files_is_stale(tmp_path, monkeypatch, what):
    for name in ("migrations", "procedures", "views", "events"):
        copytree(sql_root() / name, tmp_path / name)
    lock = json.loads((sql_root() / LOCK).read_text())
    if what == "migration":
        del lock["migrations"]["0001_create_tables.sql"]
    elif what == "body":
        lock["objects"]["procedure consume_quota"][""]["body"] = "sha256 of another"
    (tmp_path / LOCK).write_text(json.dumps(lock))
    monkeypatch.setattr(migrate_command, "sql_root", lambda: tmp_path)
    result = CliRunner().invoke(main, ["pin", "--check"])
    assert result.exit_code == (0 if what == "nothing" else 1)
    assert ("run `make lock` next" in result.stderr) is (what != "nothing")
