"""Applying and rolling back migrations, and the objects that they install.

``install`` is what a migration calls: released migrations hold this name.
"""

from tenant_quota.apply.stored_objects import install

__all__ = ["install"]
