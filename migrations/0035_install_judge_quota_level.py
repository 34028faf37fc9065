"""Install procedures/judge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0034_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_level.sql",
    sha256="f9032263612f7f733adf78c921793866beb86466d863f2755d9adcd00e1fd637",
)
