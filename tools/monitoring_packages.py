"""Get Prometheus and its exporters for ``make test-monitoring``, without installing them.

``python -m tools.monitoring_packages FOLDER`` downloads Debian's (or Ubuntu's) packages by apt
and unpacks them below that folder. Nothing is installed, and no service is started. What cannot
be had is named, and the tests that need it are skipped.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tools.client_drivers import runs

#: Each package, and the program in it.
PROGRAMS = {
    "prometheus": "prometheus",
    "prometheus-sql-exporter": "prometheus-sql-exporter",
    "prometheus-node-exporter": "prometheus-node-exporter",
}


def fetch(folder: Path) -> None:
    """Unpack what is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [
        name for name, program in PROGRAMS.items() if not (folder / "usr/bin" / program).exists()
    ]
    if not wanted:
        return
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        print(f"Cannot be had without apt-get and dpkg: {', '.join(wanted)}", file=sys.stderr)
        return
    if os.geteuid() == 0:  # others use the lists of packages that are there
        runs(["apt-get", "--quiet", "update"])
    for name in wanted:
        os.chdir(folder)  # apt-get downloads to where it is run
        if runs(["apt-get", "--quiet", "download", name]):
            (deb,) = folder.glob(f"{name}_*.deb")
            runs(["dpkg", "-x", str(deb), str(folder)])
            deb.unlink()


if __name__ == "__main__":
    fetch(Path(sys.argv[1]).resolve())
