"""Install procedures/charge_several_limits.sql."""

from tenant_quota.apply import install

__depends__ = {"0020_install_charge_quota_slot"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_several_limits.sql",
    sha256="b33607e94456ae1b9dee64fda7491e4ddbea83e12f9577e22bf1991605dbbe55",
)
