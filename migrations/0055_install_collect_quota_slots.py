"""Install procedures/internal/slot/collect_quota_slots.sql."""

from tenant_quota.apply import install

__depends__ = {"0054_install_undo_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/slot/collect_quota_slots.sql",
    sha256="47f0de3355ece7f239e2107c852a13f7ce859b50edcd34132d5053423e34c775",
)
