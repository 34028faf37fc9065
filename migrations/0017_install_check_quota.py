"""Install procedures/check_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="f7d42fddfca77cb70b8894fdec5a0d7484f12a892c35da6221eb661a48ab73fe",
)
