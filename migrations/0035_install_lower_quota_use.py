"""Install procedures/lower_quota_use.sql."""

from tenant_quota.apply import install

__depends__ = {"0034_install_keep_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/lower_quota_use.sql",
    sha256="77d9aa916a620393934c572c28e828150a52b5921b60924aeb679ab6e302fd4b",
)
