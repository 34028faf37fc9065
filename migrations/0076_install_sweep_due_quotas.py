"""Install procedures/sweep_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0075_install_show_quota_rows"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sweep_due_quotas.sql",
    sha256="6f07e0d3215f6b9f7119b70c43865bc7270930628121b9d7b1af835edc3b16bb",
)
