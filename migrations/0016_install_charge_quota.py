"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0015_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="42f9f6b0c4d7eedcaa901b15d3ef53435ac6c968abe1004edb92e8d8099bb0b7",
)
