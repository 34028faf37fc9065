"""The sandbox as a container, where a Docker engine answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import pymysql

from tenant_quota.sandbox.cache import Absent, Unavailable
from tenant_quota.sandbox.local import DURABLE, MODEST, free_port
from tenant_quota.sandbox.mysqld import last_errors
from tenant_quota.sandbox.progress import Progress

DEFAULT_IMAGE = "mysql:8.4"
START_SECONDS = 120

# As beside a local server: the pipe's end means that whoever started the container is gone.
WATCHDOG = 'read -r _ || exec docker rm --force --volumes "$1"'


def image() -> str:
    """Return the image to run: TENANT_QUOTA_TEST_IMAGE, else ``mysql:8.4``."""
    return os.environ.get("TENANT_QUOTA_TEST_IMAGE") or DEFAULT_IMAGE


def engine_answers() -> bool:
    """Whether there is a docker command and an engine behind it."""
    if shutil.which("docker") is None:
        return False
    try:
        return _docker("version", "--format", "{{.Server.Version}}", timeout=20).returncode == 0
    except subprocess.TimeoutExpired:
        return False


@dataclass
class DockerServer:
    """One container, published on 127.0.0.1."""

    container: str
    port: int
    password: str
    _watchdog: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @classmethod
    def create(cls, password: str, options: tuple[str, ...], progress: Progress) -> DockerServer:
        """Pull the image where it is missing and create the container; nothing runs yet."""
        if not engine_answers():
            raise Absent("no Docker engine answers")
        name = image()
        if _docker("image", "inspect", name).returncode != 0:
            progress.step(f"Pulling {name}")
            _checked("pull", "--quiet", name)
        progress.step(f"Starting {name}")
        port = free_port()
        # --env without a value takes it from our environment: no password in argv.
        container = _checked(
            "create",
            "--env=MYSQL_ROOT_PASSWORD",
            f"--publish=127.0.0.1:{port}:3306",
            name,
            *DURABLE,
            *MODEST,
            *options,
            environment={"MYSQL_ROOT_PASSWORD": password},
        )
        return cls(container, port, password)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> DockerServer:
        """Return a server that another process started, from what ``record`` gave."""
        return cls(**record)

    def record(self) -> dict[str, Any]:
        """Return what another process needs to find this server, as plain JSON values."""
        return {"container": self.container, "port": self.port, "password": self.password}

    def launch(self, attached: bool) -> None:
        """Start the container and wait until MySQL answers; ``attached``: it ends when we end.

        Raises Unavailable with the end of its error log if it does not come up.
        """
        if attached:
            self._watchdog = subprocess.Popen(
                ["/bin/sh", "-c", WATCHDOG, "watchdog", self.container],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            _checked("start", self.container)
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                pymysql.connect(
                    host="127.0.0.1", port=self.port, user="root", password=self.password
                ).close()
                return
            except (pymysql.err.MySQLError, OSError) as error:
                if not self.alive():
                    said = last_errors(_docker("logs", self.container).stderr)
                    raise Unavailable(f"mysqld ended at once: {said}") from None
                if time.monotonic() > deadline:
                    raise Unavailable(f"mysqld did not answer: {error}") from None
                time.sleep(0.2)

    def alive(self) -> bool:
        """Whether the container runs."""
        done = _docker("inspect", "--format={{.State.Running}}", self.container)
        return done.stdout.strip() == "true"

    def terminate(self) -> None:
        """Shut down in order; after 30 seconds without mercy."""
        _docker("stop", "-t", "30", self.container)
        self._dismiss_watchdog()

    def kill(self) -> None:
        """End the server as a crash would."""
        _docker("kill", self.container)
        self._dismiss_watchdog()

    def discard(self) -> None:
        """Remove the container with its data."""
        _docker("rm", "--force", "--volumes", self.container)

    def client_command(self) -> list[str]:
        """Return argv of a mysql client connected to this server; holds no password."""
        inside = 'MYSQL_PWD="$MYSQL_ROOT_PASSWORD" exec mysql --user=root "$@"'
        terminal = ["--tty"] if sys.stdin.isatty() else []
        return [
            *("docker", "exec", "--interactive", *terminal, self.container),
            *("sh", "-c", inside, "mysql"),
        ]

    def _dismiss_watchdog(self) -> None:
        if self._watchdog is not None:
            self._watchdog.communicate(b"stopped\n")
            self._watchdog = None


def _docker(
    *arguments: str, timeout: float | None = None, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *arguments],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        env={**os.environ, **(environment or {})},
    )


def _checked(*arguments: str, environment: dict[str, str] | None = None) -> str:
    """Run docker and return what it printed; raises Unavailable with its own words."""
    done = _docker(*arguments, environment=environment)
    if done.returncode != 0:
        raise Unavailable(f"docker {arguments[0]} failed: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()
