"""Option files: what we make of them is what MySQL's own programs make of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tenant_quota.connection_options import resolve
from tenant_quota.errors import TenantQuotaError
from tenant_quota.option_files import read_option_file
from tests.helpers.programs import print_defaults, program


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch, tmp_path):
    for name in ("MYSQL_PWD", "TENANT_QUOTA_URL", "MYSQL_GROUP_SUFFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MYSQL_TEST_LOGIN_FILE", str(tmp_path / "no-login-file"))


def write(folder: Path, **files: str | bytes) -> Path:
    """Write ``name.cnf`` for each, and return the first."""
    paths = [folder / f"{name}.cnf" for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o644)
    return paths[0]


def read(path: Path, suffix: str = "") -> tuple[dict[str, str], list[str]]:
    """Return the options and what was noted."""
    notes: list[str] = []
    return read_option_file(path, suffix, notes.append), notes


ALIKE = {
    "quotes, escapes and comments": (
        '[client]\n user  =  "a#b\\"c" # no\npassword=\'x"y\'\nhost="a"b"\nsocket="a\\"\n'
        "bind = x\\sy\\qz\\\\#\n# no\n;no\ncompress\nempty=\nssl-ca=a'#'b#c\n"
    ),
    "groups without regard to case, and what stands behind them": (
        "[CLIENT] # no\nuser=1\n[Tenant-Quota ]\nhost=2\n[ client]\nport=3\n[mysqld]\nuser=4\n"
    ),
    "the last line wins, whatever its group": (
        "[tenant-quota]\nuser=1\n[client]\nuser=2\nssl_mode=A\nssl-mode=B\n"
    ),
    "lines of another system": "[client]\r\nuser=1\r\n\r\n!include b.cnf\r\nhost=2\r\n",
    "spaces that are none to MySQL": "[client]\nuser=\u3000x\u2028y\u3000\nhost=a\x85b\x0bc\x1c\n",
    "bytes that are no text": b"[client]\nuser=\xff\xfe\npassword=\xe4\n",
    "an include, and what comes after it": (
        "!include b.cnf\n[client]\nhost=1\n!include b.cnf\nuser=2\nport=3\n! include\tb.cnf # no\n"
    ),
    "an include on the last line, without its end": "[client]\nuser=1\n!include b.cnf",
    "an include of nothing": "[client]\nuser=1\n!include none.cnf\nhost=2\n!include b\n",
    "an include of a folder": "[client]\nuser=1\n!include folder\nhost=2\n",
    "names with spaces, and quotes that are part of the name": (
        '[client]\n!include with space.cnf  \nhost=1\n!include "b.cnf"\n'
    ),
    "what is no directive": "[client]\nuser=1\n!incl b.cnf\n!includes b.cnf\n!INCLUDE b.cnf\n!\n",
    "a folder of files": "[client]\nuser=1\nhost=1\n!includedir folder\nport=1\n",
    "a folder with a slash": "[client]\n!includedir ./folder/ # no\n",
    "home": "[client]\nuser=1\n!include ~/b.cnf\n",
    "two deep": "[client]\nuser=1\n!include c.cnf\nhost=1\n",
}


@pytest.mark.parametrize("text", ALIKE.values(), ids=ALIKE)
def test_a_file_says_to_us_what_it_says_to_mysql(tmp_path, monkeypatch, text):
    program("my_print_defaults")  # found before HOME is another
    monkeypatch.chdir(tmp_path)  # names are relative to where the command runs
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/dir.cnf").mkdir()
    for number, name in enumerate(("9", "10", "B", "b", "a.b", "ä", ".hidden", "")):
        write(tmp_path / "folder", **{name: f"[client]\nuser={name}\nfrom{number}=1\n"})
    (tmp_path / "folder/my.ini").write_text("[client]\nini=1\n")
    (tmp_path / "folder/upper.CNF").write_text("[client]\nupper=1\n")
    main = write(
        tmp_path,
        main=text,
        b="[client]\nuser=b\nhost=b\n[other]\nhost=c\n",
        c="[mysqld]\n!includedir folder\n!include b.cnf\n",
        **{"with space": "[client]\nport=9\n"},
    )
    ours, _ = read(main)
    theirs = print_defaults(
        f"--defaults-file={main}", groups=("client", "tenant-quota"), where=tmp_path
    )
    assert ours == theirs
    assert ours


def test_the_files_of_a_folder_come_in_the_order_of_their_bytes(tmp_path):
    (tmp_path / "d").mkdir()
    names = ["b", "a", "B", "10", "9", "ä", "z-last", "z"]
    for name in names:
        write(tmp_path / "d", **{name: f"[client]\nfrom{names.index(name)}=1\n"})
    options, notes = read(write(tmp_path, main=f"!includedir {tmp_path}/d\n"))
    order = [names[int(option.removeprefix("from"))] for option in options]
    assert order == sorted(names, key=lambda name: os.fsencode(f"{name}.cnf"))
    assert order == ["10", "9", "B", "a", "b", "z-last", "z", "ä"]
    assert notes == []


def test_suffixes_reach_what_is_included(tmp_path, monkeypatch):
    file = write(tmp_path, main=f"!include {tmp_path}/b.cnf\n", b="[clientprod]\nuser=prod\n")
    assert read(file) == ({}, [])
    assert read(file, "prod") == ({"user": "prod"}, [])
    assert resolve(defaults_file=str(file), defaults_group_suffix="prod").user == "prod"
    monkeypatch.setenv("MYSQL_GROUP_SUFFIX", "prod")
    assert resolve(defaults_file=str(file)).user == "prod"
    options = ("--defaults-group-suffix=prod", f"--defaults-file={file}")
    assert print_defaults(*options, groups=("client",), where=tmp_path) == {"user": "prod"}


def test_ten_files_deep_is_mysqls_limit_and_a_circle_an_error(tmp_path):
    chain = {
        f"f{number}": f"[client]\nuser={number}\n!include {tmp_path}/f{number + 1}.cnf\n"
        for number in range(11)
    }
    first = write(tmp_path, **chain)
    expected = print_defaults(f"--defaults-file={first}", groups=("client",), where=tmp_path)
    assert expected == {"user": "10"}  # the 11th directive is skipped
    with pytest.raises(TenantQuotaError, match=r"f10\.cnf, line 3: .* more than 10 deep"):
        read(first)
    write(tmp_path, f10="[client]\nuser=10\n")
    assert read(first) == ({"user": "10"}, [])

    circle = write(tmp_path, a=f"!include {tmp_path}/b.cnf\n", b=f"!include {tmp_path}/a.cnf\n")
    with pytest.raises(TenantQuotaError, match="does one include itself"):
        read(circle)
    (tmp_path / "d").mkdir()
    circle = write(tmp_path / "d", a=f"!includedir {tmp_path}/d\n", b=f"!includedir {tmp_path}/d\n")
    with pytest.raises(TenantQuotaError, match="does one include itself"):
        read(circle)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("user=hunter2\n[client]\n", "line 1: an option stands before the first"),
        ("[client]\n[hunter2\n", "line 2: the name of a group"),
        ("\ufeff[client]\nuser=hunter2\n", "line 1: an option stands before"),
        ("[client]\n!include \n", "line 2: !include names no file"),
        ("[client]\n!includedir\n", "line 2: !includedir names no file"),
        ("[client]\n!includedir ~/\n", "line 2: cannot read the folder ~"),  # for files only
        ("[client]\n!includedir /no/such/folder\n", "line 2: cannot read the folder /no/such"),
    ],
)
def test_what_stops_mysql_stops_us_with_the_line_and_without_its_text(tmp_path, text, complaint):
    with pytest.raises(TenantQuotaError, match=complaint) as failure:
        read(write(tmp_path, main=text))
    assert "main.cnf" in failure.value.message
    assert "hunter2" not in failure.value.message
    # MySQL goes on after a broken file that was included. Half a file is no good advice.
    with pytest.raises(TenantQuotaError, match=complaint):
        read(write(tmp_path, outer=f"[client]\n!include {tmp_path}/main.cnf\n"))


def test_what_is_passed_over_is_said(tmp_path):
    file = write(tmp_path, main=f"!include {tmp_path}/none.cnf\n!other hunter2\n[client]\nuser=u\n")
    options, notes = read(file)
    assert options == {"user": "u"}
    assert [note.partition(": ")[0][-6:] for note in notes] == ["line 1", "line 2"]
    assert "No such file" in notes[0]
    assert "hunter2" not in notes[1]


def test_a_file_that_anybody_may_write_is_not_read(tmp_path):
    file = write(tmp_path, main=f"!include {tmp_path}/b.cnf\n", b="[client]\nuser=anybody\n")
    (tmp_path / "b.cnf").chmod(0o646)
    options, (note,) = read(file)
    assert options == {}
    assert "anybody may write" in note
    assert print_defaults(f"--defaults-file={file}", groups=("client",), where=tmp_path) == options
    with pytest.raises(TenantQuotaError, match=r"Anybody may write.*chmod o-w"):
        read(tmp_path / "b.cnf")


def test_a_password_is_bytes_and_the_rest_is_text(tmp_path):
    file = write(tmp_path, main=b"[client]\npassword=\xe4\xff\nuser=u\n")
    assert resolve(defaults_file=str(file)).password == b"\xe4\xff"
    file = write(tmp_path, main=b"[client]\nuser=\xe4\n")
    with pytest.raises(TenantQuotaError, match=r"The user in .*main\.cnf is not UTF-8 text"):
        resolve(defaults_file=str(file))
    for name in ("/no/such/\udce4.cnf", "/no/such/\x1b[2J.cnf"):
        with pytest.raises(TenantQuotaError, match="No such file") as failure:
            resolve(defaults_file=name)
        failure.value.message.encode()
        assert "\x1b" not in failure.value.message


def test_a_socket_of_a_file_gives_way_to_a_host_of_later(tmp_path):
    local = write(tmp_path, a="[client]\nport=3306\nhost=localhost\nsocket=/s\n")
    assert resolve(defaults_file=str(local)).socket == "/s"
    assert resolve(defaults_file=str(local), host="localhost").socket == "/s"
    assert resolve(defaults_file=str(local), url="mysql://u@localhost/db").socket == "/s"
    for other in (
        {"host": "db1"},
        {"port": 3307},
        {"url": "mysql://u@db1/db"},
        {"url": "mysql://u@localhost:3307/db"},
        {"defaults_extra_file": str(write(tmp_path, b="[client]\nhost=db1\n"))},
    ):
        assert resolve(defaults_file=str(local), **other).socket == "", other
    remote = write(tmp_path, c="[client]\nhost=db1\nsocket=/s\n")
    assert resolve(defaults_file=str(remote)).socket == ""
    assert resolve(url="mysql://u@db1/db?socket=/s").socket == "/s"
    assert resolve(defaults_file=str(remote), socket="/t").socket == "/t"
