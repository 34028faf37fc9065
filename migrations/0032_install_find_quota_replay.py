"""Install procedures/find_quota_replay.sql."""

from tenant_quota.apply import install

__depends__ = {"0031_install_find_fresh_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="f79f57c20d592a606f9628fb41ae92bcf4535585ea3a1f088dbc6b8bccfba652",
)
