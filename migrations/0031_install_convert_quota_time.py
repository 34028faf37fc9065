"""Install procedures/convert_quota_time.sql."""

from tenant_quota.apply import install

__depends__ = {"0030_install_consume_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/convert_quota_time.sql",
    sha256="925447cace8207d7df19a64c62825501571935f379c3f9e9d53b0510e189fe58",
)
