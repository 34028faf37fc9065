"""Install procedures/charge_quota_consumption.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_consumption.sql",
    sha256="fd437593105737f87def5f0aa6f9536f4487b873b0c44089314c3c80ad51a768",
)
