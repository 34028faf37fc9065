"""Install procedures/check_quota_number.sql."""

from tenant_quota.apply import install

__depends__ = {"0025_install_check_quota_name"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_number.sql",
    sha256="7509bf2f7ffc0ab332e876b9259aa163f7e7a9eb2783f325e918966f6218e8fb",
)
