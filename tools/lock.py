"""Make ``schema.lock.json`` anew from a real server: ``make lock``.

On TENANT_QUOTA_TEST_URL where that is set, else on a throwaway server. A server of another
series than the lock's own adds its forms to what is there.
"""

from __future__ import annotations

import sys
from contextlib import closing

from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import resolve
from tenant_quota.errors import TenantQuotaError
from tenant_quota.paths import sql_root
from tenant_quota.schema.facts import LiveSchema, read_schema
from tenant_quota.schema.lock import LOCK, Lock, make_lock, read_lock, write_lock
from tests.helpers.server import fresh_schema
from tests.helpers.support import apply_everything
from tools.mutations import some_server


def read_fresh(server_url: str) -> LiveSchema:
    """Apply everything to a schema of its own, and return what the server then shows."""
    with fresh_schema(server_url) as url:
        apply_everything(url)
        with closing(connect_to_database(resolve(url=url))) as connection:
            return read_schema(connection)


def old_lock() -> Lock | None:
    """Return the lock that is there, if there is one."""
    return read_lock(sql_root()) if (sql_root() / LOCK).exists() else None


def main() -> int:
    """Write the file; 0 if that could be done."""
    try:
        with some_server() as url:
            lock = make_lock(read_fresh(url), sql_root(), old_lock())
    except TenantQuotaError as error:
        print(error.message, file=sys.stderr)
        return 2
    write_lock(lock, sql_root() / LOCK)
    print(f"{LOCK}: {len(lock.objects)} objects as {lock.server} shows them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
