"""Install procedures/refund_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0053_install_record_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="4b7f30e0d132dc7120c85af691e29da2edcecea503efddfb1981762f7bd63e03",
)
