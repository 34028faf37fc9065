"""Install procedures/compute_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0021_install_collect_quota_slots"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/compute_quota_period.sql",
    sha256="8cc93a3599c4ccd2225607a38c147b52a76dbc2e95868aa8142a44f06934e956",
)
