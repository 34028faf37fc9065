"""Install procedures/purge_quota_rows.sql."""

from tenant_quota.apply import install

__depends__ = {"0054_install_purge_quota_ledger"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_rows.sql",
    sha256="cae4314174dfa9323090b3365593ee5786d2a13d6fb3360e7214b7dd10c5d8ac",
)
