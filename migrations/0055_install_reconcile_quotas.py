"""Install procedures/reconcile_quotas.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0054_install_read_quota_options"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reconcile_quotas.sql",
    sha256="e285bb35cb2c2c92191e90495ada47d69827dd3c0ae2ce96d3a479d3a0921293",
)
