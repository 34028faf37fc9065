"""Install procedures/consume_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0026_install_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota_batch.sql",
    sha256="c7762e318ffd1fc2a4f734dc411362d8b8ab008290ee3704b2efd6eefcb5fd58",
)
