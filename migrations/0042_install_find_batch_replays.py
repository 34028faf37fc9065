"""Install procedures/find_batch_replays.sql."""

from tenant_quota.apply import install

__depends__ = {"0041_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_batch_replays.sql",
    sha256="24757987e3c36c54c89a140985ea7c824cf88da6004c8284ef2792f9f54b766f",
)
