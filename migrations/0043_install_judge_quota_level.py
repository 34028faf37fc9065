"""Install procedures/judge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_level.sql",
    sha256="a4c7b9a95bf9578872c3f9218fde50f6802944f311019eee4e60f00ee1de4c1a",
)
