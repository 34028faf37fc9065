"""Install procedures/check_quota_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0019_install_check_quota_argument"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_items.sql",
    sha256="f278273245804745dc769de4c3cf841e58f0e4b455dcc54c8e84a372bfc26255",
)
