"""Install procedures/charge_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_batch.sql",
    sha256="f4f1b723a34b24e5b7c7413edee14b158ba6c01c18b147154aa41eeca632ca7c",
)
