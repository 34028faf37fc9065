"""Get MySQL Router for ``make test-proxies``, without installing it.

``python -m tools.router_package FOLDER`` unpacks Debian sid's package with all that it needs
below that folder, its own C library too. If it cannot be had, that is said, and the tests are
skipped.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tenant_quota.sandbox import Progress
from tenant_quota.sandbox.cache import Unavailable, new_directory
from tenant_quota.sandbox.packages import Apt
from tenant_quota.sandbox.sources import machine_mirror

TREE = "router"


def fetch(folder: Path) -> None:
    """Unpack the package, unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / TREE).exists():
        return
    with Progress() as progress:
        apt = Apt(folder / "apt", progress, ("mysql-router",))
        try:
            debs = apt.fetch(apt.resolve(machine_mirror()))
            with new_directory(folder / TREE) as work:
                for deb in debs:
                    subprocess.run(["dpkg", "-x", str(deb), str(work)], check=True)
        finally:
            shutil.rmtree(apt.directory, ignore_errors=True)


if __name__ == "__main__":
    try:
        fetch(Path(sys.argv[1]).resolve())
    except (Unavailable, OSError, subprocess.SubprocessError) as error:
        print(f"MySQL Router cannot be had: {error}", file=sys.stderr)
