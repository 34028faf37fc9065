"""A server whose clock we move: mysqld with a library of ours, or under Debian's libfaketime."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tenant_quota.sandbox import Progress
from tenant_quota.sandbox.cache import Unavailable, cache_directory, locked, new_directory
from tenant_quota.sandbox.local import LocalServer
from tenant_quota.sandbox.mysqld import Mysqld, mysqld_on_path
from tenant_quota.sandbox.packages import Apt, _run, portable_mysqld
from tenant_quota.sandbox.sources import machine_mirror
from tests.helpers.server import connect, local_ways
from tests.helpers.support import value, wait_until

SOURCE = Path(__file__).parent / "shift_clock.c"
PACKAGE = "libfaketime"
READ_SECONDS = 2.5  # libfaketime has read the clock's file anew by then; our own much sooner
LIBRARY = "usr/lib/*/faketime/libfaketimeMT.so.1"  # the one for programs with threads


def library(directory: Path) -> Path:
    """Compile our own; where no C compiler is, return libfaketime, which costs each call 50 us.

    Raises Unavailable where neither can be had.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return libfaketime()
    made = directory / "shift_clock.so"
    options = ("-O2", "-shared", "-fPIC", "-o", str(made), str(SOURCE), "-ldl", "-lpthread")
    done = subprocess.run([compiler, *options], check=False, capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"{compiler} failed: {done.stderr[-300:]}")
    return made


def libfaketime() -> Path:
    """Return libfaketime in the user's cache, fetched and verified by apt where it is not yet."""
    cache = cache_directory()
    home = cache / PACKAGE
    if not home.is_dir():
        if not (shutil.which("apt-get") and shutil.which("dpkg")):
            raise Unavailable("needs apt-get and dpkg, as on Debian and Ubuntu")
        with Progress() as progress, locked(cache / "lock", progress):
            apt = Apt(cache / "apt", progress)
            try:
                apt.resolve(machine_mirror())
                apt._apt("download", PACKAGE)
                with new_directory(home) as work:
                    for deb in apt.directory.glob(f"{PACKAGE}_*.deb"):
                        _run(["dpkg", "-x", str(deb), str(work)])
            finally:
                shutil.rmtree(apt.directory, ignore_errors=True)
    found = next(home.glob(LIBRARY), None)
    if found is None:
        raise Unavailable(f"no {LIBRARY} under {home}; delete that folder and try again")
    return found


@dataclass
class Clock:
    """The file that the library reads again and again."""

    file: Path

    def set(self, seconds: int) -> None:
        """Move the clock to so many seconds after the right time, and wait until it is there."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n", encoding="ascii")
        new.replace(self.file)
        time.sleep(READ_SECONDS)


@contextmanager
def server_with_a_clock() -> Iterator[tuple[str, Clock]]:
    """Give the URL of a server of our own, and its clock, which is right at first.

    Raises Unavailable where no library can be had, or it does not move that server's clock.
    """
    (way,) = local_ways()
    known = mysqld_on_path() if way == "path" else portable_mysqld(Progress())
    known.template(Progress())
    password = secrets.token_hex(12)
    server = LocalServer.create(known, password, (), Progress())
    try:
        preload = str(library(server.directory))
        clock = Clock(server.directory / "clock")
        clock.set(0)
        server.mysqld = _with(known, way, preload, clock)
        server.launch(attached=True)
        url = f"mysql://root:{password}@127.0.0.1:{server.port}/"
        with connect(url, autocommit=True) as connection:
            right = value(connection, "SELECT SYSDATE()")
            clock.set(-3600)

            def moved() -> bool:
                return bool(value(connection, "SELECT SYSDATE()") < right)

            if not wait_until(moved):
                raise Unavailable(f"{preload} does not move this server's clock")
            clock.set(0)
            assert wait_until(lambda: not moved())
        yield url, clock
    finally:
        server.kill()
        server.discard()


def _with(known: Mysqld, way: str, preload: str, clock: Clock) -> Mysqld:
    """Return the same mysqld, run with the library and the settings that it reads."""
    settings = [
        f"FAKETIME_TIMESTAMP_FILE={clock.file}",
        "FAKETIME_CACHE_DURATION=1",
        "DONT_FAKE_MONOTONIC=1",  # else what waits for some seconds would wait for an hour
    ]
    loader, *rest = known.server
    if way == "path":
        settings.append(f"LD_PRELOAD={preload}")
        argv = (loader, *rest)
    else:
        argv = (loader, "--preload", preload, *rest)
    env = shutil.which("env")
    if env is None:
        raise Unavailable("there is no env")
    return replace(known, server=(env, *settings, *argv))
