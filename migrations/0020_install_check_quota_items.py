"""Install procedures/check_quota_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0019_install_check_quota_argument"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_items.sql",
    sha256="e6881df34ede66dfa7baed4b98ac31dbab429f4d8eb4d6f1a6e34a969396f111",
)
