"""Install procedures/application/release_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0027_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/application/release_quota_token.sql",
    sha256="faf0525b158125b857d1934ce8c542f2274cdf4175953cfa2d72284b938351e9",
)
