"""Install procedures/check_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="1f8e69c0ea9407cdf22a61167073888655f1b2646feffdf3e7496fb1d86c9849",
)
