"""From options to a connection: precedence, passwords, TLS, and failures that say what to do."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from tenant_quota.cli import main
from tenant_quota.connection import check_version, connect
from tenant_quota.connection_options import parse_url, resolve
from tenant_quota.errors import TenantQuotaError
from tests.helpers.certificates import Authority

PASSWORD = "pässwörd-密码 :/?#@%"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("MYSQL_PWD", "TENANT_QUOTA_URL", "MYSQL_GROUP_SUFFIX"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def admin(server_url):
    with connect(resolve(url=server_url)) as connection, connection.cursor() as cursor:
        yield cursor


@pytest.fixture
def account(admin):
    """Give an account whose password is neither ASCII nor harmless in a URL."""
    name = f"tqm_{secrets.token_hex(4)}"
    admin.execute(f"CREATE USER {name}@'%%' IDENTIFIED BY %s", (PASSWORD,))
    admin.execute(f"GRANT ALL ON tqm_none.* TO {name}")
    yield name
    admin.execute(f"DROP USER {name}")


def whoami(options) -> str:
    with connect(options) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        return str(cursor.fetchone()[0]).split("@")[0]


def address(server_url: str) -> dict[str, Any]:
    options = parse_url(server_url)
    return {"host": options["host"], "port": int(options["port"])}


# ---- options


def test_every_part_of_a_url_may_be_percent_encoded():
    assert parse_url("mysql://o%40p:p%2Fw%C3%A4@[::1]:3307/a%2Db?ssl-mode=REQUIRED&ssl_ca=/x") == {
        "user": "o@p",
        "password": "p/wä".encode(),
        "host": "::1",
        "port": "3307",
        "database": "a-b",
        "ssl_mode": "REQUIRED",
        "ssl_ca": "/x",
    }
    assert parse_url("mysql://h") == {"host": "h"}
    assert parse_url("mysql:///db?socket=/tmp/s") == {"database": "db", "socket": "/tmp/s"}
    assert parse_url("mysql+pymysql://u:密码：@h/db")["password"] == "密码：".encode()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root:hunter2#x@h/db",
        "mysql://root:hunter2/x@h/db",
        "mysql://root:hunter2@h:port/db",
        "postgres://root:hunter2@h/db",
        "root:hunter2@h",
        "mysql://root:hunter2@h/db?passwrod=hunter2",
        "mysql://root:hunter2@h:99999/db",
    ],
)
def test_a_bad_url_is_refused_without_showing_its_password(url):
    with pytest.raises(TenantQuotaError) as failure:
        resolve(url=url)
    assert "hunter2" not in failure.value.message


def test_the_password_is_in_no_text_of_the_options():
    options = resolve(url="mysql://root:hunter2@h/db")
    assert "hunter2" not in f"{options} {options!r}"


def test_flags_win_over_the_url_and_that_over_files_and_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "my.cnf"
    file.write_text(
        '[client]\nuser = file\npassword = "a#b\\"c"\nport=1 # comment\nloose-x\n'
        "[mysqld]\nuser = other\n[tenant-quota]\ndatabase = mine\n[clientprod]\nport = 7\n"
    )
    monkeypatch.setenv("MYSQL_PWD", "environment")
    monkeypatch.setenv("TENANT_QUOTA_URL", "mysql://env@envhost/envdb")
    assert resolve().user == "env"
    assert resolve().password == b"environment"

    options = resolve(defaults_file=str(file))
    assert (options.user, options.port, options.database) == ("file", 1, "mine")
    assert options.password == b'a#b"c'
    assert options.host == "localhost"
    assert resolve(defaults_file=str(file), defaults_group_suffix="prod").port == 7
    options = resolve(defaults_file=str(file), url="mysql://url@h:2/db", port=3)
    assert (options.user, options.host, options.port, options.database) == ("url", "h", 3, "db")


@pytest.mark.parametrize("text", [None, "[client]\n!includedir none\n"])
def test_an_option_file_that_cannot_be_read_is_an_error(tmp_path, text):
    file = tmp_path / "my.cnf"
    if text:
        file.write_text(text)
    with pytest.raises(TenantQuotaError, match=r"my\.cnf"):
        resolve(defaults_file=str(file))


@pytest.mark.parametrize(
    ("version", "complaint"),
    [
        ("8.0.18", "8.0.19 or later"),
        ("5.7.44-log", "8.0.19 or later"),
        ("11.4.2-MariaDB-ubu2404", "MariaDB"),
        ("8.0.11-TiDB-v7.5.0", "TiDB"),
        ("strange", "8.0.19 or later"),
    ],
)
def test_a_server_that_will_not_do_is_named(version, complaint):
    with pytest.raises(TenantQuotaError, match=complaint):
        check_version(version)


def test_good_versions_pass():
    for version in ("8.0.19", "8.0.42-0ubuntu0.24.04.1", "8.4.3", "9.7.4-2"):
        check_version(version)


# ---- a real server


def test_a_password_beyond_ascii_connects_by_url_environment_file_and_prompt(
    account, server_url, monkeypatch, tmp_path
):
    where = address(server_url)
    url = f"mysql://{account}:{quote(PASSWORD, safe='')}@{where['host']}:{where['port']}/"
    assert whoami(resolve(url=url)) == account

    file = tmp_path / "my.cnf"
    file.write_text(f'[client]\nuser={account}\npassword="{PASSWORD}"\n', encoding="utf-8")
    assert whoami(resolve(defaults_file=str(file), **where)) == account

    arguments = ["-h", where["host"], "-P", str(where["port"]), "-u", account, "-D", "tqm_none"]
    prompted = CliRunner().invoke(main, [*arguments, "--password", "status"], input=PASSWORD + "\n")
    assert "There is no database 'tqm_none'" in prompted.output
    assert PASSWORD not in prompted.output

    monkeypatch.setenv("MYSQL_PWD", PASSWORD)
    assert whoami(resolve(user=account, **where)) == account


def file_of(admin, setting: str) -> Path | None:
    """Return the server's file of that setting, unless it is on another machine or container."""
    admin.execute(f"SELECT @@hostname, @@datadir, @@{setting}")
    host, directory, name = admin.fetchone()
    return Path(directory, name) if host == socket.gethostname() else None


def test_a_password_beyond_ascii_connects_whatever_carries_it(account, admin, server_url):
    options = resolve(user=account, password=PASSWORD, **address(server_url))
    # Unknown to the server's cache until the first success: without TLS it goes by RSA.
    assert whoami(replace(options, ssl_mode="DISABLED")) == account
    assert whoami(replace(options, ssl_mode="REQUIRED")) == account
    path = file_of(admin, "socket")
    if path:
        admin.execute("FLUSH PRIVILEGES")  # empties the cache
        assert whoami(replace(options, socket=str(path))) == account


def test_the_session_is_a_known_one(admin):
    admin.execute("SELECT @@sql_mode, @@character_set_client, @@autocommit, @@lock_wait_timeout")
    mode, charset, autocommit, seconds = admin.fetchone()
    assert "STRICT_TRANS_TABLES" in mode
    assert (charset, autocommit, seconds) == ("utf8mb4", 1, 10)


def test_a_socket_connects(admin, server_url):
    path = file_of(admin, "socket")
    if path is None:
        pytest.skip("the server's socket is on another machine")
    options = replace(resolve(url=server_url), socket=str(path), host="", port=1)
    assert whoami(options) == "root"


def test_access_denied_says_who_and_what_to_do_but_not_the_password(account, server_url):
    where = address(server_url)
    with pytest.raises(TenantQuotaError, match=f"{account}.*Check user and password") as failure:
        connect(resolve(user=account, password="hunter2", **where))
    assert "hunter2" not in failure.value.message
    with pytest.raises(TenantQuotaError, match="--password"):
        connect(resolve(user=account, **where))


def test_no_password_in_the_output_of_any_failure(server_url):
    where = address(server_url)
    urls = [
        f"mysql://root:hunter2@{where['host']}:{where['port']}/none",
        f"mysql://root:hunter2@{where['host']}:1/none",
        f"mysql://root:hunter2@{where['host']}:{where['port']}/",
        "mysql://root:hunter2@no-such-host.invalid/none",
        "mysql://root:hunter2@h:x/none",
    ]
    for url in urls:
        process = subprocess.run(
            [sys.executable, "-m", "tenant_quota", "status", "--url", url],
            capture_output=True,
            text=True,
            timeout=60,
        )
        output = process.stdout + process.stderr
        assert process.returncode == 2, output
        assert output.startswith("Error: "), output
        assert "hunter2" not in output
        assert "Traceback" not in output


def test_a_database_must_be_named_and_exist(server_url):
    for url, complaint in (
        (server_url, "No database named"),
        (server_url + "tqm_none", "no database"),
    ):
        result = CliRunner().invoke(main, ["apply", "--url", url])
        assert result.exit_code == 2
        assert complaint in result.output


# ---- TLS


def cipher(options) -> str:
    with connect(options) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        return str(cursor.fetchone()[1])


def test_tls_modes_mean_what_they_mean_to_mysql(server_url):
    options = resolve(url=server_url)
    assert cipher(options) != ""
    assert cipher(replace(options, ssl_mode="REQUIRED")) != ""
    # A cached password is needed for caching_sha2_password without TLS; it is by now.
    assert cipher(replace(options, ssl_mode="disabled")) == ""
    with pytest.raises(TenantQuotaError, match="needs --ssl-ca"):
        connect(replace(options, ssl_mode="VERIFY_CA"))
    with pytest.raises(TenantQuotaError, match="Unknown ssl-mode"):
        connect(replace(options, ssl_mode="MAYBE"))


def test_the_ca_is_verified_and_the_identity_where_asked(admin, server_url, other_ca, tmp_path):
    ca = file_of(admin, "ssl_ca")
    if ca is None:
        pytest.skip("the server's CA is on another machine")
    options = resolve(url=server_url)
    assert cipher(replace(options, ssl_ca=str(ca))) != ""
    assert cipher(replace(options, ssl_ca=str(ca), ssl_mode="VERIFY_CA")) != ""
    for wrong in (
        replace(options, ssl_ca=str(other_ca)),  # a CA by itself means VERIFY_CA
        replace(options, ssl_ca=str(other_ca), ssl_mode="VERIFY_CA"),
        replace(options, ssl_ca=str(ca), ssl_mode="VERIFY_IDENTITY"),  # made without a name
    ):
        with pytest.raises(TenantQuotaError, match="TLS failed"):
            connect(wrong)
    assert cipher(replace(options, ssl_ca=str(other_ca), ssl_mode="REQUIRED")) != ""
    with pytest.raises(TenantQuotaError, match="Cannot use the TLS files"):
        connect(replace(options, ssl_ca=str(tmp_path / "none.pem")))


@pytest.fixture
def other_ca(tmp_path):
    """Give a CA certificate that has signed nothing here."""
    return Authority(tmp_path, "other").file


# ---- what is no MySQL server


@contextmanager
def listener(greeting: bytes):
    """Accept one connection, send the greeting, and then say nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted = []

        def serve() -> None:
            connection, _ = server.accept()
            connection.sendall(greeting)
            accepted.append(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)
        for connection in accepted:
            connection.close()


@pytest.mark.parametrize(
    "greeting",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9, b"", b"\0" * 99],
)
def test_what_is_no_mysql_server_is_said_and_never_waited_for_long(greeting):
    with listener(greeting) as port:
        options = resolve(host="127.0.0.1", port=port, user="x", connect_timeout=1)
        with pytest.raises(TenantQuotaError, match=r"not a MySQL server|Cannot connect"):
            connect(options)
