"""Install procedures/show_quota_rows.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0070_install_show_quota_limit"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/show_quota_rows.sql",
    sha256="cb30de914fb9a7fc1c565f3bc3d9c608293f09cb6e4f438f65ade1a851bee556",
)
