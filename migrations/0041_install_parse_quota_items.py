"""Install procedures/internal/check/parse_quota_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0040_install_sort_out_quota_call"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/check/parse_quota_items.sql",
    sha256="7f268715ccd5a1e80c5a9eb43e57afc79ed0a2be30cd1e32b269512ab8e8c4bf",
)
