"""Install procedures/reserve_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0045_install_renew_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reserve_quota.sql",
    sha256="fb0414c9967271ab6df05413aa760c0acba1fc33e9969be11cd4d23fdead2c81",
)
