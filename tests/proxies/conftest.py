"""The tests behind MySQL Router run under ``make test-proxies`` alone."""

from __future__ import annotations

from tests.helpers.router import FOLDER

collect_ignore_glob = [] if FOLDER else ["test_*.py"]
