"""A portable MySQL out of Debian's packages, without being root and without installing.

apt resolves, downloads and verifies with state directories of its own; the packages
are unpacked into the user's cache and mysqld runs under the C library that came along,
so the machine's own release does not matter.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tenant_quota.sandbox.cache import Unavailable, cache_directory, locked, new_directory
from tenant_quota.sandbox.mysqld import Mysqld
from tenant_quota.sandbox.progress import Progress
from tenant_quota.sandbox.sources import machine_mirror

PACKAGES = ("mysql-server-core", "mysql-client-core", "tzdata", "tzdata-legacy")
KEYRING = "debian-archive-keyring"
FRESH_SECONDS = 7 * 24 * 3600  # sid moves; a cached version is asked about again after this


def portable_mysqld(progress: Progress) -> Mysqld:
    """Return a MySQL in the user's cache, downloaded first where there is none or an old one.

    Raises Unavailable when nothing is cached and nothing can be downloaded.
    """
    cache = cache_directory()
    fresh = _current(cache, FRESH_SECONDS)
    if fresh is not None:
        return _from_tree(fresh)
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise Unavailable("needs apt-get and dpkg, as on Debian and Ubuntu")
    try:
        with locked(cache / "lock", progress):
            # Another process may have done it while this one waited.
            tree = _current(cache, FRESH_SECONDS) or _download(cache, progress)
    except (Unavailable, OSError) as error:
        old = _current(cache)
        if old is None:
            raise
        progress.note(f"Using the cached {old.parent.name}; looking for a newer one: {error}")
        return _from_tree(old)
    return _from_tree(tree)


def _current(cache: Path, max_age_seconds: float | None = None) -> Path | None:
    """Return the tree that was resolved last, unless that is longer ago than asked."""
    pointer = cache / "portable"
    try:
        tree = cache / pointer.read_text().strip() / "tree"
        age = time.time() - pointer.stat().st_mtime
    except OSError:
        return None
    too_old = max_age_seconds is not None and age > max_age_seconds
    return None if too_old or not tree.is_dir() else tree


def _from_tree(tree: Path) -> Mysqld:
    """Describe how to run what was unpacked under ``tree``."""
    libc = next(tree.glob("usr/lib/*/libc.so.6"), None)
    loader = next(libc.parent.glob("ld-linux*.so.*"), None) if libc else None
    if libc is None or loader is None:
        raise Unavailable(f"no C library under {tree}; delete that folder and try again")
    libraries = f"{libc.parent}:{tree}/usr/lib/mysql/private"
    run = (str(loader), "--library-path", libraries)
    share = tree / "usr/share/mysql"
    return Mysqld(
        name=tree.parent.name,
        server=(*run, str(tree / "usr/sbin/mysqld")),
        client=(*run, str(tree / "usr/bin/mysql")),
        tzinfo=(*run, str(tree / "usr/bin/mysql_tzinfo_to_sql")),
        zoneinfo=str(tree / "usr/share/zoneinfo"),
        options=(
            f"--basedir={tree}/usr",
            f"--lc-messages-dir={share}",
            f"--character-sets-dir={share}/charsets",
            f"--plugin-dir={tree}/usr/lib/mysql/plugin",
        ),
    )


def _download(cache: Path, progress: Progress) -> Path:
    """Resolve the present version and return its tree, fetching it where it is not cached."""
    apt = Apt(cache / "apt", progress)
    try:
        packages = apt.resolve(machine_mirror())
        versions = [m[1] for p in packages if (m := re.match(r"mysql-server-core_(\S+)\.deb", p))]
        if not versions:
            raise Unavailable("the mirror offers no mysql-server-core for this architecture")
        home = cache / f"mysql-{versions[0]}"
        tree = home / "tree"
        if not tree.is_dir():
            debs = apt.fetch(packages)
            progress.step(f"Unpacking {len(debs)} packages")
            with new_directory(tree) as work:
                for deb in debs:
                    _run(["dpkg", "-x", str(deb), str(work)])
                work.chmod(0o755)  # mkdtemp's 0700 is for what is being filled
        pointer = cache / ".portable.new"
        pointer.write_text(home.name + "\n")
        pointer.replace(cache / "portable")
        return tree
    finally:
        shutil.rmtree(apt.directory, ignore_errors=True)


@dataclass
class Apt:
    """apt-get with lists, status, cache and sources of its own under ``directory``."""

    directory: Path
    progress: Progress
    packages: tuple[str, ...] = PACKAGES

    def resolve(self, mirror: str) -> dict[str, int]:
        """Return file name and size in bytes of every package that these need in sid."""
        shutil.rmtree(self.directory, ignore_errors=True)
        for name in ("lists/partial", "archives/partial"):
            (self.directory / name).mkdir(parents=True)
        (self.directory / "status").touch()
        self.progress.step("Asking Debian's mirror which MySQL it has")
        signed_by = self._keyring()
        sources = f"deb [signed-by={signed_by}] {mirror} sid main\n"
        (self.directory / "sources.list").write_text(sources)
        asked = self._apt("update", check=False)
        if not any((self.directory / "lists").glob("*Packages*")):
            raise Unavailable(f"apt-get update from {mirror} failed: {_reason(asked)}")
        answer = self._apt("--print-uris", "install", *self.packages).stdout
        return {m[1]: int(m[2]) for m in re.finditer(r"^'\S+' (\S+\.deb) (\d+) ", answer, re.M)}

    def fetch(self, packages: dict[str, int]) -> list[Path]:
        """Download the packages; apt verifies each against the signed index."""
        archives = self.directory / "archives"
        total = sum(packages.values())
        with (self.directory / "log").open("w+") as log:
            process = subprocess.Popen(
                self._argv("--download-only", "install", *self.packages),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(),
            )
            try:
                while process.poll() is None:
                    self.progress.fetched("Fetching MySQL from Debian", _size(archives), total)
                    time.sleep(0.2)
            finally:
                process.kill()
                process.wait()
            log.seek(0)
            if process.returncode != 0:
                raise Unavailable(f"apt-get could not download: {_errors(log.read())}")
        return sorted(archives.glob("*.deb"))

    def _keyring(self) -> Path:
        """Return Debian's archive keys: the machine's, or from the package that Ubuntu has."""
        installed = _keys(Path("/"))
        if installed is not None:
            return installed
        # The machine's own sources vouch for the package, and so for the keys.
        own = Apt(self.directory / "own", self.progress)
        (own.directory / "lists/partial").mkdir(parents=True)
        (own.directory / "status").touch()
        own._apt("update", check=False, own_sources=True)
        own._apt("download", KEYRING, own_sources=True)
        for deb in own.directory.glob(f"{KEYRING}_*.deb"):
            _run(["dpkg", "-x", str(deb), str(own.directory / "root")])
        downloaded = _keys(own.directory / "root")
        if downloaded is None:
            raise Unavailable(f"Debian's keys are missing; install the package {KEYRING}")
        return downloaded

    def _argv(self, *arguments: str, own_sources: bool = False) -> list[str]:
        here = self.directory
        settings = [
            f"Dir::State={here}",
            f"Dir::State::lists={here}/lists",
            f"Dir::State::status={here}/status",
            f"Dir::Cache={here}",
            f"Dir::Cache::archives={here}/archives",
            "Dir::Etc::preferences=/dev/null",
            "Dir::Etc::preferencesparts=-",
            "APT::Default-Release=",
            "APT::Install-Recommends=false",
            "Acquire::Languages=none",
            "Acquire::Retries=2",
            "Acquire::http::Timeout=30",
            "Acquire::https::Timeout=30",
        ]
        if not own_sources:
            settings += [f"Dir::Etc::sourcelist={here}/sources.list", "Dir::Etc::sourceparts=-"]
        if os.geteuid() == 0:
            settings.append("APT::Sandbox::User=root")  # the cache is in root's own home
        options = [part for setting in settings for part in ("-o", setting)]
        return ["apt-get", "-q", "-y", *options, *arguments]

    def _apt(
        self, *arguments: str, check: bool = True, own_sources: bool = False
    ) -> subprocess.CompletedProcess[str]:
        argv = self._argv(*arguments, own_sources=own_sources)
        return _run(argv, check=check, directory=self.directory)


def _keys(root: Path) -> Path | None:
    """Return the file of Debian's archive keys under ``root``, if it is there."""
    paths = (root / f"usr/share/keyrings/{KEYRING}.{suffix}" for suffix in ("pgp", "gpg"))
    return next((path for path in paths if path.exists()), None)


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def _run(
    argv: list[str], check: bool = True, directory: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; raises Unavailable with its own words if it fails."""
    done = subprocess.run(
        argv,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        env=_environment(),
        cwd=directory,
    )
    if check and done.returncode != 0:
        raise Unavailable(f"{argv[0]} failed: {_reason(done)}")
    return done


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    return _errors(done.stderr) or f"exit code {done.returncode}"


def _errors(text: str) -> str:
    """Return the lines that say what went wrong, at most three."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if line.startswith(("E:", "W:", "Err", "dpkg"))]
    return "; ".join((wrong or lines)[-3:])


def _size(directory: Path) -> int:
    """Return the bytes in a folder that changes meanwhile."""
    total = 0
    for path in directory.rglob("*.deb"):
        try:
            total += path.stat().st_size
        except OSError:
            continue  # moved out of partial/ just now
    return total
