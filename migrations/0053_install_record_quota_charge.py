"""Install procedures/record_quota_charge.sql."""

from tenant_quota.apply import install

__depends__ = {"0052_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_charge.sql",
    sha256="ff953f62e93220cfc28aa23f7466e97c0be2d6fd5e9e2d2109ec2d581c519a4d",
)
