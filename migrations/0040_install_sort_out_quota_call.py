"""Install procedures/internal/charge/sort_out_quota_call.sql."""

from tenant_quota.apply import install

__depends__ = {"0039_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/charge/sort_out_quota_call.sql",
    sha256="b5679c0b75ca0e1fd33b5b84c7d5f28980d747f165283c769a01a8b76af2d645",
)
