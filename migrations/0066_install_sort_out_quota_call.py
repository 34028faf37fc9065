"""Install procedures/sort_out_quota_call.sql."""

from tenant_quota.apply import install

__depends__ = {"0065_install_settle_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sort_out_quota_call.sql",
    sha256="9d2f57dc5bd9dd78d6e16e03cabe5409e8ae5257b13bf8701af804e293595b4f",
)
