"""Install procedures/show_quota_rows.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0072_install_show_quota_limit"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/show_quota_rows.sql",
    sha256="35783fb60a25b82b0854454faa06152acb4c2df04a60708bd556d5b4edb20af8",
)
