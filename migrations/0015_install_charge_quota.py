"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0014_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="1aaf1bcb92474c65f94866e6689fb773bbed34a7e410bfb529d969d2aa5bc7c3",
)
