"""Install procedures/find_batch_replays.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0035_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_batch_replays.sql",
    sha256="412a1ec330e2ece9bf9f72a40a4f029db4e1b378931cef6c4fb2d88340958770",
)
