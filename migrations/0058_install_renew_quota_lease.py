"""Install procedures/renew_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0057_install_release_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/renew_quota_lease.sql",
    sha256="1397bf74f70cbdc56406c516b829bd0eb2e461697491576b54957d6951a547ed",
)
