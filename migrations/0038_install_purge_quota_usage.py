"""Install procedures/purge_quota_usage.sql."""

from tenant_quota.apply import install

__depends__ = {"0037_install_purge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_usage.sql",
    sha256="ad6e9bdd0329370e68fdaac3cfc4a4682e164f116dc80ea19de01f1b7afd82ad",
)
