"""Install procedures/release_quota_token.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0030_install_record_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="f7b38f666d3af3c3da81fe28582fbf4c6582bff02712565a9b6b5a6fd9bc8b46",
)
