"""Install procedures/read_quota_options.sql."""

from tenant_quota.apply import install

__depends__ = {"0056_install_purge_quota_usage"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/read_quota_options.sql",
    sha256="de0ed83893bf490a41daef5d489696c4b59a26d0adb744b42c7ead4ae17a63d4",
)
