"""Install procedures/application/acquire_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0018_install_reset_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/application/acquire_quota_lease.sql",
    sha256="420452f98d431d8468c1e2f5f7cd400fb1aa0bbb7194b6ebd9939af7e2fea658",
)
