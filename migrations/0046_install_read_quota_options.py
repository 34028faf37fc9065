"""Install procedures/read_quota_options.sql."""

from tenant_quota.apply import install

__depends__ = {"0045_install_purge_quota_usage"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/read_quota_options.sql",
    sha256="b5cdb31db522cdd74859c6aca54a82cc0eca3ec00aef3e190ef95c1cf1e33089",
)
