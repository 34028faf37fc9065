-- reserve_quota: hold units of a tenant's quota for a while, against all its counted limits.
--
-- Held units count as used at once. Confirm them before they lapse, or cancel; what lapses comes back by itself.
-- Every calendar and TOTAL limit of the tenant and its ancestors holds them, together or not at all. The same biz key
-- again is answered REPLAYED with the same reservation_id; reservations and consumptions share their keys.
--
--   p_tenant_id .. p_amount    as in consume_quota
--   p_ttl_seconds   seconds until it lapses, 1 to 31536000
--   p_biz_type .. p_product_code   as in consume_quota
--
-- Answers  one row, as consume_quota, then reservation_id, expires_at (UTC) and expires_in_ms
-- Raises   45001 invalid_argument, 45002 key_reused, 45003 clock_pinned
-- Source   docs/design.md, section 3
-- Example  CALL reserve_quota('CH_123', 'REDEEM_CODE', 5, 900, 'CART', 'cart_17', 'app_mall');

CREATE PROCEDURE reserve_quota (
    IN p_tenant_id     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount        DECIMAL(40,10),
    IN p_ttl_seconds   INT,
    IN p_biz_type      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_biz_id        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_product_code  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Hold units of a tenant''s quota for a while, against all its counted limits.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_status, v_transaction  VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_reservation_id    CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
            DEFAULT INSERT(INSERT(BIN_TO_UUID(RANDOM_BYTES(16)), 15, 1, '4'), 20, 1, 'a');
    DECLARE v_quota_id          BIGINT UNSIGNED;
    DECLARE v_used_count, v_retry_after_ms  BIGINT;
    DECLARE v_next_reset_time   DATETIME;

    IF NOT COALESCE(p_ttl_seconds BETWEEN 1 AND 31536000, FALSE) THEN
        CALL validate_quota_argument('p_ttl_seconds', p_ttl_seconds, 1, 31536000);
    END IF;
    CALL charge_quota('RESERVE', p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id, p_product_code,
                      v_reservation_id, p_ttl_seconds, NULL, TRUE, v_transaction, v_status, v_quota_id, v_used_count,
                      v_next_reset_time, v_retry_after_ms);
    SELECT v_status IN ('GRANTED', 'REPLAYED') AS success, v_status AS status, v_quota_id AS quota_id,
           q.limit_type, q.hard_limit, v_used_count AS used_count,
           GREATEST(q.hard_limit - v_used_count, 0) AS remaining,
           IF(v_status = 'REPLAYED', v_next_reset_time, q.next_reset_time) AS next_reset_time,
           v_retry_after_ms AS retry_after_ms, v_transaction AS `transaction`,
           v_reservation_id AS reservation_id, h.expires_at,
           GREATEST(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), h.expires_at) DIV 1000, 0) AS expires_in_ms
    FROM (SELECT MAX(expires_at) AS expires_at FROM quota_reservations WHERE reservation_id = v_reservation_id) AS h
    LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id;
END
