"""Install procedures/internal/return/lower_quota_use.sql."""

from tenant_quota.apply import install

__depends__ = {"0049_install_end_lapsed_quota_holds"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/return/lower_quota_use.sql",
    sha256="eacb8984cb9ca6bfa83008da2eb9f4a40a9c4bb8cd3cd8e5dfffaaac90d764aa",
)
