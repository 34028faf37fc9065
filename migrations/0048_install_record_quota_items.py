"""Install procedures/record_quota_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0047_install_record_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_items.sql",
    sha256="4ed2d0437d84608c928658ac04e71163606af08e32406b1a1123bb0bd1d3df4a",
)
