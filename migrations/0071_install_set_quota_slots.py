"""Install procedures/set_quota_slots.sql."""

from tenant_quota.apply import install

__depends__ = {"0070_install_return_quota_units"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/set_quota_slots.sql",
    sha256="0344ef2bedeb527d93b258ebab9aee3243f01cafe2f5b256a76676e9ca50ea38",
)
