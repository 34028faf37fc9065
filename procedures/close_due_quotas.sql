-- close_due_quotas: internal: close the plain quotas of one batch together, by two statements.
--
-- The first locks them and writes their RESET rows. It takes only rows that nobody has locked
-- (SKIP LOCKED). The second finds them by those rows and opens their next periods; the boundaries
-- are those of compute_quota_period. Plain is a scheduled quota without slots whose values nobody
-- changed by hand. All must show one wall clock, that of the first quota that is due: an UPDATE
-- would wait for the tenants' rows if it read them.
--
--   p_limit_type .. p_end   the batch: quotas of this limit type; those of p_reset_time from above
--                  p_quota_id to p_last_id, and those of later times before p_end
--   p_closed       quotas that were closed
--
-- Source   DESIGN, section 4

CREATE PROCEDURE close_due_quotas (
    IN  p_limit_type  VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_reset_time  DATETIME,
    IN  p_quota_id    BIGINT UNSIGNED,
    IN  p_last_id     BIGINT UNSIGNED,
    IN  p_end         DATETIME,
    OUT p_closed      BIGINT
)
    COMMENT 'internal: close the plain quotas of one batch together, by two statements.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_by_month  BOOLEAN DEFAULT p_limit_type IN ('MONTHLY', 'QUARTERLY', 'YEARLY');
    DECLARE v_interval  BIGINT  DEFAULT CASE p_limit_type WHEN 'HOURLY'    THEN 3600  -- seconds
                                                          WHEN 'DAILY'     THEN 86400
                                                          WHEN 'WEEKLY'    THEN 604800
                                                          WHEN 'MONTHLY'   THEN 1     -- months
                                                          WHEN 'QUARTERLY' THEN 3
                                                          WHEN 'YEARLY'    THEN 12
                                        END;
    DECLARE v_utc       DATETIME(6) DEFAULT UTC_TIMESTAMP(6);
    DECLARE v_local     DATETIME(6);  -- NULL: nothing is due
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SELECT CONVERT_TZ(v_utc, '+00:00', IF(COALESCE(t.time_zone, 'SYSTEM') = 'SYSTEM', @@GLOBAL.time_zone, t.time_zone))
    INTO v_local
    FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_due)
    LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
    WHERE q.limit_type = p_limit_type
      AND (q.next_reset_time = p_reset_time AND q.quota_id > p_quota_id AND q.quota_id <= p_last_id
           OR q.next_reset_time > p_reset_time AND q.next_reset_time < p_end)
      AND q.next_reset_time <= CONVERT_TZ(v_utc, '+00:00', IF(COALESCE(t.time_zone, 'SYSTEM') = 'SYSTEM',
                                                              @@GLOBAL.time_zone, t.time_zone))
    LIMIT 1;

    INSERT INTO quota_usage_records
        (quota_id, tenant_id, operation_type, delta_value, current_used, period_start, created_at)
    SELECT q.quota_id, q.tenant_id, 'RESET', -q.used_count, 0, q.period_start, v_utc
    FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_due)
    LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
    WHERE q.limit_type = p_limit_type
      AND (q.next_reset_time = p_reset_time AND q.quota_id > p_quota_id AND q.quota_id <= p_last_id
           OR q.next_reset_time > p_reset_time AND q.next_reset_time < p_end)
      AND q.next_reset_time <= v_local AND q.period_end = q.next_reset_time
      AND q.period_start IS NOT NULL AND q.period_anchor IS NOT NULL AND q.slot_count = 0
      AND v_local = CONVERT_TZ(v_utc, '+00:00', IF(COALESCE(t.time_zone, 'SYSTEM') = 'SYSTEM',
                                                   @@GLOBAL.time_zone, t.time_zone))
    FOR UPDATE OF q SKIP LOCKED;
    SET p_closed = ROW_COUNT();

    IF p_closed > 0 THEN
        UPDATE (
            WITH closed AS (
                SELECT q.quota_id, q.period_anchor,
                       IF(v_by_month, PERIOD_DIFF(EXTRACT(YEAR_MONTH FROM v_local),
                                                  EXTRACT(YEAR_MONTH FROM q.period_anchor)),
                          TIMESTAMPDIFF(SECOND, '0001-01-01', v_local)
                          - TIMESTAMPDIFF(SECOND, '0001-01-01', q.period_anchor)) AS distance
                FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_due)
                STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (PRIMARY)
                    ON r.quota_id = q.quota_id AND r.created_at = v_utc AND r.operation_type = 'RESET'
                    AND r.period_start = q.period_start
                WHERE q.limit_type = p_limit_type
                  AND (q.next_reset_time = p_reset_time AND q.quota_id > p_quota_id AND q.quota_id <= p_last_id
                       OR q.next_reset_time > p_reset_time AND q.next_reset_time < p_end)
                LIMIT 1000000000
                FOR UPDATE OF q SKIP LOCKED
            ), rounded AS (
                SELECT *, distance - MOD(MOD(distance, v_interval) + v_interval, v_interval) AS whole FROM closed
            )
            SELECT *, whole - IF(v_by_month AND period_anchor + INTERVAL whole MONTH > v_local, v_interval, 0) AS passed
            FROM rounded
        ) AS p
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = p.quota_id
        SET q.used_count       = 0,
            q.reset_time       = v_local - INTERVAL MICROSECOND(v_local) MICROSECOND,
            q.period_start     = IF(v_by_month, p.period_anchor + INTERVAL p.passed MONTH,
                                    p.period_anchor + INTERVAL p.passed SECOND),
            q.period_end       = IF(v_by_month, p.period_anchor + INTERVAL p.passed + v_interval MONTH,
                                    p.period_anchor + INTERVAL p.passed + v_interval SECOND),
            q.next_reset_time  = IF(v_by_month, p.period_anchor + INTERVAL p.passed + v_interval MONTH,
                                    p.period_anchor + INTERVAL p.passed + v_interval SECOND),
            q.next_alert_count = IF(  -- the column's default, which is not to be had in a join
                q.enforcement = 'SHADOW', LEAST(COALESCE(q.soft_limit, 9223372036854775807),
                                                LEAST(q.hard_limit, 9223372036854775806) + 1), q.soft_limit);
    END IF;
END
