"""Install procedures/internal/charge/finish_quota_charge.sql."""

from tenant_quota.apply import install

__depends__ = {"0036_install_find_quota_replay"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/charge/finish_quota_charge.sql",
    sha256="609afb086ee06666d0b5b294bbcd6b7b0a4d1b3dbdd00914bd44a9dcd04b5d1f",
)
