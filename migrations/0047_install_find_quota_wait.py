"""Install procedures/find_quota_wait.sql."""

from tenant_quota.apply import install

__depends__ = {"0046_install_find_quota_replay"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_wait.sql",
    sha256="f2ee47d94faa3e9d70d34759b0e64fe826852fc89f104fd193000bce767dc512",
)
