"""Install procedures/guard_quota_session.sql."""

from tenant_quota.apply import install

__depends__ = {"0041_install_find_told_denial"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/guard_quota_session.sql",
    sha256="1302374c96d613e8039b71cac374f1553bb89120a6d3d7eb17b289ae0db259a2",
)
