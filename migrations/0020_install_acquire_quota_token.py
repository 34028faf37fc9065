"""Install procedures/application/acquire_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0019_install_acquire_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/application/acquire_quota_token.sql",
    sha256="111972520ab8a3a9109c4509b6f258eae630dcdf9c9fcd57104c206c290331ce",
)
