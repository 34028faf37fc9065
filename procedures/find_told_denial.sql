-- find_told_denial: internal: deny at a glance what was denied before in this period.
--
-- One statement, and so one snapshot, sees that the amount does not fit, that nothing can be taken
-- back, that the denial's alert is written and that the key is new. No lock, no write. For a
-- tenant with one limit and no parent, outside of a caller's transaction; sort_out_quota_call does the
-- rest. A look that is not sure says nothing.
--
--   p_quota_id, p_time_zone   the limit, and its zone (not SYSTEM)
--   p_amount .. p_biz_id   as in charge_quota; p_products: as judge_quota_level takes them
--   p_hold_id       becomes NULL with a denial
--   p_status        EXCEEDED, or NULL: not sure
--   p_used_count, p_retry_after_ms   as in consume_quota
--
-- Source   DESIGN, sections 3 and 6

CREATE PROCEDURE find_told_denial (
    IN  p_quota_id        BIGINT UNSIGNED,
    IN  p_time_zone       VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount          BIGINT,
    IN  p_biz_type        VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id          VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_products        LONGTEXT     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_hold_id       CHAR(36)     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_status          VARCHAR(24)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_used_count      BIGINT,
    OUT p_retry_after_ms  BIGINT
)
    COMMENT 'internal: deny at a glance what was denied before in this period.'
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_utc  DATETIME(6) DEFAULT UTC_TIMESTAMP(6);
    DECLARE v_now  DATETIME(6) DEFAULT CONVERT_TZ(v_utc, '+00:00', p_time_zone);
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SELECT 'EXCEEDED', q.used_count, IF(p_amount > q.hard_limit, NULL, (IF(  -- as judge_quota_level does
               CONVERT_TZ(v_utc + INTERVAL TIMESTAMPDIFF(MICROSECOND, v_now, q.next_reset_time) MICROSECOND,
                          '+00:00', p_time_zone) = q.next_reset_time,
               TIMESTAMPDIFF(MICROSECOND, v_now, q.next_reset_time),
               TIMESTAMPDIFF(MICROSECOND, v_utc, CONVERT_TZ(q.next_reset_time, p_time_zone, '+00:00'))) + 999) DIV 1000)
    INTO p_status, p_used_count, p_retry_after_ms
    FROM tenant_quotas AS q
    JOIN quota_alerts AS a ON a.quota_id = p_quota_id AND a.alert_level = 'EXCEEDED'
        AND a.period_start = IF(q.limit_type = 'CONCURRENT', UTC_DATE(), COALESCE(q.period_start, '1000-01-01'))
    LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
    LEFT JOIN quota_usage_records AS u ON u.quota_id = p_quota_id AND u.biz_type = p_biz_type AND u.biz_id = p_biz_id
        AND u.operation_type = 'CONSUME' AND u.refund_id = '' AND u.origin_tenant_id = ''
    WHERE q.quota_id = p_quota_id AND u.quota_id IS NULL AND COALESCE(t.status, 'ACTIVE') = 'ACTIVE'
      AND q.limit_type <> 'RATE' AND q.enforcement = 'ENFORCE' AND q.slot_count = 0
      AND COALESCE(JSON_CONTAINS(q.product_codes, p_products), TRUE)
      AND q.used_count > IF(q.limit_type = 'CONCURRENT', COALESCE(q.concurrent_tokens, 0), q.hard_limit) - p_amount
      AND COALESCE(q.next_reset_time, '9999-12-31') = q.period_end AND q.period_end > v_now
      AND COALESCE(q.effective_time, v_now) <= v_now AND COALESCE(q.expire_time, '9999-12-31') > v_now
      AND COALESCE((SELECT MIN(h.expires_at) FROM quota_reservations AS h
                    WHERE h.quota_id = p_quota_id AND h.status = 'HELD') > UTC_TIMESTAMP(6), TRUE);
    SET p_hold_id = IF(p_status IS NULL, p_hold_id, NULL);
END
