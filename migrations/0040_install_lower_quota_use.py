"""Install procedures/lower_quota_use.sql."""

from tenant_quota.apply import install

__depends__ = {"0039_install_lock_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/lower_quota_use.sql",
    sha256="0f6caa0c06f435fe050334d1bb06a0893a0cf4ab7148a40d4cd66dfacc541ae4",
)
