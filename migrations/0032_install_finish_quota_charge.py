"""Install procedures/finish_quota_charge.sql."""

from tenant_quota.apply import install

__depends__ = {"0031_install_find_quota_replay"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/finish_quota_charge.sql",
    sha256="f43469b8d28a0d9f5fb8fcbc61f947a57c145a938369694e90df63c7f017b4fe",
)
