"""Install procedures/internal/check/read_quota_options.sql."""

from tenant_quota.apply import install

__depends__ = {"0041_install_parse_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/check/read_quota_options.sql",
    sha256="2d96ddf15ad90608335223dc6344b3889f718a0642699b353b939b2af2ca5a04",
)
