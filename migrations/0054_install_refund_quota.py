"""Install procedures/refund_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0053_install_record_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="dd0a36d180b1d1bc64c49cf1c4c9fb8fa2b1f22e9e823e530d502db12588b777",
)
