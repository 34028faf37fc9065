"""Install procedures/try_consume_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0035_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/try_consume_quota.sql",
    sha256="127a81b015e5ec9e567e1a81d953c713bd7f65081e90f1bc59098259e7bcca22",
)
