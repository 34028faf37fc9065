"""A MySQL server program: what it is, and a data directory to start from."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tenant_quota.sandbox.cache import Absent, Unavailable, cache_directory, locked, new_directory
from tenant_quota.sandbox.progress import Progress

OLDEST = (8, 0, 19)
ZONEINFO = "/usr/share/zoneinfo"


@dataclass(frozen=True)
class Mysqld:
    """How to run one MySQL: argv beginnings, and the options it cannot do without."""

    name: str  # its folder in the cache; differs for every build
    server: tuple[str, ...]
    client: tuple[str, ...] = ()  # empty: there is none
    tzinfo: tuple[str, ...] = ()
    zoneinfo: str = ZONEINFO
    options: tuple[str, ...] = ()

    def command(self, data: Path, *options: str) -> list[str]:
        """Return argv for mysqld on a data directory; reads no option file."""
        user = ["--user=root"] if os.geteuid() == 0 else []
        fixed = ["--secure-file-priv=", "--mysqlx=OFF", f"--datadir={data}", *user]
        return [*self.server, "--no-defaults", *self.options, *fixed, *options]

    def template(self, progress: Progress) -> Path:
        """Return an initialised data directory, root without password, time zones loaded.

        Made once for each build and kept in the cache; to be copied, never started.
        """
        cache = cache_directory()
        data = cache / self.name / "data"
        if not data.is_dir():
            with locked(cache / "lock", progress):
                if not data.is_dir():
                    progress.step("Initialising a data directory (once)")
                    with new_directory(data) as work:
                        self._initialise(work, progress)
        return data

    def _initialise(self, data: Path, progress: Progress) -> None:
        zones = data.with_name(data.name + ".sql")
        try:
            zones.write_bytes(b"USE mysql;\n" + self._time_zones(progress))
            options = (
                "--initialize-insecure",
                f"--init-file={zones}",
                "--disable-log-bin",
                "--innodb-flush-log-at-trx-commit=0",
                # Small to copy; a running server makes its log larger by itself.
                "--loose-innodb-redo-log-capacity=8M",
            )
            done = subprocess.run(
                self.command(data, *options),
                check=False,
                capture_output=True,
                text=True,
                errors="replace",
            )
            if done.returncode != 0:
                raise Unavailable(f"mysqld --initialize failed: {last_errors(done.stderr)}")
        finally:
            zones.unlink(missing_ok=True)
        # The server's identity: every copy is to make its own.
        (data / "auto.cnf").unlink(missing_ok=True)

    def _time_zones(self, progress: Progress) -> bytes:
        """Return the statements that fill MySQL's time-zone tables."""
        if not self.tzinfo or not Path(self.zoneinfo).is_dir():
            progress.note("No time-zone data on this machine: named time zones will be unknown.")
            return b""
        done = subprocess.run([*self.tzinfo, self.zoneinfo], check=False, capture_output=True)
        if done.returncode != 0:
            raise Unavailable(f"mysql_tzinfo_to_sql failed: {done.stderr[-300:].decode()}")
        return done.stdout


def mysqld_on_path() -> Mysqld:
    """Return the machine's own MySQL.

    Raises Unavailable when there is none, or it is older than 8.0.19, or MariaDB.
    """
    # An ordinary user's PATH often lacks sbin.
    places = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/local/sbin{os.pathsep}/usr/sbin"
    server = shutil.which("mysqld", path=places)
    if server is None:
        raise Absent("there is none")
    done = subprocess.run(
        [server, "--no-defaults", "--version"], check=False, capture_output=True, text=True
    )
    check_version(done.stdout)
    client = shutil.which("mysql")
    tzinfo = shutil.which("mysql_tzinfo_to_sql")
    build = hashlib.sha256(f"{Path(server).resolve()} {done.stdout}".encode()).hexdigest()
    return Mysqld(
        name=f"path-{build[:16]}",
        server=(server,),
        client=(client,) if client else (),
        tzinfo=(tzinfo,) if tzinfo else (),
    )


def check_version(text: str) -> None:
    """Accept what ``mysqld --version`` or ``SELECT VERSION(), @@version_comment`` answered.

    Raises Unavailable unless it is MySQL 8.0.19 or later.
    """
    text = text.strip()
    if "mariadb" in text.lower():
        raise Unavailable(f"this is MariaDB, not MySQL: {text}")
    match = re.search(r"\b(\d+)\.(\d+)\.(\d+)", text)
    if match is None:
        raise Unavailable(f"not a MySQL server: {text or 'no answer'}")
    if tuple(map(int, match.groups())) < OLDEST:
        raise Unavailable(f"older than MySQL 8.0.19: {text}")


def last_errors(log: str) -> str:
    """Return what a server's error log complains of, at most its last three lines."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    wrong = [line for line in lines if "[ERROR]" in line]
    return "; ".join((wrong or lines)[-3:]) or "it said nothing"
