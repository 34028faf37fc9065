"""Install the events, each file as it is at its SHA-256."""

from tenant_quota.apply import install

__depends__ = {"0004_install_views"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    {
        "events/expire_quota_reservations.sql": "b75f6473d1887f9fb720df06b5eae875fefc754da6420ad350286e471b6adb92",
        "events/purge_quota_usage.sql": "786b8d0af248548a43b5eb82e2aeba240e2c1cba8721e86bbc8ba928d4ae5ab6",
        "events/reset_due_quotas.sql": "085ce87059302d5e1b4aea1cd3f34626fe1b40a4630a436bb8d4b1407f2ef0bb",
    },
)
