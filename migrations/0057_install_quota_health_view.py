"""Install views/quota_health.sql."""

from tenant_quota.apply import install

__depends__ = {"0056_install_undo_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_health.sql",
    sha256="ffba3937c5248f020d796deb328b62f59c51ed1f0a38376ecc1c305b10f1a68a",
)
