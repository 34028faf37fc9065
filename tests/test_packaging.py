"""What a user installs: the wheel and the sdist carry the SQL, and work without a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from tenant_quota import __version__
from tests.helpers import TOP
from tests.helpers.server import connect

SQL_FOLDERS = ("migrations", "procedures", "views", "events")


def sql_files() -> set[str]:
    """Return every file in the SQL folders, relative to the root."""
    return {
        str(path.relative_to(TOP))
        for folder in SQL_FOLDERS
        for path in (TOP / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Build the sdist, and the wheel out of the sdist; give their folder."""
    folder: Path = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(TOP)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory) -> Path:
    """Install the wheel into a new environment far from the checkout; give its command."""
    home: Path = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=True)
    pip = [str(home / "bin/python"), "-m", "pip", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "install", "--quiet", str(next(built.glob("*.whl")))], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return home / "bin/tenant-quota"


def run(command: Path, *arguments: str, url: str = "") -> subprocess.CompletedProcess[str]:
    """Run the installed command where no checkout is in sight."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if url:
        environment["TENANT_QUOTA_URL"] = url
    return subprocess.run(
        [str(command), *arguments],
        capture_output=True,
        text=True,
        cwd=command.parent,
        env=environment,
    )


def test_the_wheel_carries_every_sql_file(built):
    names = set(zipfile.ZipFile(next(built.glob("*.whl"))).namelist())
    assert sql_files()
    assert {f"tenant_quota/sql/{name}" for name in {*sql_files(), "schema.lock.json"}} <= names


def test_the_wheel_holds_the_package_and_nothing_beside_it(built):
    names = zipfile.ZipFile(next(built.glob("*.whl"))).namelist()
    assert {name.split("/")[0] for name in names} == {
        "tenant_quota",
        f"tenant_quota-{__version__}.dist-info",
    }


def test_the_sdist_carries_what_it_takes_to_build_and_test(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"pyproject.toml", "Makefile", "README.md", "LICENSE", "CHANGELOG.md", ".ci/run"}
    needed |= {"schema.lock.json"}
    assert needed | sql_files() | {"tests/test_packaging.py"} <= names


def test_the_command_works_from_the_wheel_alone(installed):
    done = run(installed, "--version")
    assert done.returncode == 0, done.stderr
    assert __version__ in done.stdout
    assert "sandbox" in run(installed, "--help").stdout


def test_apply_and_verify_work_from_the_wheel_alone(installed, empty_schema):
    done = run(installed, "apply", url=empty_schema)
    assert done.returncode == 0, done.stdout + done.stderr
    with closing(connect(empty_schema)) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO tenants (tenant_id, tenant_name) VALUES ('CH_123', 'a')")
        cursor.execute("CALL check_quota('CH_123', 'REDEEM_CODE', 1, NULL)")
        assert "NO_QUOTA" in cursor.fetchone()
    verified = run(installed, "verify", url=empty_schema)
    assert verified.returncode == 0, verified.stdout + verified.stderr
