"""Install procedures/end_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0027_install_define_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/end_quota_transaction.sql",
    sha256="c696dd3079177fbe523d7d786b3e001485cfd73c44f9656f709bb540fc1539fa",
)
