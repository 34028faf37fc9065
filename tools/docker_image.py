"""Run the tests with every server in a container: ``make test-docker``.

The image is TENANT_QUOTA_TEST_IMAGE, else mysql:8.4; where that one cannot be pulled, an
image made here out of the sandbox's packages. ``python -m tools.docker_image [OPTION ...]``
hands its options to pytest. Exit code 2, and what to do, where containers cannot be had.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import IO

from tenant_quota.sandbox import Progress
from tenant_quota.sandbox.cache import Unavailable, cache_directory
from tenant_quota.sandbox.docker import engine_answers, image
from tenant_quota.sandbox.packages import portable_mysqld

ENTRYPOINT = Path(__file__).with_name("docker_entrypoint.sh")
REPOSITORY = "tenant-quota-test-mysql"
NO_ENGINE = """\
no Docker engine answers here. `docker version` says what is wrong: the command is missing
(Debian, Ubuntu: apt-get install docker.io), the engine does not run (systemctl start docker,
or dockerd as root), this user may not ask it (group docker), or DOCKER_HOST names another.
Without Docker: make test."""

MYSQL_USER = 999  # as in the official image
OPTIONS = """\
[mysqld]
skip-name-resolve
datadir=/var/lib/mysql
socket=/var/run/mysqld/mysqld.sock
pid-file=/var/run/mysqld/mysqld.pid
secure-file-priv=/var/lib/mysql-files
user=mysql
"""
CHANGES = (
    "ENV PATH=/usr/sbin:/usr/bin LD_LIBRARY_PATH=/usr/lib/mysql/private",
    "VOLUME /var/lib/mysql",
    "EXPOSE 3306",
    'ENTRYPOINT ["/entrypoint.sh"]',
    'CMD ["mysqld"]',
)


def usable_image(progress: Progress) -> str:
    """Return the name of an image that the engine has now.

    Raises Unavailable where the one that was asked for cannot be pulled, or none be made.
    """
    wanted = image()
    try:
        have(wanted, progress)
        return wanted
    except Unavailable as error:
        if os.environ.get("TENANT_QUOTA_TEST_IMAGE"):
            raise
        progress.note(f"{error}; one out of Debian's packages instead")
    return local_image(progress)


def have(name: str, progress: Progress) -> None:
    """Pull an image unless it is there; raises Unavailable with the engine's own words."""
    if docker("image", "inspect", name).returncode != 0:
        progress.step(f"Pulling {name}")
        pulled = docker("pull", "--quiet", name)
        if pulled.returncode != 0:
            raise Unavailable(f"no image {name}: {pulled.stderr.decode().strip()}")


def local_image(progress: Progress) -> str:
    """Return an image of the sandbox's own MySQL, made where this one is not there yet."""
    mysqld = portable_mysqld(progress)
    recipe = hashlib.sha256(Path(__file__).read_bytes() + ENTRYPOINT.read_bytes()).hexdigest()
    name = f"{REPOSITORY}:{mysqld.name.removeprefix('mysql-')}-{recipe[:8]}"
    if docker("image", "inspect", name).returncode != 0:
        progress.step(f"Making the image {name}")
        changes = [f"--change={change}" for change in CHANGES]
        with tempfile.TemporaryFile(dir=cache_directory()) as file:
            write_root(cache_directory() / mysqld.name / "tree", file)
            file.seek(0)
            imported = docker("import", *changes, "-", name, given=file)
        if imported.returncode != 0:
            raise Unavailable(f"docker import failed: {imported.stderr.decode().strip()}")
    return name


def write_root(tree: Path, output: IO[bytes]) -> None:
    """Write the image's file system as a tar: the packages, and what they take for granted."""
    shell = Path("/bin/sh").resolve()  # the packages hold none; theirs is the newer C library
    with tarfile.open(fileobj=output, mode="w") as tar:

        def add(
            name: str, kind: bytes, *, mode: int = 0o755, user: int = 0, text: str = ""
        ) -> None:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.uid, entry.gid = kind, mode, user, user
            if kind == tarfile.SYMTYPE:
                entry.linkname = text
                tar.addfile(entry)
            else:
                data = text.encode()
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))

        tar.add(tree, ".", filter=owned_by_root)
        tar.add(shell, "usr/bin/sh", filter=owned_by_root)
        for name in ("bin", "sbin", "lib", "lib64"):
            if (tree / "usr" / name).is_dir():
                add(name, tarfile.SYMTYPE, text=f"usr/{name}")
        add("tmp", tarfile.DIRTYPE, mode=0o1777)
        for name in ("run", "var/lib"):
            add(name, tarfile.DIRTYPE)
        add("var/run", tarfile.SYMTYPE, text="/run")
        for name in ("run/mysqld", "var/lib/mysql", "var/lib/mysql-files"):
            add(name, tarfile.DIRTYPE, mode=0o755 if "run" in name else 0o750, user=MYSQL_USER)
        passwd = f"root:x:0:0::/:/bin/sh\nmysql:x:{MYSQL_USER}:{MYSQL_USER}::/:/bin/sh\n"
        add("etc/passwd", tarfile.REGTYPE, mode=0o644, text=passwd)
        add("etc/group", tarfile.REGTYPE, mode=0o644, text=f"root:x:0:\nmysql:x:{MYSQL_USER}:\n")
        add("etc/my.cnf", tarfile.REGTYPE, mode=0o644, text=OPTIONS)
        add("entrypoint.sh", tarfile.REGTYPE, text=ENTRYPOINT.read_text(encoding="utf-8"))


def owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def docker(
    *arguments: str, given: int | IO[bytes] = subprocess.DEVNULL
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["docker", *arguments], check=False, capture_output=True, stdin=given)


def environment(progress: Progress) -> dict[str, str]:
    """Return what tells pytest to start containers, and of which image.

    Raises Unavailable with what to do where that cannot be.
    """
    if not engine_answers():
        raise Unavailable(NO_ENGINE)
    found = {**os.environ, "TENANT_QUOTA_TEST_ONLY_DOCKER": "1"}
    found.pop("TENANT_QUOTA_TEST_URL", None)
    found["TENANT_QUOTA_TEST_IMAGE"] = usable_image(progress)
    # testcontainers' cleaner is an image of its own. Without it everything is stopped at the
    # end all the same, but not after a kill -9.
    from testcontainers.core.config import testcontainers_config  # slow to import

    try:
        have(testcontainers_config.ryuk_image, progress)
    except Unavailable:
        found.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    progress.note(f"Every server is a container of {found['TENANT_QUOTA_TEST_IMAGE']}.")
    return found


def main(*options: str) -> None:
    """Have an image, and become pytest."""
    try:
        with Progress() as progress:
            told = environment(progress)
    except (Unavailable, OSError) as error:
        print(f"make test-docker: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    os.execve(sys.executable, [sys.executable, "-m", "pytest", *options], told)  # noqa: S606


if __name__ == "__main__":
    main(*sys.argv[1:])
