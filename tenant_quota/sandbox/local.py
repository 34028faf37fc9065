"""A mysqld process of our own, on a copy of the template, in a short-lived folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pymysql

from tenant_quota.sandbox.cache import Unavailable
from tenant_quota.sandbox.mysqld import Mysqld, last_errors
from tenant_quota.sandbox.progress import Progress

START_SECONDS = 60
STOP_SECONDS = 30
SOCKET_LIMIT = 107  # bytes in the path of a unix socket

# What a production server would have; tests of durability rely on it. The binlog's
# format is ROW by itself, and naming it is deprecated.
DURABLE = (
    "--innodb-flush-log-at-trx-commit=1",
    "--sync-binlog=1",
    "--log-bin=binlog",
    "--event-scheduler=ON",
)
MODEST = ("--innodb-buffer-pool-size=256M", "--max-connections=300")

# Waits on a pipe that nobody writes to: its end means that whoever started the
# sandbox is gone, however that happened. A line means it was stopped in order.
WATCHDOG = """
read -r _ && exit
if [ ! -d /proc/self ] || grep -qaF "$2" "/proc/$1/cmdline" 2>/dev/null; then kill -KILL "$1"; fi
sleep 1
rm -rf "$2"
"""


@dataclass
class LocalServer:
    """One mysqld on 127.0.0.1 with a folder of its own."""

    mysqld: Mysqld
    directory: Path
    port: int
    password: str
    options: tuple[str, ...] = ()
    pid: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _watchdog: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @classmethod
    def create(
        cls, mysqld: Mysqld, password: str, options: tuple[str, ...], progress: Progress
    ) -> LocalServer:
        """Copy the template into a new folder; nothing runs yet."""
        template = mysqld.template(progress)
        progress.step("Starting MySQL")
        server = cls(mysqld, _short_directory(), free_port(), password, options)
        try:
            shutil.copytree(template, server.directory / "data")
            # Executed at every start before anyone can connect.
            server._write("init.sql", f"ALTER USER root@localhost IDENTIFIED BY '{password}';\n")
            server._write(
                "client.cnf",
                f"[client]\nuser=root\npassword={password}\nsocket={server.socket}\n",
            )
        except BaseException:
            server.discard()
            raise
        return server

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> LocalServer:
        """Return a server that another process started, from what ``record`` gave."""
        mysqld: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in record["mysqld"].items()
        }
        return cls(
            mysqld=Mysqld(**mysqld),
            directory=Path(record["directory"]),
            port=record["port"],
            password=record["password"],
            options=tuple(record["options"]),
            pid=record["pid"],
        )

    def record(self) -> dict[str, Any]:
        """Return what another process needs to find this server, as plain JSON values."""
        return {
            "mysqld": asdict(self.mysqld),
            "directory": str(self.directory),
            "port": self.port,
            "password": self.password,
            "options": list(self.options),
            "pid": self.pid,
        }

    @property
    def socket(self) -> Path:
        return self.directory / "s"

    @property
    def log(self) -> Path:
        return self.directory / "error.log"

    def launch(self, attached: bool) -> None:
        """Start mysqld and wait until it answers; ``attached``: it ends when we end.

        Raises Unavailable with the end of its error log if it does not come up.
        """
        fixed = (
            *DURABLE,
            *MODEST,
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--socket={self.socket}",
            f"--pid-file={self.directory / 'pid'}",
            f"--tmpdir={self.directory}",
            f"--init-file={self.directory / 'init.sql'}",
        )
        argv = self.mysqld.command(self.directory / "data", *fixed, *self.options)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,  # Ctrl-C is for us, not for the server
            )
        self.pid = self._process.pid
        if attached:
            self._watchdog = subprocess.Popen(
                ["/bin/sh", "-c", WATCHDOG, "watchdog", str(self.pid), str(self.directory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            if not self.alive():
                text = self.log.read_text(errors="replace")
                raise Unavailable(f"mysqld ended at once: {last_errors(text)}")
            try:
                pymysql.connect(
                    unix_socket=str(self.socket),
                    user="root",
                    password=self.password,
                    ssl_disabled=True,
                ).close()
                return
            except pymysql.err.MySQLError as error:
                if time.monotonic() > deadline:
                    raise Unavailable(f"mysqld did not answer: {error}") from None
                time.sleep(0.05)

    def alive(self) -> bool:
        """Whether the process is there and is ours; a recycled pid is not."""
        if self._process is not None:
            return self._process.poll() is None
        if not self.pid:
            return False
        if Path("/proc/self").exists():
            try:
                command = Path(f"/proc/{self.pid}/cmdline").read_bytes()
            except OSError:
                return False
            return os.fsencode(self.directory) in command
        try:
            os.kill(self.pid, 0)
        except OSError:
            return False
        return True

    def terminate(self) -> None:
        """Shut down in order; after STOP_SECONDS without mercy."""
        self._signal(signal.SIGTERM)
        if not self._gone_within(STOP_SECONDS):
            self._signal(signal.SIGKILL)
            self._gone_within(STOP_SECONDS)
        self._dismiss_watchdog()

    def kill(self) -> None:
        """End the process as a crash would."""
        self._signal(signal.SIGKILL)
        self._gone_within(STOP_SECONDS)
        self._dismiss_watchdog()

    def discard(self) -> None:
        """Remove the folder; the process must be gone."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def client_command(self) -> list[str]:
        """Return argv of a mysql client connected to this server; holds no password."""
        if not self.mysqld.client:
            raise Unavailable("there is no mysql client beside this mysqld")
        return [*self.mysqld.client, f"--defaults-file={self.directory / 'client.cnf'}"]

    def _signal(self, number: signal.Signals) -> None:
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _dismiss_watchdog(self) -> None:
        if self._watchdog is not None:
            self._watchdog.communicate(b"stopped\n")
            self._watchdog = None

    def _write(self, name: str, text: str) -> None:
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_text(text)


def free_port() -> int:
    """Return a TCP port on 127.0.0.1 that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _short_directory() -> Path:
    """Make a private folder whose name is short enough for a socket inside."""
    directory = tempfile.mkdtemp(prefix="tenant-quota-")
    if len(os.fsencode(directory)) + 2 > SOCKET_LIMIT:
        Path(directory).rmdir()
        directory = tempfile.mkdtemp(prefix="tenant-quota-", dir="/tmp")
    return Path(directory)
