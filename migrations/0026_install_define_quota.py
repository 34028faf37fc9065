"""Install procedures/define_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0025_install_consume_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="5782856fadb50b4180133dbff8b299e6299ecb6cbb7463657b1b7bed8ce6819a",
)
