"""Install procedures/refund_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0041_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="a8a87b1eca50f6a8e265630e56c65c9ff5d76502b66a044cf337f480730162ee",
)
