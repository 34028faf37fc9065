"""Install procedures/read_quota_options.sql."""

from tenant_quota.apply import install

__depends__ = {"0043_install_purge_quota_usage"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/read_quota_options.sql",
    sha256="6657311f8ef9d68288976b4650b74879fc4f80aa0e249f292d474090882e9ff2",
)
