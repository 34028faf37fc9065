"""Get the drivers that tests/clients/ runs programs with: ``make test-clients``.

``python -m tools.client_drivers FOLDER`` makes a virtual environment and a node_modules in
that folder. Debian's packages are installed by root only; anybody else is told their names.
What cannot be had is named, and the tests that need it are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
DEBIAN = (
    "php-cli",
    "php-mysql",
    "ruby",
    "ruby-mysql2",
    "golang-go",
    "golang-github-go-sql-driver-mysql-dev",
    "default-jdk-headless",
    "libmariadb-java",
    "nodejs",
    "npm",
    "default-libmysqlclient-dev",  # mysqlclient is built against it
    "pkg-config",
    "gcc",
)
#: What belongs together is installed together, so that one failure costs one driver.
PYPI = (
    ("pytest",),
    ("sqlalchemy[asyncio]",),
    ("asyncmy",),
    ("aiomysql",),
    ("mysql-connector-python",),
    ("mysqlclient", "django"),
    ("fastapi", "httpx", "uvicorn"),
)
NPM = ("mysql2",)
#: A program that comes with each of Debian's packages that may be there from elsewhere.
COMES_WITH = {"default-jdk-headless": "javac", "nodejs": "node", "npm": "npm", "gcc": "gcc"}


def missing_packages() -> list[str]:
    """Return Debian's packages that are not installed, by nobody's hand either."""
    return [
        name
        for name in DEBIAN
        if not (name in COMES_WITH and shutil.which(COMES_WITH[name]))
        and not runs(["dpkg", "--status", name], says=False)
    ]


def runs(argv: Sequence[str | Path], *, says: bool = True) -> bool:
    """Run a command to its end; name it if it fails."""
    quietly = {"DEBIAN_FRONTEND": "noninteractive", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        done = subprocess.run(
            argv, check=False, capture_output=True, text=True, env=os.environ | quietly
        )
        problem = "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["?"])[-1]
    except OSError as error:
        problem = str(error)
    if problem and says:
        print(f"Cannot be had: {' '.join(map(str, argv))}: {problem}", file=sys.stderr)
    return not problem


def install(folder: Path) -> None:
    """Install all that can be had here."""
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.which("apt-get") and (packages := missing_packages()):
        command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
        if os.geteuid() == 0:
            runs(command)
        else:
            print(f"Not installed; as root: {' '.join(command)}", file=sys.stderr)
    python = folder / "venv/bin/python"
    if not python.exists():
        venv.create(folder / "venv", with_pip=True)
    pip: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    runs([*pip, "--editable", ROOT])
    for packages_together in PYPI:
        runs([*pip, *packages_together])
    # The newest one's part in C wants a newer OpenSSL than Debian 12 has, and is then left out.
    has_c = "from mysql.connector import HAVE_CEXT as c; raise SystemExit(not c and 'no C')"
    if not runs([python, "-c", has_c], says=False):
        runs([*pip, "mysql-connector-python<10"])
    runs(["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, *NPM])


if __name__ == "__main__":
    install(Path(sys.argv[1]).resolve())
