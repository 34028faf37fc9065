"""Install procedures/application/check_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0021_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/application/check_quota.sql",
    sha256="ed413b6d45b6d4f6a23a404d5e9f66d8c0093a4a56eb5d655402b6b1f80913a5",
)
