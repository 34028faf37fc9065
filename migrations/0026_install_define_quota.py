"""Install procedures/define_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0025_install_consume_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="a8055b1955a06bf3fc7a3fa4a6fee1ff247fcc743deb82027620a7e159bf5d21",
)
