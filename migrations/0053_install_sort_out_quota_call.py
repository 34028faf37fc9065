"""Install procedures/sort_out_quota_call.sql."""

from tenant_quota.apply import install

__depends__ = {"0052_install_settle_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sort_out_quota_call.sql",
    sha256="7a43069c4064bd32e483960ff89fe9d523d93db8b9221fad2a10289a568e68fb",
)
