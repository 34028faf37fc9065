-- quota_usage_monitor: how much of each quota is used, and how close to its limit that is.
--
-- The first eight columns are scenario 5's. The use is exact: a lapsed period counts as
-- closed, a bucket as refilled, a lapsed lease as given back, and what slots still hold as
-- unused; a lapsed reservation counts until it is given back, within the minute or to whoever
-- would be denied without it. A quota whose tenant has no row shows with tenant_name NULL. A view
-- cannot read @@GLOBAL.time_zone, so the wall clock of zone SYSTEM comes from quota_jobs,
-- where the event notes it each minute.
--
--   usage_rate     percent of the limit, two decimals; NULL where the limit is 0
--   status_level   EXCEEDED at the hard limit, WARNING at the soft limit, else NORMAL
--   remaining      units left; enforcement SHADOW: counted, never denied
--   next_reset_time, effective_time, expire_time   tenant wall clock
--   granted_count  units ever granted: resets, refunds, cancelled and lapsed holds do not set it back;
--                  NULL for RATE, where nobody counts what flows back
--   denied_count   about how many calls it ever denied: one in a hundred adds a hundred; N denials are told within
--                  20 * SQRT(N), nearly always; not those in a caller's transaction or in a batch
--
-- Source   scenario 5; docs/design.md, sections 1 and 6
-- Example  SELECT * FROM quota_usage_monitor WHERE tenant_id = 'CH_123';

CREATE VIEW quota_usage_monitor AS
SELECT
    q.tenant_id,
    t.tenant_name,
    q.quota_type,
    q.limit_type,
    q.hard_limit,
    u.used_count,
    ROUND(u.used_count / NULLIF(u.capacity, 0) * 100, 2) AS usage_rate,
    CASE
        WHEN u.used_count >= u.capacity THEN 'EXCEEDED'
        WHEN u.used_count >= q.soft_limit THEN 'WARNING'
        ELSE 'NORMAL'
    END AS status_level,
    q.soft_limit,
    GREATEST(u.capacity - u.used_count, 0) AS remaining,
    q.enforcement,
    q.effective_time,
    q.expire_time,
    q.next_reset_time,
    q.slot_count,
    q.quota_id,
    IF(q.limit_type = 'RATE', NULL, q.earlier_count + q.used_count - s.unspent + s.returned) AS granted_count,
    CAST(COALESCE(d.denied_count, 0) AS SIGNED) AS denied_count
FROM tenant_quotas AS q
LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
LEFT JOIN quota_denials AS d ON d.quota_id = q.quota_id
LEFT JOIN quota_jobs AS j ON j.job_name = 'reset_due_quotas' AND j.tenant_id = ''
JOIN LATERAL (
    SELECT IF(q.slot_count > 0, (SELECT CAST(COALESCE(SUM(s.remaining), 0) AS SIGNED)
                                 FROM quota_slots AS s
                                 WHERE s.quota_id = q.quota_id AND s.next_reset_time <=> q.next_reset_time),
              0) AS unspent,
           IF(q.slot_count > 0, (SELECT CAST(COALESCE(SUM(s.returned), 0) AS SIGNED)
                                 FROM quota_slots AS s
                                 WHERE s.quota_id = q.quota_id), 0) AS returned
) AS s
JOIN LATERAL (
    SELECT
        IF(q.limit_type = 'CONCURRENT', COALESCE(q.concurrent_tokens, 0), q.hard_limit) AS capacity,
        CAST(CASE
            WHEN q.limit_type = 'RATE' THEN
                q.used_count - LEAST(q.used_count, COALESCE(FLOOR(
                    GREATEST(TIMESTAMPDIFF(MICROSECOND, q.refilled_at, UTC_TIMESTAMP(6)), 0)
                    * q.refill_per_second * 0.000001), 0))
            WHEN q.next_reset_time <= CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00',
                     IF(COALESCE(t.time_zone, 'SYSTEM') = 'SYSTEM',
                        COALESCE(j.server_time_zone, 'SYSTEM'), t.time_zone)) THEN 0
            WHEN q.limit_type = 'CONCURRENT' THEN
                q.used_count - s.unspent - COALESCE((SELECT SUM(r.amount)
                                                     FROM quota_reservations AS r
                                                     WHERE r.quota_id = q.quota_id AND r.status = 'HELD'
                                                       AND r.expires_at <= UTC_TIMESTAMP(6)), 0)
            ELSE q.used_count - s.unspent
        END AS SIGNED) AS used_count
) AS u
