"""Install procedures/acquire_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0012_install_abandon_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_lease.sql",
    sha256="a85fff2a68f7fc61252dbc47023f7150f28e7580ac89427d1b944d44741f006e",
)
