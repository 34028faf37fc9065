"""Install procedures/find_quota_replay.sql."""

from tenant_quota.apply import install

__depends__ = {"0045_install_find_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="aa5d2dd4cc5250102dca1c826fe3fb71389da1ca620ad5934fd660f0272af1dc",
)
