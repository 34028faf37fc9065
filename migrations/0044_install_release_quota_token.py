"""Install procedures/release_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0043_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="cd66032bd7fa8de77ef1a66e9821f7e312bba83f75d56c3b0b13911726a4094a",
)
