-- quota_health: what is wrong, or soon will be: one row per check.
--
-- Every check shows, also when all is well. It reads with the rights of whoever installed
-- it, so that looking needs no right on a table. It is made to be asked once a minute:
-- ledger, reservations and alerts are entered by an index, quotas are read once through.
-- So "counters_over_limit" is a hint only, and may be a limit that was lowered below its
-- use; what is exact, and reads the whole ledger, is CALL reconcile_quotas(NULL, FALSE).
-- The event checks look into the current database: USE the one that holds the view. Whether
-- an event is there shows only to accounts with the EVENT privilege; to others a fresh
-- heartbeat says that it runs, and before its first run nothing is known: a WARNING.
--
--   check_name   event.NAME: is it there and enabled; job.NAME: its heartbeat;
--                overdue_resets (by more than 5 minutes), lapsed_reservations (the same),
--                orphan_quotas (their tenant has no row: server's zone, no parent),
--                unknown_zones (quotas whose calls fail until the zone is known),
--                undelivered_alerts, counters_over_limit; future_periods, future_heartbeats,
--                future_alerts, future_records: dated more than a minute from now
--   status       OK, WARNING, ERROR
--   amount       rows concerned; event.NAME: 0 if enabled, else 1; job.NAME: seconds since
--                it last ended, NULL: never
--   detail       what was found, and what to do
--
-- Source   docs/design.md, section 6
-- Example  SELECT * FROM quota_health WHERE status <> 'OK';

CREATE VIEW quota_health AS
SELECT
    CONCAT('event.', e.event_name) AS check_name,
    CASE
        WHEN s.status = 'ENABLED' THEN 'OK'
        WHEN s.status IS NOT NULL THEN 'WARNING'
        WHEN v.seen = 0 AND (j.finished_at > UTC_TIMESTAMP(6) - INTERVAL e.late_seconds SECOND
                             OR j.finished_at IS NULL AND e.late_seconds > 3600) THEN 'OK'  -- still to run first
        WHEN v.seen = 0 AND j.finished_at IS NULL THEN 'WARNING'  -- nobody can tell before its first run
        ELSE 'ERROR'
    END AS status,
    CAST(IF(s.status = 'ENABLED', 0, 1) AS SIGNED) AS amount,
    CASE
        WHEN s.status = 'ENABLED' THEN 'enabled'
        WHEN s.status LIKE '%SIDE_DISABLED' THEN
            'disabled on a replica, and stays so after a failover: ALTER EVENT ... ENABLE on the primary'
        WHEN s.status IS NOT NULL THEN 'disabled: ALTER EVENT ... ENABLE'
        WHEN v.seen = 0 THEN CONCAT('not seen: this account lacks EVENT on the current database, or it holds no',
                                    ' event; job.', e.event_name, ' tells when it last ran')
        ELSE 'not in this database: run tenant-quota apply'
    END AS detail
FROM (SELECT 'reset_due_quotas' AS event_name, 300 AS late_seconds
      UNION ALL SELECT 'expire_quota_reservations', 300
      UNION ALL SELECT 'purge_quota_usage', 180000) AS e
LEFT JOIN information_schema.events AS s ON s.event_schema = DATABASE() AND s.event_name = e.event_name
LEFT JOIN quota_jobs AS j ON j.job_name = e.event_name AND j.tenant_id = ''
CROSS JOIN (SELECT COUNT(*) AS seen FROM information_schema.events AS o WHERE o.event_schema = DATABASE()) AS v
UNION ALL
SELECT
    CONCAT('job.', e.job_name),
    CASE
        WHEN j.last_error IS NOT NULL THEN 'ERROR'
        WHEN j.finished_at IS NULL THEN IF(e.late_seconds > 3600, 'OK', 'WARNING')
        WHEN j.finished_at < UTC_TIMESTAMP(6) - INTERVAL e.late_seconds SECOND THEN 'WARNING'
        ELSE 'OK'
    END,
    TIMESTAMPDIFF(SECOND, j.finished_at, UTC_TIMESTAMP(6)),
    CASE
        WHEN j.last_error IS NOT NULL THEN CONCAT('last run failed: ', j.last_error)
        WHEN j.finished_at IS NULL THEN 'has not run yet; is event_scheduler ON?'
        WHEN j.finished_at < UTC_TIMESTAMP(6) - INTERVAL e.late_seconds SECOND THEN
            CONCAT('last ended at ', j.finished_at, ' UTC; is event_scheduler ON?')
        ELSE CONCAT('last ended at ', j.finished_at, ' UTC, ', j.rows_done, ' rows')
    END
FROM (SELECT 'reset_due_quotas' AS job_name, 300 AS late_seconds
      UNION ALL SELECT 'expire_quota_reservations', 300
      UNION ALL SELECT 'purge_quota_usage', 180000) AS e
LEFT JOIN quota_jobs AS j ON j.job_name = e.job_name AND j.tenant_id = ''
UNION ALL
SELECT
    'overdue_resets', IF(COUNT(*) = 0, 'OK', 'WARNING'), COUNT(*),
    'periods that ended and were not closed by the sweep; answers are right all the same'
FROM tenant_quotas AS q
LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
LEFT JOIN quota_jobs AS j ON j.job_name = 'reset_due_quotas' AND j.tenant_id = ''
WHERE q.limit_type IN ('HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'YEARLY')
  AND q.next_reset_time < UTC_TIMESTAMP(6) + INTERVAL 14 HOUR
  AND q.next_reset_time < CONVERT_TZ(UTC_TIMESTAMP(6) - INTERVAL 5 MINUTE, '+00:00',
          IF(COALESCE(t.time_zone, 'SYSTEM') = 'SYSTEM', COALESCE(j.server_time_zone, 'SYSTEM'), t.time_zone))
UNION ALL
SELECT
    'lapsed_reservations', IF(COUNT(*) = 0, 'OK', 'WARNING'), COUNT(*),
    'holds that lapsed and were not given back by the sweep; who needs their units takes them all the same'
FROM quota_reservations
WHERE status = 'HELD' AND expires_at < UTC_TIMESTAMP(6) - INTERVAL 5 MINUTE
UNION ALL
SELECT
    'orphan_quotas', IF(COUNT(*) = 0, 'OK', 'WARNING'), COUNT(*),
    'quotas whose tenant has no row: they follow the server''s clock; CALL define_tenant'
FROM tenant_quotas AS q
LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
WHERE t.tenant_id IS NULL
UNION ALL
SELECT
    'unknown_zones', IF(COUNT(*) = 0, 'OK', 'ERROR'), COUNT(*),
    'quotas of tenants in a zone the server does not know: load the time zone tables, or CALL define_tenant'
FROM (SELECT DISTINCT time_zone FROM tenants) AS z
STRAIGHT_JOIN tenants AS t ON t.time_zone = z.time_zone
STRAIGHT_JOIN tenant_quotas AS q ON q.tenant_id = t.tenant_id
WHERE z.time_zone <> 'SYSTEM' AND CONVERT_TZ('2001-01-01 00:00:00', '+00:00', z.time_zone) IS NULL
UNION ALL
SELECT
    'undelivered_alerts',
    IF(COALESCE(MIN(created_at), UTC_TIMESTAMP(6)) < UTC_TIMESTAMP(6) - INTERVAL 1 HOUR, 'WARNING', 'OK'),
    COUNT(*),
    CONCAT('waiting to be read', COALESCE(CONCAT(', the oldest since ', MIN(created_at), ' UTC'), ''),
           ': tenant-quota alerts')
FROM quota_alerts
WHERE delivered_at IS NULL
UNION ALL
SELECT
    'counters_over_limit', IF(COUNT(*) = 0, 'OK', 'WARNING'), COUNT(*),
    'enforced limits with more used than they allow: lowered below their use, or drift; CALL reconcile_quotas'
FROM tenant_quotas
WHERE enforcement = 'ENFORCE'
  AND limit_type <> 'RATE'
  AND used_count > IF(limit_type = 'CONCURRENT', COALESCE(concurrent_tokens, 0), hard_limit)
UNION ALL
SELECT
    'future_periods', IF(COUNT(*) = 0, 'OK', 'WARNING'), COUNT(*),
    'periods that have not begun yet: the clock was ahead (the next call goes back to that of now), or a zone moved'
FROM tenant_quotas AS q
LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
LEFT JOIN quota_jobs AS j ON j.job_name = 'reset_due_quotas' AND j.tenant_id = ''
WHERE q.limit_type IN ('HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'YEARLY')
  AND q.period_start > UTC_TIMESTAMP(6) - INTERVAL 14 HOUR
  AND q.period_start > CONVERT_TZ(UTC_TIMESTAMP(6) + INTERVAL 1 MINUTE, '+00:00',
          IF(COALESCE(t.time_zone, 'SYSTEM') = 'SYSTEM', COALESCE(j.server_time_zone, 'SYSTEM'), t.time_zone))
  AND UTC_TIMESTAMP(6) + INTERVAL 1 MINUTE < CONVERT_TZ(q.period_start,  -- not so where clocks fell back
          IF(COALESCE(t.time_zone, 'SYSTEM') = 'SYSTEM', COALESCE(j.server_time_zone, 'SYSTEM'), t.time_zone), '+00:00')
UNION ALL
SELECT
    'future_heartbeats', IF(COUNT(*) = 0, 'OK', 'WARNING'), COUNT(*),
    'jobs whose last run is dated in the future: the clock was ahead; their lag does not show until then'
FROM quota_jobs
WHERE GREATEST(started_at, COALESCE(finished_at, started_at)) > UTC_TIMESTAMP(6) + INTERVAL 1 MINUTE
UNION ALL
SELECT
    'future_alerts', IF(COUNT(*) = 0, 'OK', 'WARNING'), COUNT(*),
    'undelivered alerts dated in the future: the clock was ahead when they were written'
FROM quota_alerts
WHERE delivered_at IS NULL AND created_at > UTC_TIMESTAMP(6) + INTERVAL 1 MINUTE
UNION ALL
SELECT
    'future_records', IF(COUNT(*) = 0, 'OK', 'WARNING'), COUNT(*),
    'quotas with ledger rows dated in the future: the clock was ahead when they were written; their sums are right'
FROM tenant_quotas AS q
WHERE EXISTS (SELECT 1
              FROM quota_usage_records AS r
              WHERE r.quota_id = q.quota_id AND r.created_at > UTC_TIMESTAMP(6) + INTERVAL 1 MINUTE)
