"""Install procedures/judge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0039_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_level.sql",
    sha256="95e02fd26efd127b39c807a39b2f801dc4cef9be45c5200f469f737613fc93b1",
)
