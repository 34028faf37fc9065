"""Install procedures/define_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0031_install_convert_quota_time"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="7554811e50567aa05764aaf440fa0130f29a271f8afbc0dec26a842d6080ec06",
)
