"""Install procedures/renew_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0044_install_release_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/renew_quota_lease.sql",
    sha256="aee6d087d4a4026fa2216c0d6fc3885f064c6636fbdfb54f09a9d1d99825f679",
)
