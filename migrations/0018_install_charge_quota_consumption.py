"""Install procedures/charge_quota_consumption.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_consumption.sql",
    sha256="117a730d87bdfbd5b55dac93e8690c0bb372c0a95e373b4ab85d744fda68181e",
)
