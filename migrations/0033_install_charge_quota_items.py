"""Install procedures/internal/charge/charge_quota_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0032_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/charge/charge_quota_items.sql",
    sha256="9a1dc96b25453e49c7497ecd827195cb1b3608095cc00ae9c9e2729365b46804",
)
