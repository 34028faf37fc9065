"""Install procedures/refund_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0058_install_record_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="30756dc76d16a03c850a7744e7f3d41ec612128c904a72f66df576eb7732dddf",
)
