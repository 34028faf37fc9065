"""Install procedures/find_quota_replay.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0024_install_find_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="a4bc0139862ea5c014b9c9f92a7aa6f1580daa63790cfd707121ae0b853a6c9a",
)
