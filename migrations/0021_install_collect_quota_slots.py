"""Install procedures/collect_quota_slots.sql."""

from tenant_quota.apply import install

__depends__ = {"0020_install_check_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/collect_quota_slots.sql",
    sha256="3abeecdbc96299190f9d615c74d2d03e79ed224e3a54da3564a3eaed1e065ddf",
)
