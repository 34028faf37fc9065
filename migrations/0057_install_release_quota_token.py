"""Install procedures/release_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0056_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="8fefa332f6690df4bbe35636fe32876069b47810239ec3c4ce4c932d0b21bed5",
)
