"""The tests behind MySQL Router run under ``make test-proxies`` alone."""

from __future__ import annotations

import os

#: Where `tools.router_package` has put what it got.
FOLDER = os.environ.get("TENANT_QUOTA_PROXIES", "")

collect_ignore_glob = [] if FOLDER else ["test_*.py"]
