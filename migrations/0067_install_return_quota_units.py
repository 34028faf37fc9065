"""Install procedures/return_quota_units.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0066_install_return_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota_units.sql",
    sha256="874706a7f03e655872e828730f81ebb25cb26a3cfa94031575b5a914b62c75fa",
)
