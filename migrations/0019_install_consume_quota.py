"""Install procedures/consume_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0018_install_compute_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota.sql",
    sha256="0a568819862f3a03323e8cc115105554afc32bb81f5bfa29419d459ff2679110",
)
