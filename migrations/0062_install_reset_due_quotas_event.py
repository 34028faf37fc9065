"""Install events/reset_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0061_install_purge_quota_usage_event"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "events/reset_due_quotas.sql",
    sha256="a51f70beeb7b16e502ca5c1fd78b45073ef4409e06a73996ea46277b8e67ee2b",
)
