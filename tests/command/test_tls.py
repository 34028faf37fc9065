"""TLS on a server that requires it: each mode lets us in exactly where it lets `mysql` in."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tenant_quota.cli import main
from tenant_quota.connection import connect
from tenant_quota.connection_options import ConnectionOptions, resolve
from tenant_quota.errors import TenantQuotaError
from tenant_quota.sandbox import Sandbox
from tenant_quota.sandbox.local import LocalServer
from tests.helpers.certificates import Authority
from tests.helpers.programs import program
from tests.helpers.server import local_ways
from tests.helpers.support import rows, value

PASSWORD = "pässwörd-密码"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("MYSQL_PWD", "TENANT_QUOTA_URL", "MYSQL_GROUP_SUFFIX"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Give a server that takes no TCP connection without TLS; its certificates are its own."""
    with Sandbox.start(["--require-secure-transport=ON"], ways=local_ways()) as sandbox:
        with closing(connect(resolve(url=sandbox.url))) as connection:
            rows(connection, "CREATE USER app@'%%' IDENTIFIED BY %s", PASSWORD)
            rows(connection, "CREATE USER x509@'%%' IDENTIFIED BY %s REQUIRE X509", PASSWORD)
        yield sandbox


@pytest.fixture
def options(sandbox) -> ConnectionOptions:
    """Give options by which an account with a password beyond ASCII gets in."""
    return resolve(host="127.0.0.1", port=sandbox.port, user="app", password=PASSWORD)


@pytest.fixture
def local(sandbox) -> LocalServer:
    assert isinstance(sandbox.server, LocalServer)
    return sandbox.server


@pytest.fixture
def own_ca(local) -> Path:
    """Give the CA that the server made for itself at its first start."""
    return Path(local.directory, "data/ca.pem")


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    """Give a CA that signed none of the server's own certificates."""
    return Authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def certified(sandbox: Sandbox, authority: Authority, *, name: str, names: tuple[str, ...]) -> Any:
    """Within this the server shows a certificate of that CA."""
    certificate, key = authority.issue(name, names)
    settings = dict(
        zip(("ssl_ca", "ssl_cert", "ssl_key"), (authority.file, certificate, key), strict=True)
    )
    with closing(connect(resolve(url=sandbox.url))) as admin:
        before = {name: value(admin, f"SELECT @@{name}") for name in settings}
        try:
            for name, file in settings.items():
                rows(admin, f"SET GLOBAL {name} = %s", str(file))
            rows(admin, "ALTER INSTANCE RELOAD TLS")
            yield
        finally:
            for name, file in before.items():
                rows(admin, f"SET GLOBAL {name} = %s", file)
            rows(admin, "ALTER INSTANCE RELOAD TLS")


def cipher(options: ConnectionOptions) -> str:
    with closing(connect(options)) as connection:
        ((_, name),) = rows(connection, "SHOW STATUS LIKE 'Ssl_cipher'")
        return str(name)


def mysql_gets_in(options: ConnectionOptions, tmp_path: Path) -> bool:
    """Whether the `mysql` client does, by the same options."""
    file = tmp_path / "client.cnf"
    file.touch(mode=0o600)
    file.write_text(
        f'[client]\nuser={options.user}\npassword="{(options.password or b"").decode()}"\n'
    )
    where = (
        [f"--socket={options.socket}", "--protocol=SOCKET"]
        if options.socket
        else [f"--host={options.host}", f"--port={options.port}", "--protocol=TCP"]
    )
    for name in ("ssl_mode", "ssl_ca", "ssl_cert", "ssl_key"):
        if getattr(options, name):
            where.append(f"--{name.replace('_', '-')}={getattr(options, name)}")
    argv = [*program("mysql"), f"--defaults-file={file}", *where, "--execute=DO 0"]
    return subprocess.run(argv, check=False, capture_output=True).returncode == 0


def both(options: ConnectionOptions, tmp_path: Path) -> bool:
    """Whether we get in; it must be the same for `mysql`."""
    refused = ""
    try:
        assert cipher(options) or options.socket, "TCP without TLS"
    except TenantQuotaError as error:
        refused = error.message
    assert "MySQL error" not in refused, "something that is not explained"
    assert mysql_gets_in(options, tmp_path) is not bool(refused), (options, refused)
    return not refused


MODES = ("", "DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")


def lets_in(options: ConnectionOptions, tmp_path: Path) -> set[str]:
    """Return the modes that let both of us in."""
    return {mode for mode in MODES if both(replace(options, ssl_mode=mode), tmp_path)}


def test_without_a_ca_the_modes_that_verify_need_one(options, tmp_path):
    assert lets_in(options, tmp_path) == {"", "PREFERRED", "REQUIRED"}


def test_the_servers_own_ca_is_verified_and_its_certificate_is_for_no_host(
    options, own_ca, tmp_path
):
    options = replace(options, ssl_ca=str(own_ca))
    assert lets_in(options, tmp_path) == {"", "PREFERRED", "REQUIRED", "VERIFY_CA"}


def test_a_ca_that_did_not_sign_it_is_refused_where_it_is_verified(options, authority, tmp_path):
    options = replace(options, ssl_ca=str(authority.file))
    assert lets_in(options, tmp_path) == {"PREFERRED", "REQUIRED"}


@pytest.mark.parametrize(
    ("name", "names", "host", "right"),
    [
        ("server", ("localhost",), "localhost", True),
        ("server", ("localhost",), "127.0.0.1", False),
        ("server", ("127.0.0.1",), "127.0.0.1", True),
        ("server", ("127.0.0.1",), "localhost", False),
        ("server", ("db1.example.com", "*.example.com"), "localhost", False),
        ("localhost", (), "localhost", True),  # the old way: the common name alone
        ("localhost", ("other.example.com",), "localhost", False),
    ],
)
def test_verify_identity_wants_the_name_that_was_asked_for(
    sandbox, authority, options, tmp_path, name, names, host, right
):
    options = replace(options, host=host, ssl_ca=str(authority.file))
    with certified(sandbox, authority, name=name, names=names):
        expected = {"", "PREFERRED", "REQUIRED", "VERIFY_CA"}
        assert lets_in(options, tmp_path) == expected | ({"VERIFY_IDENTITY"} if right else set())


def test_a_socket_is_safe_without_tls_and_has_it_where_it_is_demanded(
    options, local, own_ca, authority, tmp_path
):
    options = replace(options, socket=str(local.socket))
    assert lets_in(options, tmp_path) == {"", "DISABLED", "PREFERRED", "REQUIRED"}
    assert cipher(options) == cipher(replace(options, ssl_mode="DISABLED")) == ""
    assert cipher(replace(options, ssl_mode="REQUIRED")) != ""
    assert both(replace(options, ssl_mode="VERIFY_CA", ssl_ca=str(own_ca)), tmp_path)
    assert not both(replace(options, ssl_mode="VERIFY_CA", ssl_ca=str(authority.file)), tmp_path)


def test_an_account_that_must_show_a_certificate(sandbox, authority, options, tmp_path):
    options = replace(options, user="x509")
    certificate, key = authority.issue("client")
    with certified(sandbox, authority, name="server", names=("127.0.0.1",)):
        assert not both(options, tmp_path)
        shown = replace(options, ssl_cert=str(certificate), ssl_key=str(key))
        assert lets_in(shown, tmp_path) == {"", "PREFERRED", "REQUIRED"}
        assert both(replace(shown, ssl_ca=str(authority.file), ssl_mode="VERIFY_CA"), tmp_path)
    stranger = Authority(tmp_path).issue("client")
    with certified(sandbox, authority, name="server", names=("127.0.0.1",)):
        shown = replace(options, ssl_cert=str(stranger[0]), ssl_key=str(stranger[1]))
        assert not both(shown, tmp_path)
        with pytest.raises(TenantQuotaError, match="does it trust the certificate of --ssl-cert"):
            connect(shown)


def test_where_tls_is_only_preferred_nobody_reads_the_ca(options, authority, tmp_path):
    options = replace(options, ssl_mode="PREFERRED", ssl_ca=str(tmp_path / "none.pem"))
    assert both(options, tmp_path)
    certificate, key = authority.issue("client")
    both(replace(options, ssl_cert=str(certificate), ssl_key=str(key)), tmp_path)


def test_a_server_without_tls_is_reached_where_tls_is_only_preferred(tmp_path):
    with Sandbox.start(["--tls-version="], ways=local_ways()) as sandbox:
        options = resolve(url=sandbox.url)
        gets_in = [
            mode for mode in MODES[:4] if mysql_gets_in(replace(options, ssl_mode=mode), tmp_path)
        ]
        assert gets_in == ["", "DISABLED", "PREFERRED"]
        for mode in gets_in:
            assert cipher(replace(options, ssl_mode=mode)) == ""
        with pytest.raises(TenantQuotaError, match=r"offers no TLS .*, and ssl-mode demands it"):
            connect(replace(options, ssl_mode="REQUIRED"))


def test_each_refusal_says_what_to_do(options, own_ca, authority):
    for changed, advice in (
        ({"ssl_mode": "DISABLED"}, r"server demands TLS.*--ssl-mode REQUIRED"),
        ({"ssl_mode": "VERIFY_CA"}, r"needs --ssl-ca"),
        ({"ssl_ca": str(authority.file)}, r"TLS failed.*Check --ssl-mode and --ssl-ca"),
        ({"ssl_ca": str(own_ca), "ssl_mode": "VERIFY_IDENTITY"}, r"TLS failed"),
        ({"ssl_cert": "/none.pem"}, r"Cannot use the TLS files /none.pem: No such file"),
    ):
        with pytest.raises(TenantQuotaError, match=advice) as failure:
            connect(replace(options, **changed))
        assert PASSWORD not in failure.value.message


def test_the_command_takes_the_same_by_flags_url_and_file(options, own_ca, tmp_path):
    file = tmp_path / "my.cnf"
    file.write_text(f'[client]\nuser=app\npassword="{PASSWORD}"\nssl-mode=VERIFY_CA\n')
    where = f"127.0.0.1:{options.port}/none"
    for arguments, reached in (
        (["--ssl-ca", str(own_ca), "--url", f"mysql://{where}"], True),
        (["--url", f"mysql://{where}?ssl-ca={own_ca}"], True),
        (["--url", f"mysql://{where}?ssl-ca={own_ca}&ssl-mode=VERIFY_IDENTITY"], False),
        (["--ssl-mode", "disabled", "--url", f"mysql://{where}"], False),
    ):
        result = CliRunner().invoke(main, ["status", "--defaults-file", str(file), *arguments])
        assert result.exit_code == 2
        # The account may use no database: to be told so it must have got in.
        assert ("Access denied for user" in result.output) is reached, result.output
