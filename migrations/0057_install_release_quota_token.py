"""Install procedures/release_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0056_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="bff276976b91ff2b8dd74838a34772dceeeb645f7fdd255738154e727589757d",
)
