"""Install procedures/settle_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0063_install_run_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_hold.sql",
    sha256="208b2cf5b750d74238d370905a48db462ee46985183504075d7a5bb18640e387",
)
