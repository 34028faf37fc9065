"""`schema.lock.json` is what a real server shows, also after a restart and from a dump."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from copy import deepcopy

import pytest

from tenant_quota.apply import migrate
from tenant_quota.connection_options import resolve
from tenant_quota.errors import TenantQuotaError
from tenant_quota.grants.held import Right, parse_grants
from tenant_quota.paths import sql_root
from tenant_quota.sandbox import Sandbox
from tenant_quota.schema.facts import LiveSchema, body_of
from tenant_quota.schema.lock import (
    LOCK,
    Lock,
    hash_migrations,
    lines_of,
    locked,
    make_lock,
    read_lock,
    write_lock,
)
from tenant_quota.schema.verify import shipped_body, verify
from tests.helpers.server import connect, own_server
from tests.helpers.support import apply_everything, rows
from tools.lock import read_fresh


@pytest.fixture(scope="module")
def live(server_url) -> LiveSchema:
    return read_fresh(server_url)


def test_the_lock_is_current(live):
    lock = read_lock(sql_root())
    assert lock.migrations == hash_migrations(sql_root()), "run `make lock`"
    if not lock.knows(live.series):
        pytest.skip(f"nothing is known of MySQL {live.series}")
    assert locked(live) == lock.expected(live.series), "run `make lock`"


def test_making_it_again_changes_nothing(live, tmp_path):
    old = read_lock(sql_root())
    if live.series != old.server:
        pytest.skip(f"the lock is from MySQL {old.server}")
    write_lock(make_lock(live, sql_root(), old), tmp_path / LOCK)
    assert (tmp_path / LOCK).read_bytes() == (sql_root() / LOCK).read_bytes()


def test_no_index_is_the_beginning_of_another(schema_url):
    redundant = "SELECT table_name, redundant_index_name FROM sys.schema_redundant_indexes"
    with connect(schema_url) as connection:
        assert rows(connection, f"{redundant} WHERE table_schema = DATABASE()") == []


def test_a_body_stands_in_its_file_alone():
    text = (sql_root() / LOCK).read_text(encoding="utf-8")
    assert "DECLARE " not in text
    data = json.loads(text)
    for key, parts in data["objects"].items():
        if not key.startswith(("table ", "view ")):
            assert parts[""]["body"].startswith("sha256 ")
            assert shipped_body(sql_root(), key)


# ── several series ────────────────────────────────────────────────────────────────────


def of_series(series: str, clause: str = "(`a` > 0)", body: str = "BEGIN END") -> LiveSchema:
    facts = {
        "table t": {"": {"engine": "InnoDB"}, "check c": {"clause": clause}},
        "procedure p": {"": {"body": body, "definer": "root@localhost"}},
    }
    return LiveSchema("s", f"{series}.1-x", "utf8mb4_0900_ai_ci", False, facts)


def test_another_series_adds_only_its_own_forms(tmp_path):
    first = make_lock(of_series("9.7"), tmp_path, None)
    both = make_lock(of_series("8.4", clause="`a` > 0"), tmp_path, first)
    assert both.server == "9.7"
    assert both.other_servers == {"8.4": {"table t": {"check c": {"clause": "`a` > 0"}}}}
    assert both.expected("8.4")["table t"]["check c"] == {"clause": "`a` > 0"}
    assert both.expected("9.7") == first.objects
    assert "definer" not in both.objects["procedure p"][""]
    write_lock(both, tmp_path / LOCK)
    assert read_lock(tmp_path) == both


def test_a_changed_object_loses_the_forms_of_other_series(tmp_path):
    first = make_lock(of_series("9.7"), tmp_path, None)
    both = make_lock(of_series("8.4", clause="`a` > 0"), tmp_path, first)
    same = make_lock(of_series("9.7", body="BEGIN SELECT 1; END"), tmp_path, both)
    assert same.other_servers["8.4"] == both.other_servers["8.4"]
    changed = make_lock(of_series("9.7", clause="(`a` > 1)"), tmp_path, both)
    assert changed.other_servers == {"8.4": {}}


def test_another_series_is_not_taken_where_more_than_forms_differ(tmp_path):
    first = make_lock(of_series("9.7"), tmp_path, None)
    with pytest.raises(TenantQuotaError, match=r"make the lock on 9\.7 first"):
        make_lock(of_series("8.4", body="BEGIN SELECT 1; END"), tmp_path, first)
    more = of_series("8.4")
    more.facts = {**deepcopy(more.facts), "view v": {"": {}}}
    with pytest.raises(TenantQuotaError, match="more than their form"):
        make_lock(more, tmp_path, first)


# ── reading what a server writes ──────────────────────────────────────────────────────


def test_a_definition_in_lines_is_still_the_definition():
    text = "select 'a, from b' AS `from x`,if((1 = 2),3,4) AS `b` from (`t` left join `u` on(1)) where 1"
    lines = lines_of(text)
    assert "".join(lines) == text
    assert lines == [
        "select 'a, from b' AS `from x`,",
        "if((1 = 2),3,4) AS `b`",
        " from (`t`",
        " left join `u` on(1))",
        " where 1",
    ]


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("CREATE DEFINER=`a`@`%` PROCEDURE `p`()\nSELECT 1", "SELECT 1"),
        ("CREATE DEFINER=`a)`@`%` PROCEDURE `p(`(a INT, -- why :)\n b CHAR(3))\nBEGIN END", "BEGIN END"),
        ("CREATE DEFINER=`a`@`%` PROCEDURE `p`(\n)\n    NO SQL\n    DETERMINISTIC\n    SQL SECURITY INVOKER\n"
         "    COMMENT 'it''s (\\'x\n    NO SQL'\nBEGIN\n    SELECT ')';\nEND", "BEGIN\n    SELECT ')';\nEND"),
    ],
)  # fmt: skip
def test_a_body_begins_behind_parameters_and_characteristics(text, body):
    assert body_of(text) == body


@pytest.mark.parametrize(
    ("grants", "held"),
    [
        (["GRANT USAGE ON *.* TO `a`@`%`"], False),
        (["GRANT SELECT, TRIGGER ON *.* TO `a`@`%`"], True),
        (["GRANT ALL PRIVILEGES ON *.* TO `a`@`%` WITH GRANT OPTION"], True),
        (["GRANT TRIGGER ON *.* TO `a`@`%`", "REVOKE TRIGGER ON `shop_1`.* FROM `a`@`%`"], False),
        (["GRANT SELECT, TRIGGER ON `shop\\_1`.* TO `a`@`%`"], True),
        (["GRANT TRIGGER ON `shop_1`.* TO `a`@`%`"], True),
        (["GRANT TRIGGER ON `shop%`.* TO `a`@`%`"], True),
        (["GRANT TRIGGER ON `shopx1`.* TO `a`@`%`"], False),
        (["GRANT TRIGGER ON `shop%`.* TO `a`@`%`", "GRANT SELECT ON `shop_1`.* TO `a`@`%`"], False),
        (["GRANT SELECT, TRIGGER ON `shop_1`.`tenants` TO `a`@`%`"], True),
        (["GRANT TRIGGER ON `shop_1`.`orders` TO `a`@`%`"], False),
        (["GRANT `TRIGGER`@`%` TO `a`@`%`"], False),
    ],
)
def test_whether_triggers_can_be_seen_is_read_from_the_grants(grants, held):
    assert parse_grants(grants).holds(Right("shop_1", "", "tenants", "TRIGGER")) is held


# ── dump, restore, restart ────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Give a server of our own, which may be restarted, with everything applied to `shop`."""
    with own_server() as sandbox:
        with connect(sandbox.url) as connection:
            for name in ("shop", "q", "half", "bare"):
                rows(connection, f"CREATE DATABASE {name}")
        apply_everything(f"{sandbox.url}shop")
        yield sandbox


def dump_command(sandbox: Sandbox) -> list[str]:
    """Return argv of mysqldump on the server: it lies beside the mysql client."""
    command = sandbox.client_command()
    if command[0] == "docker":
        command = [part.replace("exec mysql ", "exec mysqldump ") for part in command]
    else:
        *before, client, defaults = command
        command = [*before, client.removesuffix("mysql") + "mysqldump", defaults]
    return [*command, "--set-gtid-purged=OFF"]  # the dump comes back to the same server


def test_after_a_restart_and_from_a_dump_it_is_the_same(sandbox):
    url = f"{sandbox.url}shop"
    assert verify(resolve(url=url)).exit_code == 0

    sandbox.restart()
    assert verify(resolve(url=url)).exit_code == 0

    options = ("--routines", "--events", "--triggers", "--single-transaction")
    dump = subprocess.run(
        [*dump_command(sandbox), *options, "shop"], capture_output=True, timeout=60, check=False
    )
    assert dump.returncode == 0, dump.stderr
    restore = subprocess.run(
        [*sandbox.client_command(), "--comments", "q"],
        input=dump.stdout,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert restore.returncode == 0, restore.stderr
    report = verify(resolve(url=f"{sandbox.url}q"))  # a name that is also an alias in views
    assert report.exit_code == 0
    assert report.database == "q"
    states = migrate.status(resolve(url=f"{sandbox.url}q"))
    assert [state.by_hand for state in states if state.by_hand] == []


def test_a_client_that_drops_comments_is_named(sandbox):
    dump = subprocess.run(
        [*dump_command(sandbox), "--routines", "--events", "shop"],
        capture_output=True,
        timeout=60,
        check=True,
    )
    client = [*sandbox.client_command(), "--skip-comments", "bare"]
    subprocess.run(client, input=dump.stdout, check=True, timeout=60)
    report = verify(resolve(url=f"{sandbox.url}bare"))
    assert report.differences
    assert {finding.attribute for finding in report.differences if finding.diff} == {"body"}
    for finding in report.differences:
        if finding.diff:
            assert "comments alone: was it restored without `mysql --comments`?" in finding.what


def test_a_dump_without_routines_and_events_is_found_out(sandbox):
    dump = subprocess.run(
        [*dump_command(sandbox), "shop"], capture_output=True, timeout=60, check=True
    )
    subprocess.run([*sandbox.client_command(), "half"], input=dump.stdout, check=True, timeout=60)
    report = verify(resolve(url=f"{sandbox.url}half"))
    missing = {finding.object for finding in report.differences if finding.what == "missing"}
    assert missing == {
        key for key in read_lock(sql_root()).objects if key.startswith(("procedure ", "event "))
    }


def test_a_lock_that_is_none_is_refused(tmp_path):
    with pytest.raises(TenantQuotaError, match="is the package complete"):
        read_lock(tmp_path)
    for text in ("[]", "{", '{"server": "9.7"}'):
        (tmp_path / LOCK).write_text(text)
        with pytest.raises(TenantQuotaError, match="not a lock file"):
            read_lock(tmp_path)
    assert Lock("9.7", {}, {}).knows("9.7")
