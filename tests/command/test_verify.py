"""`verify` on a real server: whatever is changed by hand is found and named, and nothing else."""

from __future__ import annotations

import json
import re
import secrets
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from click.testing import CliRunner
from pymysql.connections import Connection

from tenant_quota import statements
from tenant_quota.apply import live_objects as live
from tenant_quota.apply.backend import QuotaBackend
from tenant_quota.apply.object_files import KINDS, last_pins
from tenant_quota.cli import main
from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import resolve
from tenant_quota.errors import TenantQuotaError
from tenant_quota.paths import sql_root
from tenant_quota.schema import facts as schema_facts
from tenant_quota.schema import verify
from tenant_quota.schema.diff import NOTE
from tenant_quota.schema.facts import read_schema
from tenant_quota.schema.lock import LOCK, Lock, locked, make_lock, read_lock, write_lock
from tests.helpers.drifts import COLUMNS, CONSTRAINTS, INDEXES, TABLES, Drift, edit, of_another
from tests.helpers.drifts_of_objects import EVENTS, MIGRATIONS, PROCEDURES, UNKNOWN, VIEWS
from tests.helpers.server import fresh_schema
from tests.helpers.support import apply_everything, rows, value

DRIFTS = {
    "table": TABLES,
    "column": COLUMNS,
    "index": INDEXES,
    "constraint": CONSTRAINTS,
    "procedure": PROCEDURES,
    "view": VIEWS,
    "event": EVENTS,
    "unknown": UNKNOWN,
    "migration": MIGRATIONS,
}


@pytest.fixture(scope="module")
def url(server_url, tmp_path_factory) -> Iterator[str]:
    """Give the URL of a schema with everything applied, which each test leaves as it was."""
    with fresh_schema(server_url) as url, pytest.MonkeyPatch.context() as patch:
        apply_everything(url)
        know_the_series(url, tmp_path_factory.mktemp("shipped"), patch)
        assert check(url).findings == []
        yield url
        assert check(url).findings == [], "a test did not put everything back"


def know_the_series(url: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Where the lock does not know this server's series, use one that does."""
    with closing(connect_to_database(resolve(url=url))) as connection:
        server = read_schema(connection)
    lock = read_lock(sql_root())
    if not lock.knows(server.series):
        for name in ("migrations", *KINDS):
            (folder / name).symlink_to(sql_root() / name)
        write_lock(make_lock(server, sql_root(), lock), folder / LOCK)
        patch.setattr(verify, "sql_root", lambda: folder)


@pytest.fixture
def connection(url) -> Iterator[Connection]:
    with closing(connect_to_database(resolve(url=url))) as connection:
        yield connection


def check(url: str, **options: Any) -> verify.Report:
    return verify.verify(resolve(url=url), **options)


def found(report: verify.Report) -> dict[str, str]:
    return {finding.name: finding.what for finding in report.differences}


def command(url: str, *arguments: str) -> Any:
    return CliRunner().invoke(main, ["verify", "--url", url, *arguments])


def saved(connection: Connection, key: str) -> Callable[[], object]:
    """Return what makes the object again as it is now."""
    kind, _, name = key.partition(" ")
    if kind == "table":
        ((_, text),) = rows(connection, f"SHOW CREATE TABLE {name}")
        return partial(rows, connection, text.replace("%", "%%"))
    before = live.read_live(connection, kind.upper(), name)
    assert before is not None
    return partial(live.create, connection, before.create, before.settings)


@contextmanager
def spoiled(connection: Connection, drift: Drift) -> Iterator[None]:
    """Do what the drift says, and put everything back from the server's own texts."""
    known = {name.partition(", ")[0] for name in drift.found} & set(read_lock(sql_root()).objects)
    put_back = [saved(connection, key) for key in known]
    try:
        for deed in drift.deeds:
            if isinstance(deed, str):
                rows(connection, deed.replace("%", "%%"))
            else:
                deed(connection)
        yield
    finally:
        for statement in drift.undo:
            rows(connection, statement)
        rows(connection, "DELETE FROM _yoyo_log WHERE id = 'x'")
        for key in known:
            kind, _, name = key.partition(" ")
            rows(connection, f"DROP {kind} IF EXISTS {name}")
        for each in put_back:
            each()


@pytest.mark.parametrize(
    "drift",
    [
        pytest.param(each, id=f"{kind}-{each.name.replace(' ', '-')}")
        for kind, drifts in DRIFTS.items()
        for each in drifts
    ],
)
def test_drift_is_found_and_named_and_nothing_else(url, connection, drift):
    with spoiled(connection, drift):
        report = check(url)
        assert report.exit_code == 1
        assert found(report).keys() == drift.found.keys()
        for name, words in drift.found.items():
            assert words in found(report)[name]


def test_there_are_more_than_forty_kinds_of_drift():
    assert sum(map(len, DRIFTS.values())) >= 40


def test_an_untouched_database_is_the_same(url):
    result = command(url)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("The same: ")
    assert re.search(
        r": \d+ tables, \d+ procedures, \d+ views, \d+ events, \d+ migrations\.$", result.output
    )


def test_an_empty_database_says_so_in_one_line(empty_schema):
    result = command(empty_schema)
    assert result.exit_code == 1
    assert "not installed here" in result.output
    assert len(result.output.splitlines()) == 3


def test_no_database_and_a_broken_lock_are_errors(url, tmp_path):
    assert command(f"{url}_not_there").exit_code == 2
    with pytest.raises(TenantQuotaError, match="is the package complete"):
        check(url, root=tmp_path)
    (tmp_path / LOCK).write_text("{}")
    with pytest.raises(TenantQuotaError, match="not a lock file"):
        check(url, root=tmp_path)


# ── what a person, a program and a pipeline read ──────────────────────────────────────


@pytest.fixture
def edited(url, connection) -> Iterator[str]:
    """Give the URL while a procedure has another body and an index is gone."""
    (body,) = (each for each in PROCEDURES if each.name == "body")
    (index,) = (each for each in INDEXES if each.name == "dropped")
    with spoiled(connection, body), spoiled(connection, index):
        yield url


def test_text_shows_a_diff_that_a_person_can_read(edited):
    result = command(edited)
    assert result.exit_code == 1
    text = result.output
    assert "procedure validate_quota_argument\n  body: differs\n    --- procedure" in text
    assert "\n    -            WHEN v_number >= p_least THEN ' must be a whole number'\n" in text
    assert "\n    +            WHEN v_number > p_least THEN ' must be a whole number'\n" in text
    assert "table tenants\n  index tenants_by_parent: missing\n" in text
    assert text.splitlines()[-1].startswith("2 differences between tenant_quota_test_")


def test_a_tab_shows_and_a_whole_body_in_other_line_ends_is_no_difference(url, connection):
    key = "procedure validate_quota_argument"
    tab = Drift("tab", (edit(key, ("        SET v_message", "\tSET v_message")),), {key: ""})
    with spoiled(connection, tab):
        assert "\n    +→   SET v_message" in command(url).output
    ends = Drift("line ends", (edit(key, *[("\n    ", "\r\n    ")]),), {key: ""})
    with spoiled(connection, ends):
        assert check(url).findings == []


def test_a_view_is_compared_line_by_line(url, connection):
    (definition,) = (each for each in VIEWS if each.name == "definition")
    with spoiled(connection, definition):
        (difference,) = check(url).differences
    changed = [line for line in difference.diff if line[0] in "-+" and line[1] not in "-+"]
    assert len(changed) == 2
    assert "* 1000),2) AS `usage_rate`," in changed[1]


def test_json_names_object_part_and_attribute(edited):
    result = command(edited, "--format", "json")
    assert result.exit_code == 1
    data = json.loads(result.output)
    assert data["result"] == "different"
    body, index = data["differences"]
    assert (body["object"], body["attribute"]) == ("procedure validate_quota_argument", "body")
    assert body["expected"].startswith("sha256 ")
    assert any(line.startswith("+            WHEN") for line in body["diff"])
    assert (index["object"], index["part"]) == ("table tenants", "index tenants_by_parent")
    assert json.loads(command(edited, "--format", "json", "--ignore", "*").output)["notes"]


def test_junit_has_a_case_for_each_object_and_a_failure_where_one_differs(edited):
    result = command(edited, "--format", "junit")
    assert result.exit_code == 1
    suite = ET.fromstring(result.output.encode())
    cases = {case.get("name"): case for case in suite}
    assert suite.get("tests") == str(len(suite))
    assert suite.get("failures") == "2"
    failure = cases["procedure validate_quota_argument"].find("failure")
    assert failure is not None
    assert "v_number > p_least" in str(failure.text)
    assert cases["table tenants"].find("failure") is not None
    assert cases["procedure consume_quota"].find("failure") is None
    assert "migration 0001_create_tables" in cases


def test_github_has_an_annotation_for_each_on_one_line(edited):
    result = command(edited, "--format", "github")
    assert result.exit_code == 1
    first, second, last = result.output.splitlines()
    assert first.startswith("::error title=tenant-quota verify ")
    assert (
        ",file=procedures/internal/check/validate_quota_argument.sql::procedure validate_quota_argument, body"
        in first
    )
    assert "%0A+            WHEN v_number" in first
    assert second.endswith("::table tenants, index tenants_by_parent: missing")
    assert last.startswith("2 differences")


def test_names_from_elsewhere_are_not_obeyed_by_a_terminal(url, connection):
    rows(connection, "CREATE TABLE `quota_\x1b[31mred` (a INT)")
    try:
        for form in ("text", "junit", "github"):
            assert "\x1b" not in command(url, "--format", form).output
    finally:
        rows(connection, "DROP TABLE `quota_\x1b[31mred`")


# ── other people's objects ────────────────────────────────────────────────────────────


@pytest.fixture
def shop(connection) -> Iterator[None]:
    """Put an application's own objects beside ours."""
    deeds = {
        "TABLE orders": "CREATE TABLE orders (id INT PRIMARY KEY, tenant_id VARCHAR(24) CHARACTER SET utf8mb4"
        " COLLATE utf8mb4_0900_bin, CONSTRAINT orders_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id))",
        "VIEW report": "CREATE VIEW report AS SELECT id FROM orders",
        "PROCEDURE ship_order": "CREATE PROCEDURE ship_order () SELECT 1",
        "EVENT nightly": "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1",
    }
    for deed in deeds.values():
        rows(connection, deed)
    yield
    for name in deeds:
        rows(connection, f"DROP {name}")


def test_an_applications_own_objects_are_notes(url, shop):
    report = check(url)
    assert report.exit_code == 0
    assert {finding.name for finding in report.notes} == {
        "table orders, foreign key orders_tenant",
        "view report",
        "procedure ship_order",
        "event nightly",
    }
    result = command(url)
    assert "references tenants (tenant_id)" in result.output
    assert "The same: " in result.output


def test_strict_counts_them(url, shop):
    result = command(url, "--strict")
    assert result.exit_code == 1
    assert "4 differences" in result.output


def test_what_is_meant_can_be_ignored_by_name_and_is_still_shown(url, connection, shop):
    rows(connection, "CREATE INDEX by_name ON tenants (tenant_name)")
    try:
        assert command(url, "--ignore", "table tenants, index *").exit_code == 0
        assert command(url, "--ignore", "table tenants").exit_code == 0
        assert "(ignored)" in command(url, "--ignore", "table tenants").output
        assert command(url, "--ignore", "table tenant_quotas").exit_code == 1
        meant = ("--ignore", "* orders*", "--ignore", "* report", "--ignore", "* ship_*")
        result = command(url, "--strict", *meant, "--ignore", "table tenants, index by_name")
        assert "1 difference between" in result.output
        assert "event nightly" in result.output
    finally:
        rows(connection, "DROP INDEX by_name ON tenants")


# ── definers ──────────────────────────────────────────────────────────────────────────


def test_the_definer_asked_for_is_expected_of_everything(url):
    mine = value_of(
        url,
        "SELECT DISTINCT definer FROM information_schema.events WHERE event_schema = DATABASE()",
    )
    assert command(url, "--definer", mine).exit_code == 0
    report = check(url, definer="`quota`@`localhost`")
    assert {finding.attribute for finding in report.differences} == {"definer"}
    assert len(report.differences) == sum(
        not key.startswith("table ") for key in read_lock(sql_root()).objects
    )
    assert command(url, "--definer", "quota").exit_code == 2


def test_one_definer_among_others_says_how_many_have_the_other(url, connection):
    drift = Drift(
        "definer",
        (of_another("procedure consume_quota"),),
        {"procedure consume_quota, definer": ""},
    )
    with spoiled(connection, drift):
        (difference,) = check(url).differences
    assert difference.found == "somebody@else.where"
    assert "others have" in difference.what


def value_of(url: str, query: str) -> Any:
    with closing(connect_to_database(resolve(url=url))) as connection:
        return value(connection, query)


# ── what an account may see ───────────────────────────────────────────────────────────


@contextmanager
def account(url: str, *privileges: str) -> Iterator[str]:
    """Give the URL for an account with these privileges only."""
    name = f"tqv_{secrets.token_hex(4)}"
    with closing(connect_to_database(resolve(url=url))) as connection:
        database = value(connection, "SELECT DATABASE()")
        rows(connection, f"CREATE USER {name}@'%%' IDENTIFIED BY 'x'")
        try:
            for privilege in privileges:
                place = "*.*" if privilege == "SHOW_ROUTINE" else f"`{database}`.*"
                rows(connection, f"GRANT {privilege} ON {place} TO {name}@'%%'")
            where = url.partition("@")[2]
            yield f"mysql://{name}:x@{where}"
        finally:
            rows(connection, f"DROP USER {name}@'%%'")


AUDITOR = ("SELECT", "SHOW VIEW", "EVENT", "SHOW_ROUTINE")


def test_four_privileges_do_and_triggers_are_said_to_be_out_of_sight(url):
    with account(url, *AUDITOR) as auditor:
        report = check(auditor)
        assert report.exit_code == 0
        (note,) = report.notes
        assert note.part == "triggers"
        assert "without TRIGGER" in note.what
        assert "tenant_quotas" in note.what
        assert command(auditor, "--strict").exit_code == 1
    with account(url, *AUDITOR, "TRIGGER") as auditor:
        assert check(auditor).findings == []


def test_the_four_privileges_find_what_root_finds(url, connection):
    chosen = [PROCEDURES[1], VIEWS[1], EVENTS[1], INDEXES[0], CONSTRAINTS[1], CONSTRAINTS[4]]
    with account(url, *AUDITOR) as auditor:
        for drift in chosen:
            with spoiled(connection, drift):
                assert found(check(auditor)).keys() == drift.found.keys()


@pytest.mark.parametrize(
    ("lacking", "unseen", "why"),
    [
        ("SHOW VIEW", "view quota_health", "SHOW VIEW on it is missing"),
        ("EVENT", "event reset_due_quotas", "EVENT is missing"),
        ("SHOW_ROUTINE", "procedure consume_quota", "SHOW_ROUTINE is missing"),
        ("SHOW_ROUTINE but has EXECUTE", "procedure consume_quota", "SHOW_ROUTINE is missing"),
        ("SELECT", "table tenants", "SELECT on it is missing"),
    ],
)
def test_what_cannot_be_seen_is_said_and_neither_fine_nor_missing(url, lacking, unseen, why):
    lacking, _, instead = lacking.partition(" but has ")
    held = [each for each in (*AUDITOR, "TRIGGER", instead) if each not in ("", lacking)]
    with account(url, *held) as auditor:
        report = check(auditor)
        assert report.differences == []
        assert report.exit_code == 2
        assert any(each.object == unseen and why in each.what for each in report.unseen)
        result = command(auditor)
        assert result.exit_code == 2
        assert "Cannot be seen" in result.output
        assert json.loads(command(auditor, "--format", "json").output)["result"] == "incomplete"
        assert "<error" in command(auditor, "--format", "junit").output


def test_a_running_apply_is_said(url):
    with QuotaBackend(resolve(url=url)) as other, other.lock():
        (note,) = check(url).notes
    assert "apply or rollback is running" in note.what


def test_it_only_reads_and_the_server_would_refuse_anything_else(url, monkeypatch):
    asked = []

    def listening(connection, statement, arguments=()):
        asked.append(statement)
        return original(connection, statement, arguments)

    original = statements.fetch
    for module in ("facts", "verify"):
        monkeypatch.setattr(f"tenant_quota.schema.{module}.fetch", listening)
    monkeypatch.setattr("tenant_quota.grants.held.fetch", listening)
    assert check(url).exit_code == 0
    assert asked[0] == "SET SESSION transaction_read_only = ON"
    assert {statement.split()[0] for statement in asked[1:]} == {"SELECT", "SHOW"}


# ── migrations and files ──────────────────────────────────────────────────────────────


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a copy of all that is shipped, for editing."""
    for folder in ("migrations", *KINDS):
        copytree(sql_root() / folder, tmp_path / folder)
    root: Path = vars(verify)["sql_root"]()  # know_the_series may have set another
    (tmp_path / LOCK).write_bytes((root / LOCK).read_bytes())
    return tmp_path


def test_an_edited_a_missing_and_an_extra_migration_file_are_named(url, copy):
    (copy / "migrations/0001_create_tables.sql").write_text("CREATE TABLE tenants (a INT)")
    (copy / "migrations/0002_add_concurrent_tokens.rollback.sql").unlink()
    (copy / "migrations/9999_more.sql").write_text("SELECT 1")
    assert found(check(url, root=copy)) == {
        "file migrations/0001_create_tables.sql": "edited since the lock was made",
        "file migrations/0002_add_concurrent_tokens.rollback.sql": "missing from this copy",
        "file migrations/9999_more.sql": "not in the lock (make lock)",
    }


def test_line_ends_of_a_checkout_do_not_matter(url, copy):
    for file in (*copy.glob("migrations/*.sql"), *copy.glob("procedures/**/*.sql")):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert check(url, root=copy).findings == []


def test_an_object_file_edited_without_a_new_pin_is_named(url, copy):
    file = copy / "procedures/application/consume_quota.sql"
    file.write_text(file.read_text() + "-- more\n")
    (copy / "views/quota_health.sql").unlink()
    names = found(check(url, root=copy))
    assert names.keys() == {
        "file procedures/application/consume_quota.sql",
        "file views/quota_health.sql",
    }
    assert "edited without a new pin" in names["file procedures/application/consume_quota.sql"]


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        ("UPDATE quota_object_history SET new_sha256 = 'x' WHERE object_name = 'consume_quota'", "another text of procedures/application/consume_quota.sql"),
        ("UPDATE quota_object_history SET installed_at = NULL WHERE object_name = 'consume_quota'", "interrupted"),
        ("DELETE FROM quota_object_history WHERE object_name = 'consume_quota'", "no record of procedures/"),
    ],
)  # fmt: skip
def test_a_history_that_says_otherwise_than_the_pin_is_named(url, connection, deed, words):
    pin = last_pins(sql_root())["PROCEDURE", "consume_quota"]
    (before,) = rows(
        connection, "SELECT * FROM quota_object_history WHERE object_name = 'consume_quota'"
    )
    rows(connection, deed)
    try:
        (difference,) = check(url).differences
        assert difference.object == f"migration {pin.migration}"
        assert words in difference.what
        assert pin.path in difference.what
    finally:
        marks = ", ".join(["%s"] * len(before))
        rows(connection, f"REPLACE INTO quota_object_history VALUES ({marks})", *before)


# ── servers that are not like the lock's ──────────────────────────────────────────────


@pytest.fixture
def other_series(url, copy: Path) -> Path:
    """Give what is shipped with a lock from another series, on which rates are written otherwise."""
    with closing(connect_to_database(resolve(url=url))) as connection:
        server = read_schema(connection)
    objects = locked(server)
    for key in ("view quota_usage_history", "view quota_usage_monitor"):
        text = objects[key][""]["definition"]
        objects[key][""]["definition"] = text.replace(
            "`used_count` / nullif(", "`used_count` DIV nullif("
        )
        assert objects[key][""]["definition"] != text
    write_lock(Lock("5.1", objects, read_lock(copy).migrations), copy / LOCK)
    return copy


def test_an_unknown_series_is_said_and_a_view_in_another_form_is_not_drift(url, other_series):
    report = check(url, root=other_series)
    assert report.differences == []
    assert {finding.name for finding in report.notes} == {
        "view quota_usage_history, definition",
        "view quota_usage_monitor, definition",
    }
    for note in report.notes:
        assert "is not known (known: 5.1)" in note.what


def test_on_an_unknown_series_everything_else_is_still_compared(url, other_series, connection):
    for drift in (PROCEDURES[1], VIEWS[3], COLUMNS[3], INDEXES[0]):
        with spoiled(connection, drift):
            assert found(check(url, root=other_series)).keys() == drift.found.keys()


def test_an_event_asleep_on_a_replica_is_said_and_not_drift(url, connection, monkeypatch):
    (asleep,) = (each for each in EVENTS if "replica" in each.name)
    monkeypatch.setattr(schema_facts, "is_replica", lambda _: True)
    with spoiled(connection, asleep):
        report = check(url)
        assert report.exit_code == 0
        assert any("as it is on a replica" in finding.what for finding in report.notes)


def test_an_event_that_was_off_and_is_on_again_is_the_same_but_for_a_note(url, connection):
    (off,) = (each for each in EVENTS if each.name == "disabled")
    again = replace(
        off,
        deeds=(
            "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci",
            *off.deeds,
            "ALTER EVENT reset_due_quotas ENABLE",
        ),
    )
    with spoiled(connection, again):
        report = check(url)
    assert report.exit_code == 0
    assert [(finding.level, finding.attribute) for finding in report.findings] == [
        (NOTE, "collation connection")
    ]


def test_a_schema_whose_collation_changed_later_is_a_note(url, connection):
    before = value(connection, "SELECT @@collation_database")
    name = value(connection, "SELECT DATABASE()")
    rows(connection, f"ALTER DATABASE {name} COLLATE utf8mb4_general_ci")
    try:
        report = check(url)
        assert report.exit_code == 0
        (note,) = report.notes
        assert note.what == f"utf8mb4_general_ci; it was {before} when the objects were installed"
    finally:
        rows(connection, f"ALTER DATABASE {name} COLLATE {before}")
