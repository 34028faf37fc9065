"""``python -m tenant_quota`` is ``tenant-quota``."""

from tenant_quota.cli import main

main(prog_name="tenant-quota")
