"""Install procedures/internal/check/validate_quota_argument.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_read_quota_options"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/check/validate_quota_argument.sql",
    sha256="994422592ef5444da8a428ad63a43fb2c6a42687b20924b114532f5403ad5fbc",
)
