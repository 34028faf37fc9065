"""Install procedures/judge_quota_limit.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0026_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_limit.sql",
    sha256="284811756483095d5ce45d043a03b47f71d7ea3ad867c12456f31ba51068f51a",
)
