"""Install procedures/try_consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0069_install_sweep_lapsed_holds"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/try_consume_quota.sql",
    sha256="d50524ce2b24dfdbdc89110cb812e655fd947381b897d71d61dee4967a6636b2",
)
