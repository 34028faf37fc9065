"""A throwaway real MySQL: from PATH, from Docker, or out of Debian's packages."""

from tenant_quota.sandbox.named import find_named, start_named, stop_named
from tenant_quota.sandbox.progress import Progress
from tenant_quota.sandbox.server import Sandbox

__all__ = ["Progress", "Sandbox", "find_named", "start_named", "stop_named"]
