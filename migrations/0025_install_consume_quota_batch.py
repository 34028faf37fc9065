"""Install procedures/consume_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0024_install_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota_batch.sql",
    sha256="4dc5b40c4bff24d8ba4f04c0555063bd112fbd0669cf1381eb15e18d36653cbb",
)
