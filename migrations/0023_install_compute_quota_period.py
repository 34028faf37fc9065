"""Install procedures/compute_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0022_install_collect_quota_slots"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/compute_quota_period.sql",
    sha256="41bed6fd7978f275e048e704fda7322fadd29b7c066eca05c649f10417c18776",
)
