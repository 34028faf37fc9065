"""What `pin` writes, rewrites and leaves alone."""

from __future__ import annotations

import json
from shutil import copytree

import pytest
from click.testing import CliRunner

from tenant_quota.apply.object_files import read_pins
from tenant_quota.cli import main
from tenant_quota.cli import migrate as migrate_command
from tenant_quota.errors import TenantQuotaError
from tenant_quota.paths import sql_root
from tenant_quota.schema.lock import LOCK
from tests.helpers.project import HISTORY, Project


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "project", "mysql://nobody@127.0.0.1/none")


def depends(project: Project) -> list[str]:
    """Return what each installing migration follows, oldest first."""
    return [
        file.read_text().split('__depends__ = {"')[1].split('"')[0]
        for file in sorted(project.migrations.glob("*.py"))
    ]


def test_new_objects_are_pinned_procedures_first_then_views_then_events(project):
    project.write("events/b.sql", "CREATE EVENT b ON SCHEDULE EVERY 1 DAY DO SELECT 1")
    project.write("views/a.sql", "CREATE VIEW a AS SELECT 1 AS one")
    project.procedure("z")
    project.procedure("y")

    assert project.pin() == [
        "added 0002_install_y.py",
        "added 0003_install_z.py",
        "added 0004_install_a_view.py",
        "added 0005_install_b_event.py",
    ]
    assert depends(project) == [
        HISTORY, "0002_install_y", "0003_install_z", "0004_install_a_view"
    ]  # fmt: skip
    assert project.pin() == []


def test_an_edited_file_rewrites_its_pin_until_a_release_has_shipped_it(project):
    project.procedure("y")
    project.pin()
    project.procedure("y", "SELECT 2")
    assert project.pin() == ["rewritten 0002_install_y.py"]

    project.release()
    project.procedure("y", "SELECT 3")
    assert project.pin() == ["added 0003_reinstall_y.py"]
    project.procedure("y", "SELECT 4")
    assert project.pin() == ["rewritten 0003_reinstall_y.py"]
    assert project.pin() == []


def test_line_ends_do_not_make_a_pin_stale(project):
    project.procedure("y")
    project.pin()
    file = project.root / "procedures/y.sql"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert project.pin() == []


def test_check_changes_nothing(project):
    project.procedure("y")
    assert project.pin(check=True) == ["added 0002_install_y.py"]
    assert read_pins(project.migrations) == []


def test_a_removed_file_takes_its_unreleased_migration_along_and_the_chain_holds(project):
    for name in ("x", "y", "z"):
        project.procedure(name)
    project.pin()
    (project.root / "procedures/y.sql").unlink()

    assert project.pin() == ["removed 0003_install_y.py"]
    assert depends(project) == [HISTORY, "0002_install_x"]


def test_several_neighbours_removed_at_once_leave_one_chain(project):
    for name in ("w", "x", "y", "z"):
        project.procedure(name)
    project.pin()
    project.migration("0006_table", "CREATE TABLE t (a INT)", depends="0004_install_y")
    for name in ("x", "y"):
        (project.root / f"procedures/{name}.sql").unlink()

    assert project.pin() == ["removed 0003_install_x.py", "removed 0004_install_y.py"]
    assert depends(project) == [HISTORY, "0002_install_w"]
    table = (project.migrations / "0006_table.sql").read_text()
    assert table.startswith("-- depends: 0002_install_w\n")


def test_a_removed_file_that_was_released_is_dropped_by_a_migration_of_its_own(project):
    project.procedure("y")
    project.pin()
    project.release()
    (project.root / "procedures/y.sql").unlink()

    assert project.pin() == ["added 0003_drop_y.py"]
    assert project.pin() == []

    project.procedure("y")  # it comes back before the next release
    assert project.pin() == ["added 0004_reinstall_y.py"]
    assert project.pin() == []


def test_an_edited_view_follows_the_tables_it_may_need(project):
    project.write("views/a.sql", "CREATE VIEW a AS SELECT 1 AS one")
    project.pin()
    project.migration("0003_t", "CREATE TABLE t (a INT)", depends="0002_install_a_view")
    project.write("views/a.sql", "CREATE VIEW a AS SELECT a FROM t")
    assert project.pin() == ["added 0004_reinstall_a_view.py"]


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
        del lock["migrations"]["0001_create_tenants.sql"]
    elif what == "body":
        lock["objects"]["procedure consume_quota"][""]["body"] = "sha256 of another"
    (tmp_path / LOCK).write_text(json.dumps(lock))
    monkeypatch.setattr(migrate_command, "sql_root", lambda: tmp_path)
    result = CliRunner().invoke(main, ["pin", "--check"])
    assert result.exit_code == (0 if what == "nothing" else 1)
    assert ("run `make lock` next" in result.stderr) is (what != "nothing")
