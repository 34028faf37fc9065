"""Install procedures/describe_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0027_install_define_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/describe_quota.sql",
    sha256="f676ac2af444c25f8de738bb81259eaffb6373f8146d6f12eff317d140afb397",
)
