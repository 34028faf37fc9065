"""Install procedures/show_quota_rows.sql."""

from tenant_quota.apply import install

__depends__ = {"0074_install_show_quota_limit"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/show_quota_rows.sql",
    sha256="4a052914f285836ff1bd91ccef3b154a910d27512a33e576957bbdf999666f7e",
)
