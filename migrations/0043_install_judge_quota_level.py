"""Install procedures/judge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_level.sql",
    sha256="986a333187b79b2317d34b4ff22c6333e56586bbe2b531f7b1d35cb1a35f723c",
)
