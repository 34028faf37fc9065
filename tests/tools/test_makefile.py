"""The Makefile clears no environment but its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers import TOP


def make(folder: Path, *goals: str) -> subprocess.CompletedProcess[str]:
    # `make test` runs these tests too, and tells each make below it so.
    own = {
        key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))
    }
    return subprocess.run(["make", *goals], cwd=folder, capture_output=True, text=True, env=own)


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """Give a checkout whose .venv leads to somebody else's."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious").touch()
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(TOP / name, checkout / name)
    (checkout / ".venv").symlink_to(other)
    return checkout


@pytest.mark.parametrize("goal", ["lint", "test", "demo"])
def test_an_environment_that_is_a_link_is_refused_and_left_alone(linked, goal):
    done = make(linked, goal)
    assert done.returncode == 2
    assert ".venv is a symbolic link" in done.stderr
    assert (linked.parent / "other/precious").exists()


def test_clean_takes_the_link_away_and_not_what_it_leads_to(linked):
    assert make(linked, "clean").returncode == 0
    assert not (linked / ".venv").is_symlink()
    assert (linked.parent / "other/precious").exists()


def test_help_is_the_first_target_and_names_every_other(linked):
    done = make(linked)
    assert done.returncode == 0
    targets = (TOP / "Makefile").read_text(encoding="utf-8").partition(".PHONY: ")[2]
    names = set(targets.partition("\n")[0].split()) - {"help"}
    assert {line.split()[1] for line in done.stdout.splitlines() if line[0] != " "} == names
