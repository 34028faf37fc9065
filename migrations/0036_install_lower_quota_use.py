"""Install procedures/lower_quota_use.sql."""

from tenant_quota.apply import install

__depends__ = {"0035_install_judge_quota_level"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/lower_quota_use.sql",
    sha256="8a8a67ce8d96a0444cf511665b841f17ae1e3f589ae43dda3a7379c520a0b52a",
)
