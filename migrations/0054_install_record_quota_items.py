"""Install procedures/record_quota_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0053_install_record_quota_charge"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_items.sql",
    sha256="a8ac97d8ca94d9f330c825170cadb476a363a31b69bddf121284cc12e0bec3a9",
)
