"""Install procedures/finish_quota_charge.sql."""

from tenant_quota.apply import install

__depends__ = {"0031_install_find_quota_replay"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/finish_quota_charge.sql",
    sha256="31c1a5efdcbe8d37ed0f1e552f2bdfa7f749b916178d7f290d5bf32b59d52bbc",
)
