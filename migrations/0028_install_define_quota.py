"""Install procedures/define_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0027_install_consume_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="1bda1c33d9bc9d26b35e1d01d520c62f8168fc2300494bdd1d5c66be9cfb7ae3",
)
