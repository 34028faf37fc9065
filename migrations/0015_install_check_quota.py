"""Install procedures/check_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0014_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="addafacc2880be8c6d240cb9b2a17b457025cc71829bc2faa941cf7456a7c3c9",
)
