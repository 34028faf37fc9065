"""Install procedures/keep_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0033_install_judge_quota_level"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/keep_quota_transaction.sql",
    sha256="f824b93c931b28f3dc9ad9b219269f676da1febd63a66446dfeaaca127d97f09",
)
