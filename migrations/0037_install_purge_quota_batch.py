"""Install procedures/purge_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0036_install_open_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_batch.sql",
    sha256="5e2b0708e5e16612e30f183634064756daf7edc5dd3f2d80ad1c24f737f50136",
)
