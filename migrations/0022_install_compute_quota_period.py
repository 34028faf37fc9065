"""Install procedures/compute_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0021_install_collect_quota_slots"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/compute_quota_period.sql",
    sha256="368f4be73e8e05987e4d650d0c812803643eff7dac55a6391c13244adf0cfd13",
)
