-- What load.py asks of a server. The first line of each statement is its name and its purpose.

-- long_transactions: who has held locks on our rows for long, the longest first.
-- There may be millions of locks: those of a transaction are looked up by its number.
SELECT t.id, t.seconds,
       GROUP_CONCAT(DISTINCT l.object_name ORDER BY l.object_name SEPARATOR ', ') AS tables
FROM (
    SELECT trx_id, trx_mysql_thread_id AS id,
           TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS seconds
    FROM information_schema.innodb_trx
    WHERE trx_started < NOW() - INTERVAL %s SECOND
    ORDER BY trx_started
    LIMIT 50
) AS t
STRAIGHT_JOIN performance_schema.data_locks AS l FORCE INDEX (ENGINE_TRANSACTION_ID)
    ON l.engine_transaction_id = CAST(t.trx_id AS UNSIGNED)
    AND l.engine = 'INNODB'
    AND l.object_schema = DATABASE()
    AND l.lock_status = 'GRANTED'
GROUP BY t.trx_id, t.id, t.seconds
ORDER BY t.seconds DESC, t.trx_id + 0 DESC

-- left_open: whose call began before its transaction, and ended while that was open.
-- What the session does later pushes the killed call out of its history of ten. Then our
-- isolation, which is not the session's, and our savepoint tell.
SELECT t.processlist_id AS id, MAX(killed.mysql_errno) AS error
FROM performance_schema.events_transactions_current AS x
JOIN performance_schema.threads AS t ON t.thread_id = x.thread_id
JOIN performance_schema.events_statements_current AS s
    ON s.thread_id = x.thread_id
    AND s.nesting_event_level = 0
    AND (s.event_id > x.event_id OR s.end_event_id > 0)
LEFT JOIN performance_schema.events_statements_history AS killed
    ON killed.thread_id = x.thread_id
    AND killed.event_id < x.event_id
    AND killed.end_event_id > x.event_id
    AND killed.mysql_errno <> 0
    AND killed.event_name = 'statement/sql/call_procedure'
    AND killed.current_schema = DATABASE()
WHERE x.state = 'ACTIVE'
AND t.processlist_id <> CONNECTION_ID()
AND (
    killed.event_id > 0
    OR x.isolation_level = 'READ COMMITTED'
    AND x.number_of_savepoints > x.number_of_release_savepoint
    AND EXISTS (
        SELECT 1 FROM performance_schema.variables_by_thread AS v
        WHERE v.thread_id = x.thread_id
        AND v.variable_name = 'transaction_isolation'
        AND v.variable_value <> 'READ-COMMITTED'
    )
    AND EXISTS (
        SELECT 1 FROM performance_schema.metadata_locks AS l
        WHERE l.owner_thread_id = x.thread_id
        AND l.object_schema = DATABASE()
        AND l.object_type = 'PROCEDURE'
        AND INSTR(l.object_name, 'quota') > 0
    )
)
GROUP BY t.processlist_id

-- sweeps: who holds the lock under which a sweep runs, and whether it is at work.
SELECT /*+ NO_MERGE(j) */ j.job, j.id,
       t.processlist_command = 'Sleep' OR t.processlist_time > %s AS is_idle
FROM (
    SELECT job, IS_USED_LOCK(CONCAT('tenant_quota.', SUBSTRING_INDEX(job, '_', 1), '.',
                                    LEFT(SHA2(DATABASE(), 256), 40))) AS id
    FROM (
        SELECT 'reset_due_quotas' AS job
        UNION ALL SELECT 'expire_quota_reservations'
        UNION ALL SELECT 'purge_quota_usage'
    ) AS named
) AS j
LEFT JOIN performance_schema.threads AS t ON t.processlist_id = j.id
WHERE j.id IS NOT NULL

-- lock_waits: who waits for our rows, and for whom.
-- A view takes shared locks where a reader says FOR SHARE, or is SERIALIZABLE.
SELECT b.trx_mysql_thread_id AS id, COUNT(*) AS waiting,
       MAX(TIMESTAMPDIFF(SECOND, r.trx_wait_started, NOW())) AS seconds,
       MIN(l.object_name) AS name,
       MIN(LEFT(h.lock_mode, 1) = 'S' AND b.trx_rows_modified = 0) AS is_read
FROM performance_schema.data_lock_waits AS w
JOIN performance_schema.data_locks AS h
    ON h.engine_lock_id = w.blocking_engine_lock_id AND h.engine = w.engine
JOIN performance_schema.data_locks AS l
    ON l.engine_lock_id = w.requesting_engine_lock_id AND l.engine = w.engine
    AND l.object_schema = DATABASE()
JOIN information_schema.innodb_trx AS r ON r.trx_id = w.requesting_engine_transaction_id
JOIN information_schema.innodb_trx AS b ON b.trx_id = w.blocking_engine_transaction_id
GROUP BY b.trx_mysql_thread_id
HAVING seconds >= %s
ORDER BY waiting DESC

-- table_locks: who has locked a table of ours, or all tables, by LOCK TABLES, FLUSH TABLES or DDL.
-- A DDL that waits for a transaction's end is in the way of all who come after it.
SELECT t.processlist_id AS id,
       GROUP_CONCAT(DISTINCT COALESCE(l.object_name, 'all tables') SEPARATOR ', ') AS tables,
       COALESCE(MAX(w.number), 0) AS waiting
FROM performance_schema.metadata_locks AS l
JOIN performance_schema.threads AS t ON t.thread_id = l.owner_thread_id
LEFT JOIN (
    SELECT object_type, object_schema, object_name, COUNT(*) AS number
    FROM performance_schema.metadata_locks
    WHERE lock_status = 'PENDING'
    GROUP BY object_type, object_schema, object_name
) AS w
    ON w.object_type = l.object_type
    AND w.object_schema <=> l.object_schema
    AND w.object_name <=> l.object_name
WHERE t.processlist_id <> CONNECTION_ID()
AND (
    l.object_type = 'GLOBAL' AND l.lock_type = 'SHARED'
    OR l.object_type IN ('TABLE', 'PROCEDURE')
    AND l.object_schema = DATABASE()
    AND (
        l.lock_status = 'PENDING' AND l.lock_type = 'EXCLUSIVE'
        OR l.lock_status = 'GRANTED' AND l.lock_type IN (
            'SHARED_READ_ONLY', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE', 'EXCLUSIVE')
    )
)
GROUP BY t.processlist_id
ORDER BY waiting DESC, id

-- slots: how many ledger rows a second the quotas with the most use have, up to what is hot.
SELECT /*+ MAX_EXECUTION_TIME(10000) */
       q.tenant_id, q.quota_type, q.limit_type, q.slot_count, q.hard_limit, q.soft_limit,
       COUNT(r.found) / %s AS per_second
FROM (
    (SELECT quota_id, tenant_id, quota_type, limit_type, slot_count, hard_limit, soft_limit
     FROM tenant_quotas
     WHERE slot_count = 0 AND limit_type NOT IN ('RATE', 'CONCURRENT')
     ORDER BY used_count DESC
     LIMIT %s)
    UNION ALL
    (SELECT quota_id, tenant_id, quota_type, limit_type, slot_count, hard_limit, soft_limit
     FROM tenant_quotas
     WHERE slot_count > 0
     LIMIT %s)
) AS q
LEFT JOIN LATERAL (
    SELECT 1 AS found FROM quota_usage_records AS u
    WHERE u.quota_id = q.quota_id
    AND u.created_at > UTC_TIMESTAMP(6) - INTERVAL %s SECOND
    LIMIT %s
) AS r ON TRUE
GROUP BY q.quota_id, q.tenant_id, q.quota_type, q.limit_type, q.slot_count, q.hard_limit,
         q.soft_limit
ORDER BY per_second DESC
