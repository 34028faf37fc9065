"""Install procedures/judge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0034_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_level.sql",
    sha256="de39762e3952ad84147a7e51b00c6a5fd76382537721739da2efee50553fc0c8",
)
