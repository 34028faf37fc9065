"""Install procedures/judge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0032_install_finish_quota_charge"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_level.sql",
    sha256="51017e6d099e961f9faed4015f88ab11c7ae308f582a0a2b6be443becdd6d3bd",
)
