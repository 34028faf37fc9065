"""Install procedures/find_quota_limits.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0037_install_find_quota_label"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_limits.sql",
    sha256="4826311a09452e9362ca8c3415b8650ceb6ccf4c639957925e55b6faeb713150",
)
