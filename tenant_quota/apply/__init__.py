"""Applying and rolling back migrations, and the objects that they install.

``install`` and ``uninstall`` are what a migration calls: released migrations hold these names.
"""

from tenant_quota.apply.stored_objects import install, uninstall

__all__ = ["install", "uninstall"]
