"""Install procedures/find_tightest_limit.sql."""

from tenant_quota.apply import install

__depends__ = {"0039_install_find_refund_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_tightest_limit.sql",
    sha256="634db46175a7e40045046f32d06d9fdc461a950e89fc9c67ccfa793fe2e37c39",
)
