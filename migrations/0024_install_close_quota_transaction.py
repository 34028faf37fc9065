"""Install procedures/close_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0023_install_close_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/close_quota_transaction.sql",
    sha256="0ded5d77e10e7d32dc079cc6cdffe87770ddaf9a45951a6d979e692c9c982b55",
)
