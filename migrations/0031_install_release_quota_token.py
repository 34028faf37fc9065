"""Install procedures/release_quota_token.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0030_install_record_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="c71a51659f91cf32751d7dcd07ef52f061c4184bbc15d72e5227e52eb3f0da5b",
)
