"""Install procedures/return_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0049_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota.sql",
    sha256="bbcb38d00b39427bef8a47412cb3ee7a850b62eb1bbca3749ee957d1eadc38cc",
)
