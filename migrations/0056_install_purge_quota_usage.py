"""Install procedures/purge_quota_usage.sql."""

from tenant_quota.apply import install

__depends__ = {"0055_install_purge_quota_rows"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_usage.sql",
    sha256="667f3d98bff1621b07ee9159d4e32531ab8851c81a9a5421a164b23697e16ec1",
)
