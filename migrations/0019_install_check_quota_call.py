"""Install procedures/check_quota_call.sql."""

from tenant_quota.apply import install

__depends__ = {"0018_install_check_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_call.sql",
    sha256="8a54c9d2973cf6793b54ab2601afe1c07da7b66689bb11d26e0a605175d1f5f7",
)
