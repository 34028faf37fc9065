"""A used database comes back whole from a dump, by MySQL's client and by MariaDB's.

On Debian `mysqldump` is MariaDB's: that one is taken from PATH, else from Debian's packages, and
unpacked beside the sandbox's.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import pytest
from pymysql.connections import Connection

from tenant_quota.apply import migrate
from tenant_quota.connection_options import resolve
from tenant_quota.sandbox import Progress
from tenant_quota.sandbox.cache import Unavailable, cache_directory, locked, new_directory
from tenant_quota.sandbox.packages import Apt, portable_mysqld
from tenant_quota.sandbox.sources import machine_mirror
from tenant_quota.schema.verify import verify
from tests.helpers.programs import program
from tests.helpers.server import connect, fresh_schema
from tests.helpers.support import Value, apply_everything, call, call_out, rows, value

#: What each column's figures are, whatever the dump made of their JSON types.
JSON_COLUMNS = ("old_definition", "new_definition", "product_codes", "previous_state")


class MariaDb(Apt):
    """The package with MariaDB's client, from Debian."""

    def unpack(self, into: Path) -> None:
        self.resolve(machine_mirror())
        self._apt("download", "mariadb-client", "libmariadb3")  # with its plugins for passwords
        for deb in self.directory.glob("*mariadb*.deb"):
            subprocess.run(["dpkg", "-x", str(deb), str(into)], check=True)


@cache
def mariadb_dump() -> tuple[list[str], list[str]]:
    """Return how to run `mariadb-dump`, and its options; skips where none can be had."""
    found = shutil.which("mariadb-dump")
    if found:
        return [found], []
    home = cache_directory() / "mariadb-dump"  # an older cache lacks the plugins
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        pytest.skip("no mariadb-dump on PATH, and no apt-get and dpkg to get one with")
    try:
        with Progress() as progress:
            *run, _ = portable_mysqld(progress).client  # with the C library that it wants
            with locked(cache_directory() / "lock", progress):
                if not home.is_dir():
                    with new_directory(home) as work:
                        apt = MariaDb(work / "apt", progress)
                        apt.unpack(work)
                        shutil.rmtree(apt.directory)
    except (Unavailable, OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no mariadb-dump on PATH, and none from Debian: {error}")
    dump = home / "usr/bin/mariadb-dump"
    if not dump.is_file():
        pytest.skip(f"no mariadb-dump in the package under {home}")
    plugins = [f"--plugin-dir={path}" for path in home.glob("usr/lib/*/libmariadb3/plugin")]
    return [*run, str(dump)], plugins


def address(server_url: str, directory: Path) -> str:
    """Return the option that leads a client to the server; the password is in a file."""
    url = urlsplit(server_url)
    host = "127.0.0.1" if url.hostname in (None, "localhost") else url.hostname
    file = directory / "client.cnf"
    file.write_text(
        f"[client]\nhost={host}\nport={url.port or 3306}\nprotocol=tcp\n"
        f"user={unquote(url.username or 'root')}\npassword='{unquote(url.password or '')}'\n"
    )
    return f"--defaults-file={file}"


def use(connection: Connection) -> None:
    """Call whatever leaves rows: limits of each kind, their ledger, holds, slots, alerts."""
    call(connection, "define_tenant", "P", "母 'parent' \\", "+08:00", None)
    call(connection, "define_tenant", "C", "Child", "Asia/Shanghai", "P")
    call(connection, "define_tenant", "C", "Child", "+08:00", "P")
    for tenant_id, quota_type, limit_type, soft_limit, options in (
        ("P", "CODE", "YEARLY", 3, None),
        ("C", "CODE", "TOTAL", None, {"product_codes": ["app", 'wx "mini"']}),
        ("P", "HOT", "YEARLY", None, {"slot_count": 4}),
        ("P", "CALLS", "RATE", None, {"refill_per_second": 0.1}),
        ("P", "EXPORT", "CONCURRENT", None, None),
        ("P", "TRIAL", "TOTAL", 1, {"enforcement": "SHADOW"}),
    ):
        limit = 2 if quota_type == "TRIAL" else 100_000
        text = json.dumps(options) if options else None
        call(connection, "define_quota", tenant_id, quota_type, limit_type, limit, soft_limit, text)
    call(connection, "consume_quota", "C", "CODE", 5, "ORDER", "one", "app")
    call(connection, "refund_quota", "C", "CODE", 2, "ORDER", "one", "refund")
    held = call(connection, "reserve_quota", "C", "CODE", 5, 9000, "CART", "held", 'wx "mini"')
    kept = call(connection, "reserve_quota", "C", "CODE", 5, 9000, "CART", "kept", "app")
    call(connection, "confirm_quota_reservation", kept.reservation_id, 3)
    assert held.status == "GRANTED"
    for _ in range(5):
        call(connection, "consume_quota", "P", "HOT", 1, None, None, None)
    call(connection, "consume_quota", "P", "CALLS", 5, None, None, None)
    call(connection, "acquire_quota_lease", "P", "EXPORT", "worker", 9000)
    assert call_out(connection, "acquire_quota_token", "P", "EXPORT", outs=1) == (1,)
    items = [
        {"quota_type": "CODE", "amount": 1, "biz_type": "ORDER", "biz_id": "é"},
        {"quota_type": "TRIAL", "amount": 4},
    ]
    call(connection, "consume_quota_batch", "P", json.dumps(items))
    rows(connection, "SET rand_seed1 = 0, rand_seed2 = 0")  # so that the denial is one that counts
    call(connection, "consume_quota", "P", "CODE", 100_000, None, None, None)
    for table in tables(connection):
        assert value(connection, f"SELECT COUNT(*) FROM {table}") > 0, table


def tables(connection: Connection) -> list[str]:
    """Return our tables but the heartbeats, which the copy's events write anew."""
    found = rows(
        connection,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        " AND table_type = 'BASE TABLE' AND table_name REGEXP '^(quota_|tenant)' AND table_name <> 'quota_jobs'",
    )
    return sorted(name for (name,) in found)


def content(connection: Connection) -> dict[str, list[Value]]:
    """Return every row of our tables, JSON read as what it says."""
    found = {}
    for table in tables(connection):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            found[table] = sorted(
                (
                    [
                        json.loads(cell) if name in JSON_COLUMNS and cell else cell
                        for name, cell in zip(names, row, strict=True)
                    ]
                    for row in cursor.fetchall()
                ),
                key=repr,
            )
    return found


@pytest.fixture(scope="module")
def used(server_url) -> Iterator[str]:
    """Give the URL of a schema that was used."""
    with fresh_schema(server_url) as url:
        apply_everything(url)
        with connect(url, autocommit=True) as connection:
            use(connection)
        yield url


@pytest.fixture(params=["mysqldump", "mariadb-dump"])
def restored(request, used, server_url, empty_schema: str, tmp_path) -> str:
    """Give the URL of a copy, by a dump of either client and by MySQL's client back."""
    server = address(server_url, tmp_path)
    if request.param == "mysqldump":
        # Its GTIDs stay out: the dump comes back to the same server.
        dump = [*program("mysqldump"), server, "--set-gtid-purged=OFF"]
    else:
        command, options = mariadb_dump()
        dump = [*command, server, *options]  # what names a file of options comes first
    dump += ["--single-transaction", "--routines", "--events", "--triggers"]
    restore = [*program("mysql"), server, "--comments", urlsplit(empty_schema).path.strip("/")]
    file = tmp_path / "dump.sql"
    with file.open("wb") as out:
        run([*dump, urlsplit(used).path.strip("/")], stdout=out)
    with file.open("rb") as dumped:
        run(restore, stdin=dumped)
    return empty_schema


def run(argv: list[str], stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None) -> None:
    """Run a client to its end; it may not fail."""
    done = subprocess.run(
        argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_a_used_database_comes_back_whole_and_goes_on(used, restored):
    assert [str(finding) for finding in verify(resolve(url=restored)).differences] == []
    assert verify(resolve(url=restored)).exit_code == 0
    states = migrate.status(resolve(url=restored))
    assert [state.by_hand for state in states if state.by_hand] == []

    with connect(used) as before, connect(restored, autocommit=True) as after:
        assert content(after) == content(before)
        # All that a dump changes: a number or a time inside of JSON has another type.
        kind = (
            "SELECT JSON_TYPE(new_definition->'$.refill_per_second') FROM quota_definition_changes"
            " WHERE quota_type = 'CALLS'"
        )
        assert (value(before, kind), value(after, kind)) == ("DECIMAL", "DOUBLE")

        replay = call(after, "consume_quota", "C", "CODE", 5, "ORDER", "one", "app")
        assert (replay.status, replay.used_count) == ("REPLAYED", 5)
        for quota_type in ("CODE", "HOT", "CALLS", "TRIAL"):
            again = call(after, "consume_quota", "P", quota_type, 1, None, None, None)
            assert again.status == "GRANTED", quota_type
        reservation_id = value(
            after, "SELECT MIN(reservation_id) FROM quota_reservations WHERE biz_id = 'held'"
        )
        assert call(after, "cancel_quota_reservation", reservation_id).status == "CANCELLED"
        lease_id = value(
            after, "SELECT reservation_id FROM quota_reservations WHERE kind = 'LEASE'"
        )
        assert call(after, "release_quota_lease", lease_id).status == "RELEASED"
        assert rows(after, "CALL reconcile_quotas(NULL, FALSE)") == []
