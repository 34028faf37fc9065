"""Install procedures/refund_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0053_install_record_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="f286c7609612d9fda5189be8d7bf30e35999d133445c3ccf1cda2cb6d130215a",
)
