"""Install procedures/check_quota_call.sql."""

from tenant_quota.apply import install

__depends__ = {"0018_install_check_quota_argument"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_call.sql",
    sha256="f3db2b1b27b3c97c5e7aba927f71979bcd60c6ead6dff768d67e937a0474adc4",
)
