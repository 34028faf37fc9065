-- check_quota: what consume_quota would answer now, without charging.
--
-- Takes no lock and writes nothing, so the answer may be out of date when it arrives: for showing, never for
-- deciding. What has lapsed is answered as if it were closed or given back. In a caller's SERIALIZABLE transaction
-- MySQL locks whatever is read, here too.
--
--   p_tenant_id, p_quota_type, p_amount, p_product_code   as in consume_quota
--
-- Answers  one row, as consume_quota; GRANTED says that it would be, and used_count and remaining are those after it
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   docs/design.md, section 3
-- Example  CALL check_quota('CH_123', 'REDEEM_CODE', 1, 'app_mall');

CREATE PROCEDURE check_quota (
    IN p_tenant_id     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount        DECIMAL(40,10),
    IN p_product_code  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'What consume_quota would answer now, without charging.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_status, v_hold_id, v_limit_type  VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_transaction       VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'READ';
    DECLARE v_quota_id          BIGINT UNSIGNED;
    DECLARE v_used_count, v_retry_after_ms  BIGINT;
    DECLARE v_next_reset_time, v_anchor, v_now  DATETIME;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    CALL charge_quota('CHECK', p_tenant_id, p_quota_type, p_amount, NULL, NULL, p_product_code, v_hold_id, NULL, NULL,
                      FALSE, v_transaction, v_status, v_quota_id, v_used_count, v_next_reset_time, v_retry_after_ms);
    SELECT q.limit_type, COALESCE(q.period_anchor, q.next_reset_time),
           CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', COALESCE(NULLIF(t.time_zone, 'SYSTEM'), @@GLOBAL.time_zone))
    INTO v_limit_type, v_anchor, v_now
    FROM tenant_quotas AS q
    LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
    WHERE q.quota_id = v_quota_id;
    IF v_next_reset_time <= v_now THEN  -- the period that the charge would open
        CALL compute_quota_period(v_limit_type, v_anchor, v_now, v_now, v_next_reset_time);
    END IF;
    SELECT v_status IN ('GRANTED', 'REPLAYED') AS success, v_status AS status, v_quota_id AS quota_id,
           q.limit_type, q.hard_limit, v_used_count AS used_count,
           GREATEST(q.hard_limit - v_used_count, 0) AS remaining, v_next_reset_time AS next_reset_time,
           v_retry_after_ms AS retry_after_ms, v_transaction AS `transaction`
    FROM (SELECT 1) AS one LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id;
END
