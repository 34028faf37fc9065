"""The test of the real exporter and Prometheus runs under ``make test-monitoring`` alone."""

from __future__ import annotations

import os

#: Where `tools.monitoring_packages` has put what it got.
PACKAGES = os.environ.get("TENANT_QUOTA_MONITORING", "")

collect_ignore = [] if PACKAGES else ["test_live.py"]
