"""The README's route that answers 429: its lines, as a newcomer types them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tenant_quota.sandbox.local import free_port
from tests.clients.kinds import module
from tests.helpers import TOP


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[list[str]]:
    """Give the lines behind `pip install`, on a sandbox and a port of the test's own."""
    for name in ("fastapi", "uvicorn", "asyncmy"):
        module(name)
    block = re.search(r"^```sh\npip install \. fastapi.*\n((?:.*\n)+?)```$", text(), re.MULTILINE)
    assert block
    name = f"readme_{uuid4().hex[:8]}"
    found = re.sub(r"sandbox (\w+)", rf"sandbox \1 --name {name}", block[1])
    yield found.replace("8000", str(free_port())).splitlines()
    subprocess.run([sys.executable, "-m", "tenant_quota", "sandbox", "stop", "--name", name])


def text() -> str:
    return (TOP / "README.md").read_text(encoding="utf-8")


def test_the_fourth_request_is_answered_429_with_the_right_retry_after(
    lines: list[str], tmp_path: Path
) -> None:
    *before, serve, curl = lines
    place = re.search(r"localhost:\d+", curl)
    assert place
    script = [
        "set -e",
        f'tenant-quota() {{ "{sys.executable}" -m tenant_quota "$@"; }}',
        *before,
        f'"{sys.executable}" -m {serve}',
        "trap 'kill $!' EXIT",
        f"for _ in $(seq 60); do curl -so /dev/null {place.group()} && break; sleep 1; done",
        *[f"{curl} --silent"] * 4,  # no --retry: it obeys Retry-After
        'tenant-quota sandbox shell "${@}" shop -Ne "SELECT TIMESTAMPDIFF(SECOND, NOW(),'
        ' next_reset_time) FROM tenant_quotas"',
    ]
    name = re.search(r"--name \S+", before[0])
    assert name
    environment = os.environ | {"PYTHONPATH": str(TOP)}
    done = subprocess.run(
        ["bash", "-c", "\n".join(script), "bash", *name[0].split()],
        cwd=TOP,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^HTTP/1.1 (\d+)", done.stdout, re.MULTILINE) == ["200", "200", "200", "429"]
    waits = [int(each) for each in re.findall(r"^retry-after: (\d+)", done.stdout, re.MULTILINE)]
    left = re.search(r"\d+$", done.stdout.strip())
    assert left
    assert len(waits) == 1
    assert 0 <= waits[0] - int(left[0]) < 300, "the seconds until the month ends"
