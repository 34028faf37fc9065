-- quota_usage_history: what each quota used in the periods that are over.
--
-- One row per quota and closed period, from the ledger's RESET rows: what was used when
-- the period closed, less what was refunded into it later. It agrees with the sum of the
-- period's other rows, and holds what direct SQL charged as well. A filter by tenant_id
-- reaches the quotas' index, and from there only the RESET rows are read. A period that
-- was also reset in between shows as one row. Rows go when purge_quota_usage takes them.
--
--   period_start, period_end   tenant wall clock, as long as an interval of the limit; a
--                  billing day that was moved cuts periods short: then the next begins earlier
--   used_count     units of that period
--   hard_limit     today's; usage_rate: percent of it, NULL where it is 0
--   closed_at      UTC, when it was closed: later than period_end if nobody came by
--
-- Source   docs/design.md, sections 4 and 6
-- Example  SELECT * FROM quota_usage_history WHERE tenant_id = 'CH_123' ORDER BY period_start DESC;

CREATE VIEW quota_usage_history AS
SELECT
    q.tenant_id,
    t.tenant_name,
    q.quota_type,
    q.limit_type,
    p.period_start,
    CASE q.limit_type
        WHEN 'HOURLY' THEN p.period_start + INTERVAL 1 HOUR
        WHEN 'DAILY'  THEN p.period_start + INTERVAL 1 DAY
        WHEN 'WEEKLY' THEN p.period_start + INTERVAL 7 DAY
        ELSE IF(DATE(p.period_start) = LAST_DAY(p.period_start) AND DAY(q.period_anchor) > DAY(p.period_start),
                q.period_anchor + INTERVAL PERIOD_DIFF(
                    EXTRACT(YEAR_MONTH FROM p.period_start + INTERVAL m.months MONTH),
                    EXTRACT(YEAR_MONTH FROM q.period_anchor)) MONTH,
                p.period_start + INTERVAL m.months MONTH)
    END AS period_end,
    p.used_count,
    q.hard_limit,
    ROUND(p.used_count / NULLIF(q.hard_limit, 0) * 100, 2) AS usage_rate,
    p.closed_at,
    q.quota_id
FROM tenant_quotas AS q
LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
JOIN LATERAL (
    SELECT CASE q.limit_type WHEN 'YEARLY' THEN 12 WHEN 'QUARTERLY' THEN 3 ELSE 1 END AS months
) AS m
JOIN LATERAL (
    SELECT
        r.period_start,
        CAST(-SUM(r.delta_value) AS SIGNED) AS used_count,
        MAX(IF(r.delta_value <= 0, r.created_at, NULL)) AS closed_at
    FROM quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
    WHERE r.quota_id = q.quota_id
      AND r.biz_type IS NULL AND r.biz_id IS NULL AND r.operation_type = 'RESET'
    GROUP BY r.period_start
    HAVING closed_at IS NOT NULL
) AS p
