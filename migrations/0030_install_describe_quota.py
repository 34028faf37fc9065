"""Install procedures/describe_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0029_install_define_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/describe_quota.sql",
    sha256="fdbe1599f2d7975dd27485874023e08bc77850d90e9b7c954ab75962aac4dd4a",
)
