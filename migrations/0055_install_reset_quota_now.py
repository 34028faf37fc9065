"""Install procedures/reset_quota_now.sql."""

from tenant_quota.apply import install

__depends__ = {"0054_install_reset_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_quota_now.sql",
    sha256="476799bea17cc65ba668a4f356e6173c0021402df4a2ba8df527089888ab5b63",
)
