"""The sandbox on this machine: real servers, real processes, no mocks of MySQL."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tenant_quota.errors import TenantQuotaError
from tenant_quota.sandbox import Progress, Sandbox, find_named, start_named, stop_named
from tenant_quota.sandbox.cache import Unavailable, cache_directory, locked, new_directory
from tenant_quota.sandbox.docker import DockerServer, engine_answers, image
from tenant_quota.sandbox.local import LocalServer
from tenant_quota.sandbox.mysqld import check_version
from tenant_quota.sandbox.packages import portable_mysqld
from tenant_quota.sandbox.server import Server
from tenant_quota.sandbox.sources import (
    VARIABLE,
    deb822_uris,
    machine_mirror,
    one_line_uris,
)
from tests.helpers.server import ONLY_DOCKER, connect, local_ways
from tools.docker_image import docker, have


def ask(sandbox: Sandbox, question: str) -> tuple[object, ...]:
    with closing(connect(sandbox.url)) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        row: tuple[object, ...] = cursor.fetchone()
        return row


def local(sandbox: Sandbox) -> LocalServer:
    assert isinstance(sandbox.server, LocalServer)
    return sandbox.server


def is_gone(pid: int) -> bool:
    """Whether no such process runs; one that only waits to be reaped counts as gone."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return not Path("/proc/self").exists() or not Path(f"/proc/{pid}").exists()
    return state == "Z"


@pytest.fixture
def portable():
    """Give the MySQL out of Debian's packages, where the machine can have it."""
    try:
        return portable_mysqld(Progress())
    except Unavailable as error:
        pytest.skip(f"no portable MySQL here: {error}")


@pytest.fixture(scope="module", params=["process", "container"])
def ways(request) -> tuple[str, ...]:
    """Give how to start a server as a process of this machine, and as a container."""
    if request.param == "process":
        return local_ways()
    if not engine_answers():
        pytest.skip("no Docker engine answers")
    if not ONLY_DOCKER:
        try:
            have(image(), Progress())
        except Unavailable as error:
            pytest.skip(str(error))
    return ("docker",)


@pytest.fixture(scope="module")
def sandbox(ways):
    with Sandbox.start(ways=ways) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def process():
    """Give a server that is a process of this machine."""
    with Sandbox.start(ways=local_ways()) as sandbox:
        yield sandbox


def traces(server: Server) -> list[bool]:
    """Tell what of a server is still there: its process and its folder, or its container."""
    if isinstance(server, LocalServer):
        return [not is_gone(server.pid), server.directory.exists()]
    return [docker("inspect", server.container).returncode == 0]


def test_it_loses_nothing_that_was_committed_and_runs_events(sandbox):
    assert ask(
        sandbox,
        "SELECT @@innodb_flush_log_at_trx_commit, @@sync_binlog, @@log_bin, @@binlog_format,"
        " @@event_scheduler",
    ) == (1, 1, 1, "ROW", "ON")


def test_it_listens_on_this_machine_only(sandbox):
    if isinstance(sandbox.server, DockerServer):
        published = docker("port", sandbox.server.container).stdout.decode()
        assert published.split() == ["3306/tcp", "->", f"127.0.0.1:{sandbox.port}"]
    else:
        assert ask(sandbox, "SELECT @@bind_address, @@port") == ("127.0.0.1", sandbox.port)


def test_named_time_zones_are_known(sandbox):
    noon = "CONVERT_TZ('2026-07-01 12:00:00', 'UTC', '{}')"
    zones = ("Europe/Berlin", "Asia/Shanghai", "US/Eastern")
    hours = ask(sandbox, "SELECT " + ", ".join(f"HOUR({noon.format(zone)})" for zone in zones))
    assert hours == (14, 20, 8)


def test_root_cannot_enter_without_the_password(sandbox):
    with pytest.raises(Exception, match="Access denied"):
        connect(f"mysql://root@127.0.0.1:{sandbox.port}/")


def test_the_client_connects_and_shows_no_password(sandbox):
    command = sandbox.client_command()
    assert sandbox.password not in " ".join(command)
    question = "SELECT @@server_uuid"
    done = subprocess.run([*command, "-Ne", question], capture_output=True, text=True)
    assert (done.stdout.strip(),) == ask(sandbox, question), done.stderr


def test_no_password_is_in_the_servers_arguments(process):
    arguments = Path(f"/proc/{local(process).pid}/cmdline").read_bytes()
    assert process.password.encode() not in arguments


def test_two_at_once_do_not_meet_and_take_options_of_their_own(sandbox, ways):
    with Sandbox.start(["--max-connections=77"], ways=ways) as other:
        mine, theirs = (ask(s, "SELECT @@server_uuid, @@max_connections") for s in (sandbox, other))
    assert mine[0] != theirs[0]
    assert (mine[1], theirs[1]) == (300, 77)


def test_a_killed_server_keeps_what_was_committed_and_stop_leaves_nothing(ways):
    with Sandbox.start(ways=ways) as sandbox:
        ask(sandbox, "SELECT 1")
        with closing(connect(sandbox.url)) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE d")
            cursor.execute("CREATE TABLE d.t (n INT)")
            cursor.execute("INSERT INTO d.t VALUES (7)")
            connection.commit()
        url, port = sandbox.url, sandbox.port
        sandbox.kill()
        assert not sandbox.alive()
        sandbox.restart()
        assert (sandbox.url, sandbox.port) == (url, port)
        assert ask(sandbox, "SELECT n FROM d.t") == (7,)
        assert all(traces(sandbox.server))
    assert not any(traces(sandbox.server))


def test_a_server_ends_with_the_process_that_started_it_even_if_that_is_killed(ways):
    program = (
        "import json, time; from tenant_quota.sandbox import Sandbox\n"
        f"s = Sandbox.start(ways={ways!r})\n"
        "print(json.dumps(s.record()), flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        server = Sandbox.from_record(json.loads(owner.stdout.readline())).server
        assert all(traces(server))
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(traces(server)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(traces(server))


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(ways, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made: list[Server] = []
    launch = DockerServer.launch

    def launch_and_tell(server: DockerServer, attached: bool) -> None:
        made.append(server)
        launch(server, attached)

    monkeypatch.setattr(DockerServer, "launch", launch_and_tell)
    with pytest.raises(TenantQuotaError, match="no-such-option"):
        Sandbox.start(["--no-such-option"], ways=ways)
    assert list(tmp_path.iterdir()) == []
    assert len(made) == (ways == ("docker",))
    assert not any(any(traces(server)) for server in made)


def test_named_sandboxes_are_found_again_started_once_and_stopped(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(TenantQuotaError, match="sandbox start --name mine"):
        find_named("mine")
    first, started = start_named("mine")
    again, started_again = start_named("mine")
    assert (started, started_again, again.url) == (True, False, first.url)
    assert ask(find_named("mine"), "SELECT 1") == (1,)
    for path in tmp_path.rglob("*.json"):
        assert path.stat().st_mode & 0o077 == 0, "it holds the password"
    first.kill()  # as a reboot would
    with pytest.raises(TenantQuotaError, match="No sandbox"):
        find_named("mine")
    assert not stop_named("mine")
    assert list(tmp_path.rglob("*.json")) == []


def test_a_name_cannot_lead_out_of_the_state_folder():
    with pytest.raises(TenantQuotaError, match="name"):
        find_named("../mine")


@pytest.mark.skipif(os.geteuid() != 0, reason="this already is an ordinary user")
def test_an_ordinary_user_can_run_it(portable, monkeypatch):
    user = pwd.getpwnam("nobody")
    home = Path("/tmp") / f"tenant-quota-test-{os.getpid()}"
    try:
        # The user's own cache, holding what root already downloaded: no second download.
        cache = home / "tenant-quota"
        tree = Path("tenant-quota") / portable.name / "tree"
        (home / tree).parent.mkdir(parents=True)
        copy_tree(cache_directory().parent / tree, home / tree)
        (cache / "portable").write_text(portable.name)
        for path in (home, cache, cache / portable.name, cache / "portable"):
            os.chown(path, user.pw_uid, user.pw_gid)
        monkeypatch.setenv("XDG_CACHE_HOME", str(home))
        monkeypatch.setenv("HOME", str(home))
        assert in_a_child_as(user, start_and_ask) == 0
    finally:
        shutil.rmtree(home)


def start_and_ask() -> None:
    with Sandbox.start(ways=("portable",)) as sandbox:
        assert ask(sandbox, "SELECT CURRENT_USER(), @@sync_binlog") == ("root@localhost", 1)
        assert os.geteuid() != 0
        assert Path(f"/proc/{local(sandbox).pid}").stat().st_uid == os.geteuid()


def in_a_child_as(user: pwd.struct_passwd, function) -> int:
    """Run a function in a forked child as another user; return its exit code.

    Forked, because that user may not be able to read the interpreter's folder.
    """
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            os.chdir("/")
            function()
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def copy_tree(source: Path, target: Path) -> None:
    """Copy by hard links where the file system can."""
    try:
        shutil.copytree(source, target, symlinks=True, copy_function=os.link)
    except (OSError, shutil.Error):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)


def test_when_nothing_can_be_had_every_way_and_its_reason_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(TenantQuotaError) as caught:
        Sandbox.start(ways=("docker", "portable"))
    message = str(caught.value)
    assert "Docker: no Docker engine answers" in message
    assert "Debian's packages: needs apt-get and dpkg" in message
    assert "TENANT_QUOTA_TEST_URL" in message


def test_a_cache_that_cannot_be_written_is_a_reason_not_a_traceback(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(TenantQuotaError, match=r"Debian's packages: .*file"):
        Sandbox.start(ways=("portable",))


def test_an_old_cache_is_used_when_no_mirror_answers(portable, tmp_path, monkeypatch, capsys):
    cache = tmp_path / "tenant-quota"
    (cache / portable.name).mkdir(parents=True)
    (cache / portable.name / "tree").symlink_to(cache_directory() / portable.name / "tree")
    (cache / "portable").write_text(portable.name)
    os.utime(cache / "portable", (0, 0))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(
        "tenant_quota.sandbox.packages.machine_mirror", lambda: "http://127.0.0.1:9/debian"
    )
    assert portable_mysqld(Progress()).name == portable.name
    assert "Using the cached" in capsys.readouterr().err


def test_a_directory_that_was_not_finished_never_shows(tmp_path):
    def fail_half_way() -> None:
        with new_directory(tmp_path / "tree") as work:
            (work / "half").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []


def test_one_process_at_a_time_fills_the_cache(tmp_path):
    lock = tmp_path / "lock"
    program = (
        "import fcntl, sys\n"
        "try: fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except BlockingIOError: print('busy')"
    )
    command = [sys.executable, "-c", program, str(lock)]
    with locked(lock, Progress()):
        assert subprocess.check_output(command, text=True) == "busy\n"
    assert subprocess.check_output(command, text=True) == ""


@pytest.mark.parametrize(
    "answer",
    [
        "mysqld  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)",
        "5.5.5-10.6.12-MariaDB-log mariadb.org binary distribution",
        "mysqld  Ver 8.0.18 for Linux on x86_64 (MySQL Community Server - GPL)",
        "mysqld  Ver 5.7.44 for Linux on x86_64 (MySQL Community Server (GPL))",
        "",
    ],
)
def test_what_is_not_a_recent_mysql_is_refused(answer):
    with pytest.raises(Unavailable):
        check_version(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "/usr/sbin/mysqld  Ver 8.0.19 for Linux on x86_64 (MySQL Community Server - GPL)",
        "mysqld  Ver 9.7.4-2 for debian-linux-gnu on x86_64 ((Debian))",
    ],
)
def test_mysql_from_8_0_19_on_is_accepted(answer):
    check_version(answer)


DEB822 = """\
Types: deb
# http://commented.example/debian
URIs: http://mirror.example/debian
  http://second.example/debian/
Suites: trixie

Enabled: no
Types: deb
URIs: http://disabled.example/debian

Types: deb-src
URIs: http://sources.example/debian
"""

ONE_LINE = """\
# deb http://commented.example/debian sid main
deb-src http://sources.example/debian sid main
deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian bookworm main # http://c.example/debian
deb http://security.example/debian-security bookworm-security main
"""


def test_mirrors_are_read_from_deb822_never_from_comments():
    assert deb822_uris(DEB822) == ["http://mirror.example/debian", "http://second.example/debian/"]


def test_mirrors_are_read_from_one_line_sources_never_from_comments():
    assert one_line_uris(ONE_LINE) == [
        "https://mirror.example/debian",
        "http://security.example/debian-security",
    ]


def test_the_mirror_is_debians_not_its_security_archive_or_anybody_elses(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    sources = tmp_path / "sources.list.d"
    sources.mkdir()
    (sources / "a.list").write_text(
        "deb https://packages.example/mysql x main\n"
        "deb http://security.example/debian-security bookworm-security main\n"
        "deb http://archive.example/ubuntu noble main\n"
    )
    with pytest.raises(Unavailable, match=VARIABLE):
        machine_mirror(tmp_path)
    (sources / "z.sources").write_text(DEB822)
    assert machine_mirror(tmp_path) == "http://mirror.example/debian"
    monkeypatch.setenv(VARIABLE, "http://named.example/debian/")
    assert machine_mirror(tmp_path) == "http://named.example/debian"
