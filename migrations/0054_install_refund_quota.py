"""Install procedures/refund_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0053_install_record_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="4e7d86dc809b2bfc633fdae2560290cc15c31b8a4f686b6b706d015c3283c884",
)
