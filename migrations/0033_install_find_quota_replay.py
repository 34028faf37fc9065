"""Install procedures/find_quota_replay.sql."""

from tenant_quota.apply import install

__depends__ = {"0032_install_find_fresh_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="053bc05db51c4e096112cb2328ee71c50dc949a19cebe5f919d9a2801010aa49",
)
