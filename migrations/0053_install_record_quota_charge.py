"""Install procedures/record_quota_charge.sql."""

from tenant_quota.apply import install

__depends__ = {"0052_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_charge.sql",
    sha256="7558ea791954c46e1ccd8502d48a7b56721218953710a680cd23d5a06f64d7b4",
)
