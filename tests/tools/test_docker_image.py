"""make test-docker: what it says where it cannot run, and the image that it makes by itself."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile

import pytest

from tenant_quota.sandbox.docker import engine_answers
from tools.docker_image import write_root


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.docker_image", "--version"],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )


def test_where_no_engine_answers_it_says_what_to_do_and_no_test_runs():
    done = run(DOCKER_HOST="unix:///nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no Docker engine answers" in done.stderr
    assert "apt-get install docker.io" in done.stderr


def test_an_image_that_was_named_is_not_replaced_by_another():
    if not engine_answers():
        pytest.skip("no Docker engine answers")
    done = run(TENANT_QUOTA_TEST_IMAGE="localhost:1/no-such-image")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no image localhost:1/no-such-image" in done.stderr


def test_the_image_holds_the_packages_and_what_they_take_for_granted(tmp_path):
    program = tmp_path / "usr/sbin/mysqld"
    program.parent.mkdir(parents=True)
    program.write_text("a server")
    (tmp_path / "usr/lib").mkdir()
    written = io.BytesIO()
    write_root(tmp_path, written)
    written.seek(0)
    with tarfile.open(fileobj=written) as tar:
        entries = {entry.name.removeprefix("./"): entry for entry in tar.getmembers()}
    assert entries["lib"].linkname == "usr/lib"
    assert entries["usr/sbin/mysqld"].size == len("a server")
    for name in ("entrypoint.sh", "usr/bin/sh"):
        assert entries[name].isreg()
        assert entries[name].mode & 0o111
    owners = {name: entry.uid for name, entry in entries.items() if entry.uid}
    assert set(owners) == {"run/mysqld", "var/lib/mysql", "var/lib/mysql-files"}
