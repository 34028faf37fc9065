"""A database that has grown: many quotas, and many ledger rows behind each."""

from __future__ import annotations

import time

from benchmarks.server import Schema

BATCH = 10_000  # quotas of one transaction
FLUSH_SECONDS = 300  # to wait at most until the pages are on the disk


def fill(schema: Schema, quotas: int, records: int) -> None:
    """Add ``quotas`` tenants with a MONTHLY limit each, and share ``records`` among them.

    Counters and ledger agree. Written without a binlog, and as time would have it: every
    quota's first row, then every quota's second. So the pages are as full as calls leave
    them; written quota by quota they would have no room left, and calls would split them.
    Then the dirty pages are flushed: nothing of it goes on while we measure.
    """
    each = records // quotas
    schema.add_tenants("l", quotas)
    with schema.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_log_bin = 0")
        cursor.execute("SELECT MIN(quota_id), MAX(quota_id) FROM tenant_quotas")
        ((low, high),) = cursor.fetchall()
        batches = [
            f"quota_id >= {start} AND quota_id < {start + BATCH}"
            for start in range(low, high + 1, BATCH)
        ]
        for number in range(each):
            for batch in batches:
                cursor.execute(
                    "INSERT INTO quota_usage_records (quota_id, tenant_id, operation_type,"
                    " delta_value, current_used, biz_type, biz_id, period_start)"
                    f" SELECT quota_id, tenant_id, 'CONSUME', 1, {number + 1}, 'ORDER',"
                    f" 'old-{1000 + number}', period_start FROM tenant_quotas"
                    f" WHERE {batch} ORDER BY RAND({number})"
                )
        for batch in batches:
            cursor.execute(f"UPDATE tenant_quotas SET used_count = {each} WHERE {batch}")
    schema.execute("ANALYZE TABLE tenant_quotas, quota_usage_records")
    settle(schema)


def settle(schema: Schema) -> None:
    """Let the server write its dirty pages, then give it its setting back."""
    (before,) = schema.execute("SELECT @@GLOBAL.innodb_max_dirty_pages_pct")[0]
    schema.execute("SET GLOBAL innodb_max_dirty_pages_pct = 0")
    until = time.monotonic() + FLUSH_SECONDS
    while time.monotonic() < until:
        ((_, dirty),) = schema.execute("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'")
        if int(dirty) < 500:
            break
        time.sleep(0.5)
    schema.execute(f"SET GLOBAL innodb_max_dirty_pages_pct = {before}")
