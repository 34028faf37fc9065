"""Install procedures/charge_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0015_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_batch.sql",
    sha256="9afba766247bbcefc05ab2e46fbbcbfe89ea147dfe870fd61dc1315ced1dd696",
)
