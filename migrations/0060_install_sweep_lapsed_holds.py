"""Install procedures/sweep_lapsed_holds.sql."""

from tenant_quota.apply import install

__depends__ = {"0059_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sweep_lapsed_holds.sql",
    sha256="f9c7ce611947acd1471abbfdfc5e99986cb065b21c37d0bff789a77b17b056bb",
)
