"""Install procedures/check_quota_call.sql."""

from tenant_quota.apply import install

__depends__ = {"0018_install_check_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_call.sql",
    sha256="32ca369ab57604857f9860722b5196a4afc556fe8985f1f1088c6d95707349b7",
)
