"""Install procedures/internal/job/delete_old_quota_rows.sql."""

from tenant_quota.apply import install

__depends__ = {"0044_install_close_ended_quota_periods"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/job/delete_old_quota_rows.sql",
    sha256="b4f15986a21d749e1727d6254b1507692859fd2fc4d096f2427b5eefe697a4e3",
)
