"""Install procedures/check_quota_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0023_install_check_quota_consumption"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_items.sql",
    sha256="8c0486e639651fb1b862ca2129dab66c30efddb90725c182b997936c99836dd4",
)
