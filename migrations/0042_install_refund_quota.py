"""Install procedures/refund_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0041_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="55c930709564f63d94329db7c89e14f8fbd4cb433a2715faccbec69398998882",
)
