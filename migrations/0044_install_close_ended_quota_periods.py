"""Install procedures/internal/job/close_ended_quota_periods.sql."""

from tenant_quota.apply import install

__depends__ = {"0043_install_validate_quota_argument"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/job/close_ended_quota_periods.sql",
    sha256="ba4b80e21e82aae17969fd998380bc8378cce974c444ea4b274d0d343a09f62d",
)
