"""Install procedures/judge_quota_limit.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0042_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_limit.sql",
    sha256="3c140e339eacadc10ea8e99015eeffbcaf25add605f6d6affd9de8a6422fb093",
)
