"""What somebody changed by hand is not replaced without `--force`, and is kept with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from tenant_quota.apply import migrate
from tenant_quota.apply.object_files import KINDS, read_pins
from tenant_quota.cli import main
from tenant_quota.errors import TenantQuotaError
from tenant_quota.plan import make as plan_engine
from tenant_quota.plan.file import as_sql
from tests.helpers.client import run_file
from tests.helpers.project import Project
from tests.helpers.support import apply_everything

#: Of each kind: how a release made it, how the next does, what somebody does in between.
OBJECTS = {
    "procedures/x.sql": (
        "CREATE PROCEDURE x () COMMENT 'first'\nBEGIN\n    SELECT 'released';\nEND",
        "CREATE PROCEDURE x () COMMENT 'second'\nBEGIN\n    SELECT 'next';\nEND",
        ["DROP PROCEDURE x", "CREATE PROCEDURE x () SELECT 'hotfix'"],
    ),
    "views/x.sql": (
        "CREATE VIEW x AS SELECT 1 AS a",
        "CREATE VIEW x AS SELECT 2 AS a",
        ["ALTER VIEW x AS SELECT 3 AS a"],
    ),
    "events/x.sql": (
        "CREATE EVENT x ON SCHEDULE EVERY 1 DAY STARTS '2001-01-01 03:00:00'\n"
        "    ON COMPLETION PRESERVE DISABLE DO SET @x = 1",
        "CREATE EVENT x ON SCHEDULE EVERY 1 DAY STARTS '2001-01-01 03:00:00'\n"
        "    ON COMPLETION PRESERVE DISABLE DO SET @x = 2",
        ["ALTER EVENT x ON SCHEDULE EVERY 1 WEEK"],
    ),
}


@pytest.fixture
def project(tmp_path, empty_schema):
    return Project(tmp_path / "project", empty_schema)


@pytest.fixture(params=OBJECTS, ids=lambda path: path.split("/")[0])
def hotfixed(request, project):
    """Give a project whose release was changed by hand, and whose next version is pinned."""
    first, second, deeds = OBJECTS[request.param]
    release(project, request.param, first)
    for deed in deeds:
        project.rows(deed)
    project.migration("0003_t", "CREATE TABLE t (a INT)", "DROP TABLE t", pins(project)[-1])
    project.write(request.param, second)
    project.pin()
    return project


def release(project: Project, path: str, statement: str) -> None:
    project.write(path, statement)
    project.pin()
    project.apply()
    project.release()


def pins(project: Project) -> list[str]:
    return [pin.migration for pin in read_pins(project.migrations)]


def text(project: Project) -> Any:
    (file,) = project.root.glob("*/x.sql")
    (row,) = project.rows(f"SHOW CREATE {KINDS[file.parent.name]} x")
    return next(part for part in row if "`x`" in str(part))


def kept(project: Project) -> list[tuple[str, str]]:
    """Return by which rows of the history texts are kept."""
    return project.rows(
        "SELECT migration_id, previous_create FROM quota_object_history"
        " WHERE previous_create IS NOT NULL ORDER BY 1"
    )


def by_hand(project: Project) -> list[str]:
    states = migrate.status(project.options, root=project.root)
    return [state.by_hand for state in states if state.by_hand]


def test_an_upgrade_stops_before_it_has_done_anything(hotfixed):
    before, (released, upgrade) = text(hotfixed), pins(hotfixed)
    with pytest.raises(TenantQuotaError) as refused:
        hotfixed.apply()
    assert f" x was changed by hand since {released}; {upgrade} would replace it" in str(
        refused.value.message
    )
    assert "tenant-quota apply --force" in refused.value.message
    assert text(hotfixed) == before
    assert "t" not in hotfixed.objects()
    assert kept(hotfixed) == []
    assert by_hand(hotfixed) != []
    with pytest.raises(TenantQuotaError, match="changed by hand since"):
        plan_engine.plan_apply(hotfixed.options, root=hotfixed.root)


def test_with_force_it_is_replaced_and_kept_and_rollback_brings_it_back(hotfixed):
    hotfix, (_, upgrade) = text(hotfixed), pins(hotfixed)
    assert hotfixed.apply(force=True) == ["0003_t", upgrade]
    shipped = text(hotfixed)
    assert shipped != hotfix
    assert kept(hotfixed) == [(upgrade, hotfix)]
    assert by_hand(hotfixed) == []
    hotfixed.rollback()
    assert text(hotfixed) == hotfix
    assert len(by_hand(hotfixed)) == 1
    with pytest.raises(TenantQuotaError, match="changed by hand since"):
        hotfixed.apply()


def test_a_plan_with_force_leaves_what_apply_with_force_leaves(hotfixed):
    columns = (
        "SELECT migration_id, new_sha256, previous_create, previous_state, installed_hash,"
        " installed_at IS NULL FROM quota_object_history ORDER BY 1"
    )
    hotfixed.apply(force=True)
    applied = text(hotfixed), hotfixed.rows(columns)
    hotfixed.rollback()
    plan = plan_engine.plan_apply(hotfixed.options, root=hotfixed.root, force=True)
    done = run_file(hotfixed.url, as_sql(plan))
    assert done.returncode == 0, done.stderr
    assert (text(hotfixed), hotfixed.rows(columns)) == applied


@pytest.mark.parametrize("how", ["apply", "plan"])
@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.split("/")[0])
def test_what_no_migration_replaces_stays_until_it_is_forced(project, path, how):
    first, second, deeds = OBJECTS[path]
    release(project, path, first)
    released = text(project)
    release(project, path, second)
    shipped, (_, last) = text(project), pins(project)
    for deed in deeds:
        project.rows(deed)
    hotfix = text(project)
    notes: list[str] = []
    assert project.apply(on_note=notes.append) == []
    assert f"x was changed by hand since {last}. It stays as it is" in notes[0]
    assert text(project) == hotfix
    assert by_hand(project) == [notes[0].partition(". ")[0]]
    if how == "apply":
        assert project.apply(force=True) == [last]
    else:
        plan = plan_engine.plan_apply(project.options, root=project.root, on_note=notes.append)
        assert (plan.steps, notes[1]) == ([], notes[0])
        plan = plan_engine.plan_apply(project.options, root=project.root, force=True)
        done = run_file(project.url, as_sql(plan))
        assert done.returncode == 0, done.stderr
    assert text(project) == shipped
    assert project.apply(force=True) == []
    # In a row of its own: what the migration replaced at first is what its rollback restores.
    (before, own) = kept(project)
    assert before == (last, released)
    assert own[0].startswith(f"{last} by hand ")
    assert own[1] == hotfix
    project.rollback()
    assert text(project) == released
    assert by_hand(project) == []


def test_a_hotfix_that_the_upgrade_ships_is_not_in_the_way(project):
    release(project, "procedures/x.sql", OBJECTS["procedures/x.sql"][0])
    project.rows("DROP PROCEDURE x")
    fix = "CREATE PROCEDURE x ()\nBEGIN\n    SELECT 'fixed';\nEND"
    with project.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin")
        cursor.execute(fix)
    project.write("procedures/x.sql", fix)
    project.pin()
    assert project.apply() == pins(project)[1:]
    assert project.value("CALL x()") == "fixed"
    assert by_hand(project) == []


def test_a_procedure_of_ours_that_was_there_before_us_is_not_replaced(project):
    project.rows("CREATE PROCEDURE x () SELECT 'mine'")
    project.write("procedures/x.sql", OBJECTS["procedures/x.sql"][0])
    project.pin()
    with pytest.raises(TenantQuotaError, match="x was made by hand: no migration installed it"):
        project.apply()
    assert project.objects() == {"x"}
    project.apply(force=True)
    assert project.value("CALL x()") == "released"
    project.rollback(count=None)
    assert project.value("CALL x()") == "mine"


def test_a_released_object_that_is_dropped_is_not_dropped_with_a_hotfix(project):
    release(project, "procedures/x.sql", OBJECTS["procedures/x.sql"][0])
    for deed in OBJECTS["procedures/x.sql"][2]:
        project.rows(deed)
    (project.root / "procedures/x.sql").unlink()
    project.pin()
    with pytest.raises(TenantQuotaError, match="0003_change_procedures would drop it"):
        project.apply()
    assert project.value("CALL x()") == "hotfix"
    project.apply(force=True)
    assert "x" not in project.objects()
    project.rollback()
    assert project.value("CALL x()") == "hotfix"


def test_a_procedure_that_is_missing_is_said_and_comes_back_with_force(project):
    release(project, "procedures/x.sql", OBJECTS["procedures/x.sql"][0])
    project.rows("DROP PROCEDURE x")
    notes: list[str] = []
    assert project.apply(on_note=notes.append) == []
    assert (
        "procedure x is missing: it was dropped by hand since 0002_install_procedures" in notes[0]
    )
    assert project.apply(force=True) == ["0002_install_procedures"]
    assert project.value("CALL x()") == "released"
    assert len(project.rows("SELECT * FROM quota_object_history")) == 1


@pytest.mark.parametrize("how", ["rollback", "plan"])
def test_rollback_does_not_lose_it_either(project, how):
    release(project, "procedures/x.sql", OBJECTS["procedures/x.sql"][0])
    release(project, "procedures/x.sql", OBJECTS["procedures/x.sql"][1])
    for deed in OBJECTS["procedures/x.sql"][2]:
        project.rows(deed)
    notes: list[str] = []
    if how == "rollback":
        project.rollback(on_note=notes.append)
        assert "procedure x was changed by hand: its text is kept in" in notes[0]
    else:
        plan = plan_engine.plan_rollback(project.options, root=project.root)
        done = run_file(project.url, as_sql(plan))
        assert done.returncode == 0, done.stderr
    assert project.value("CALL x()") == "released"
    (row,) = kept(project)
    assert row[0].startswith("0003_change_procedures by hand ")
    assert "hotfix" in row[1]


def test_what_the_server_or_a_failover_changes_was_changed_by_nobody(project):
    path = "events/x.sql"
    enabled = OBJECTS[path][0].replace("DISABLE", "ENABLE")
    release(project, path, enabled)
    release(project, "views/v.sql", "CREATE SQL SECURITY DEFINER VIEW v AS SELECT 1 AS a")
    with project.connection() as connection, connection.cursor() as cursor:
        # As after a failover, and as the documentation has it: in whatever session.
        cursor.execute("SET NAMES latin1")
        cursor.execute("ALTER EVENT x DISABLE ON SLAVE")
        assert by_hand(project) == []
        cursor.execute("ALTER DEFINER = quota_nobody@localhost EVENT x ENABLE")
        assert by_hand(project) == []
        cursor.execute("ALTER EVENT x DISABLE")
        assert by_hand(project) != []


def test_what_cannot_be_seen_counts_as_unchanged(project):
    release(project, "procedures/x.sql", OBJECTS["procedures/x.sql"][0])
    project.rows("UPDATE quota_object_history SET installed_hash = NULL")
    assert by_hand(project) == []
    project.write("procedures/x.sql", OBJECTS["procedures/x.sql"][1])
    project.pin()
    assert project.apply() == ["0003_change_procedures"]


def command(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


def test_the_command_says_it_and_all_of_them_agree(empty_schema, tmp_path):
    apply_everything(empty_schema)
    project = Project(tmp_path / "unused", empty_schema)
    project.rows("DROP PROCEDURE check_quota")
    project.rows("CREATE PROCEDURE check_quota () SELECT 'hotfix'")
    words = "procedure check_quota was changed by hand since "
    again = command("apply", "--url", empty_schema)
    assert again.exit_code == 0
    assert words in again.output
    assert "Nothing to do" in again.output
    assert project.value("CALL check_quota()") == "hotfix"
    status = command("status", "--url", empty_schema)
    assert words in status.output
    assert "--force" in status.output
    listed = json.loads(command("status", "--url", empty_schema, "--format", "json").output)
    assert [words in state["by_hand"] for state in listed if state["by_hand"]] == [True]
    assert words in command("plan", "--url", empty_schema).stderr
    verify = command("verify", "--url", empty_schema)
    assert verify.exit_code == 1
    assert words in verify.output
    forced = command("apply", "--url", empty_schema, "--force")
    assert forced.exit_code == 0, forced.output
    assert command("verify", "--url", empty_schema).exit_code == 0
    assert "hotfix" in project.value(
        "SELECT previous_create FROM quota_object_history WHERE previous_create IS NOT NULL"
    )
