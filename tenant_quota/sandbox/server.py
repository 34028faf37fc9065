"""A throwaway real MySQL: durable like a production server, gone without a trace."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from tenant_quota.errors import TenantQuotaError
from tenant_quota.sandbox.cache import Absent, Unavailable
from tenant_quota.sandbox.docker import DockerServer
from tenant_quota.sandbox.local import LocalServer
from tenant_quota.sandbox.mysqld import Mysqld, mysqld_on_path
from tenant_quota.sandbox.packages import portable_mysqld
from tenant_quota.sandbox.progress import Progress

Server = LocalServer | DockerServer

WAYS = ("path", "docker", "portable")
ADVICE = (
    "Install MySQL 8.0.19 or later, start Docker, or use a machine with apt-get that reaches "
    "a Debian mirror. To use a server that you have: --url mysql://..., and for the tests "
    "TENANT_QUOTA_TEST_URL."
)


class Sandbox:
    """One running throwaway server. ``with Sandbox.start() as sandbox: sandbox.url``"""

    def __init__(self, server: Server, attached: bool = False) -> None:
        self._server = server
        self._attached = attached

    @classmethod
    def start(
        cls,
        options: Sequence[str] = (),
        *,
        ways: Sequence[str] = WAYS,
        attached: bool = True,
        progress: Progress | None = None,
    ) -> Sandbox:
        """Start a server by the first of ``ways`` that works here.

        ``options`` are further mysqld options, later ones win. An ``attached``
        server ends with this process, also when that is killed.

        Raises TenantQuotaError with every way's reason when none works.
        """
        failures = []
        with progress or Progress() as progress:
            for way in ways:
                try:
                    server = _start(way, tuple(options), attached, progress)
                except (Unavailable, OSError, subprocess.SubprocessError) as error:
                    failures.append(f"{_TITLES[way]}: {error}")
                    if way != ways[-1] and not isinstance(error, Absent):
                        progress.note(f"{failures[-1]}; trying another way")
                    continue
                return cls(server, attached)
        tried = "\n".join(f"  {failure}" for failure in failures)
        raise TenantQuotaError(f"No MySQL can be had here. Tried:\n{tried}\n{ADVICE}")

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Sandbox:
        """Return a sandbox that another process started, from what ``record`` gave."""
        if record["kind"] == "docker":
            return cls(DockerServer.from_record(record["server"]))
        return cls(LocalServer.from_record(record["server"]))

    def record(self) -> dict[str, Any]:
        """Return what another process needs to find this one: JSON, holds the password."""
        kind = "local" if isinstance(self._server, LocalServer) else "docker"
        return {"kind": kind, "server": self._server.record()}

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """TCP port on 127.0.0.1; the same after a restart."""
        return self._server.port

    @property
    def password(self) -> str:
        """Password of root."""
        return self._server.password

    @property
    def url(self) -> str:
        """``mysql://root:password@127.0.0.1:port/``; holds the password."""
        return f"mysql://root:{self.password}@127.0.0.1:{self.port}/"

    @property
    def server(self) -> Server:
        """What runs: a process with its ``directory`` and ``log``, or a container."""
        return self._server

    def client_command(self) -> list[str]:
        """Return argv of a mysql client on this server; holds no password.

        Raises TenantQuotaError where the machine's mysqld came without a client.
        """
        try:
            return self._server.client_command()
        except Unavailable as error:
            raise TenantQuotaError(str(error)) from None

    def alive(self) -> bool:
        """Whether the server runs."""
        return self._server.alive()

    def stop(self) -> None:
        """Shut the server down and remove everything it wrote; a second time does nothing."""
        self._server.terminate()
        self._server.discard()

    def kill(self) -> None:
        """End the server as a crash would; its data stays for ``restart``."""
        self._server.kill()

    def restart(self) -> None:
        """Start again on the same data and port, after shutting down if it still runs.

        Raises TenantQuotaError with the end of its error log if it does not come up.
        """
        self._server.terminate()
        try:
            self._server.launch(self._attached)
        except Unavailable as error:
            raise TenantQuotaError(f"The sandbox did not start again: {error}") from None


_TITLES = {
    "path": "mysqld on PATH",
    "docker": "Docker",
    "portable": "Debian's packages",
}


def _start(way: str, options: tuple[str, ...], attached: bool, progress: Progress) -> Server:
    """Start a server by one way; leaves nothing behind when that fails."""
    password = secrets.token_hex(12)
    if way == "docker":
        return _launch(DockerServer.create(password, options, progress), attached)
    find: Callable[[Progress], Mysqld]
    find = (lambda _: mysqld_on_path()) if way == "path" else portable_mysqld
    mysqld = find(progress)
    for attempt in range(3):
        server = LocalServer.create(mysqld, password, options, progress)
        try:
            return _launch(server, attached)
        except Unavailable as error:
            # Somebody else took the port between our look and mysqld's bind.
            if attempt == 2 or "Address already in use" not in str(error):
                raise
    raise AssertionError("not reached")


def _launch(server: Server, attached: bool) -> Server:
    try:
        server.launch(attached)
    except BaseException:
        server.discard()
        raise
    return server
