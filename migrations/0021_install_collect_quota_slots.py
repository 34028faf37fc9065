"""Install procedures/collect_quota_slots.sql."""

from tenant_quota.apply import install

__depends__ = {"0020_install_check_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/collect_quota_slots.sql",
    sha256="47f0de3355ece7f239e2107c852a13f7ce859b50edcd34132d5053423e34c775",
)
