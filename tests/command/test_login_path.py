"""Login paths: what mysql_config_editor wrote is read as MySQL's programs read it."""

from __future__ import annotations

import secrets
import struct
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tenant_quota.cli import main
from tenant_quota.connection_options import parse_url, resolve
from tenant_quota.errors import TenantQuotaError
from tenant_quota.login_path import read_login_path
from tests.helpers.programs import print_defaults, set_login_path

# A file that mysql_config_editor 9.7.4 wrote: path "shop", user "app", host "db1", port 3307,
# password "pä ß'x#y".
WRITTEN = bytes.fromhex(
    "000000000a0f0f120a1f0610010e0f05050600041c000d0010000000196215de06fa2d207cc7bcd11da5a043"
    "10000000a728a2d5068bb066356496ab2acebb402000000093507c2f1e1ed0dcc0685061a71cc7ce866c8877"
    "45fb432c119487c252ac84b310000000bd4dd42a31729d85065d7ce17c466836100000003a6ab3b99f10c552"
    "a2a2314997442ce7"
)


def encode(*lines: str, key: bytes | None = None) -> bytes:
    """Return what mysql_config_editor would write for these lines, from its description alone."""
    key = secrets.token_bytes(20) if key is None else key
    folded = bytes(a ^ b for a, b in zip(key[:16], key[16:] + bytes(12), strict=True))
    encryptor = Cipher(algorithms.AES(folded), modes.ECB()).encryptor()
    chunks = [bytes(4), key]
    for line in lines:
        text = line.encode() + b"\n"
        text += bytes([16 - len(text) % 16]) * (16 - len(text) % 16)
        chunks += [struct.pack("<I", len(text)), encryptor.update(text)]
    return b"".join(chunks)


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    """Give the path of a login file that is not there yet."""
    for name in ("MYSQL_PWD", "TENANT_QUOTA_URL", "MYSQL_GROUP_SUFFIX"):
        monkeypatch.delenv(name, raising=False)
    file: Path = tmp_path / "login.cnf"
    monkeypatch.setenv("MYSQL_TEST_LOGIN_FILE", str(file))
    return file


def write(file: Path, content: bytes, mode: int = 0o600) -> None:
    file.touch(mode=0o600)
    file.write_bytes(content)
    file.chmod(mode)


def read(name: str = "shop", suffix: str = "") -> dict[str, str]:
    return read_login_path(name, suffix)


def test_a_file_that_mysql_wrote_is_read(file):
    write(file, WRITTEN)
    options = resolve(login_path="shop")
    assert (options.user, options.host, options.port) == ("app", "db1", 3307)
    assert options.password == "pä ß'x#y".encode()


@pytest.mark.parametrize(
    "password",
    [
        "plain",
        'a"b',
        "a'b",
        "a#b",
        "#",
        " spaces ",
        "pässwörd-密码",
        '"quoted"',
        "a\\b\\\\c",
        "x\\",
    ],
)
def test_what_mysql_config_editor_writes_we_read_as_mysql_does(file, tmp_path, password):
    set_login_path(file, "shop", password, user="app", host="db1", port="3307")
    expected = print_defaults("--login-path=shop", groups=("client",), where=tmp_path)
    assert read() == expected
    assert expected["password"] == password or "\\" in password  # MySQL mangles those itself


def test_groups_count_in_the_order_of_the_file_as_they_do_to_mysql(file, tmp_path):
    for name in ("tenant-quota", "shop", "client", "clientprod", "shopprod", "mysql", "other"):
        set_login_path(file, name, None, user=name)
    for suffix in ("", "prod"):
        options = ("--login-path=shop", f"--defaults-group-suffix={suffix}")
        groups = ("client", "tenant-quota")
        assert read(suffix=suffix) == print_defaults(*options, groups=groups, where=tmp_path)
    assert read() == {"user": "client"}
    assert read(suffix="prod") == {"user": "shopprod"}
    assert read("SHOP") == {"user": "client"}


def test_it_comes_after_the_option_files_and_before_url_and_flags(file, tmp_path, monkeypatch):
    write(file, encode("[shop]", 'user = "login"', 'host = "login"', "port = 2", 'password = "x"'))
    other = tmp_path / "my.cnf"
    other.write_text("[client]\nuser=file\nsocket=/s\nssl-mode=REQUIRED\n[shop]\nport=9\n")
    monkeypatch.setenv("MYSQL_PWD", "environment")
    monkeypatch.setenv("TENANT_QUOTA_URL", "mysql://env@env/db")
    options = resolve(defaults_file=str(other), login_path="shop")
    assert (options.user, options.host, options.port) == ("login", "login", 2)
    assert (options.password, options.socket, options.ssl_mode) == (b"x", "", "REQUIRED")
    assert resolve(login_path="shop").host == "login"  # then TENANT_QUOTA_URL is not asked
    options = resolve(login_path="shop", url="mysql://url@url/db", user="flag")
    assert (options.user, options.host, options.port) == ("flag", "url", 2)
    assert options.password == b"x"
    assert resolve(defaults_file=str(other)).user == "file"  # the login file has to be asked for


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602, 0o700])
def test_a_file_that_others_may_use_is_refused(file, tmp_path, mode):
    write(file, encode("[shop]", "user = u", "password = hunter2"))
    assert read() == {"user": "u", "password": "hunter2"}
    file.chmod(mode)
    with pytest.raises(TenantQuotaError, match=r"Others may use .*login\.cnf.*chmod 600"):
        read()
    assert print_defaults("--login-path=shop", groups=("client",), where=tmp_path) == {}
    file.chmod(0o400)
    assert read()["user"] == "u"


def test_what_is_not_there_is_said(file):
    with pytest.raises(TenantQuotaError, match=r"Cannot read .*login\.cnf: No such file"):
        read()
    write(file, encode("[client]", "user = u"))
    with pytest.raises(TenantQuotaError, match=r"no login path 'shop' in .*login\.cnf"):
        read()
    assert read("client") == {"user": "u"}


GOOD = encode("[shop]", "user = u", "password = hunter2", key=bytes(range(20)))
DAMAGED = {
    "empty": b"",
    "no key": GOOD[:20],
    "cut off": GOOD[:-1],
    "cut off in a length": GOOD[:26],
    "another key": GOOD[:4] + bytes(20) + GOOD[24:],
    "not of blocks": GOOD[:24] + struct.pack("<I", 5) + b"hunte",
    "a huge length": GOOD[:24] + b"\xff\xff\xff\xff" + GOOD[28:],
    "a length of nothing": GOOD[:24] + bytes(4),
    "a line changed": GOOD[:-1] + bytes([GOOD[-1] ^ 1]),
    "text": b"[client]\nuser=u\npassword=hunter2\n",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_said_to_be_and_nothing_of_it_is_shown(file, content):
    write(file, content)
    with pytest.raises(TenantQuotaError, match=r"login\.cnf is damaged") as failure:
        read()
    assert "hunter2" not in failure.value.message


@pytest.mark.parametrize(
    "lines", [["user = hunter2"], ["[hunter2"], ["!include /etc/hunter2"], ["[client]"], []]
)
def test_lines_that_make_no_sense_are_no_traceback_either(file, lines):
    write(file, encode(*lines))
    with pytest.raises(TenantQuotaError, match=r"login\.cnf") as failure:
        read()
    assert "hunter2" not in failure.value.message


def test_the_command_says_what_is_wrong_in_one_line(file):
    write(file, DAMAGED["cut off"])
    result = CliRunner().invoke(main, ["--login-path", "shop", "status"])
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert result.output.startswith("Error: ")


def test_a_login_path_connects(file, server_url):
    server = parse_url(server_url)
    password = server.get("password", b"").decode()
    lines = [f'host = "{server["host"]}"', f"port = {server['port']}", f'user = "{server["user"]}"']
    lines += [f'password = "{password}"'] if password else []
    write(file, encode("[shop]", *lines))
    result = CliRunner().invoke(main, ["status", "--login-path=shop", "-D", "tqm_none"])
    assert "There is no database 'tqm_none'" in result.output
