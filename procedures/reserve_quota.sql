-- reserve_quota: hold units of a tenant's quota for a while, against all its counted limits.
--
-- Held units count as used at once. Confirm them before they lapse, or cancel; what
-- lapses comes back by itself: at once for whoever would be denied without it, else with
-- the sweep. Every calendar and TOTAL limit of the tenant and its ancestors holds them,
-- together or not at all. The same biz key again is answered REPLAYED with the same
-- reservation_id; reservations and consumptions share their keys.
--
--   p_tenant_id .. p_amount    as in consume_quota
--   p_ttl_seconds   seconds until it lapses, 1 to 31536000
--   p_biz_type .. p_product_code   as in consume_quota
--
-- Answers  one row, as consume_quota, then reservation_id and expires_at (UTC)
-- Raises   45001 invalid_argument, 45002 key_reused, 45003 clock_pinned
-- Source   DESIGN, section 3
-- Example  CALL reserve_quota('CH_123', 'REDEEM_CODE', 5, 900, 'CART', 'cart_17', 'app_mall');

CREATE PROCEDURE reserve_quota (
    IN p_tenant_id     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount        BIGINT,
    IN p_ttl_seconds   INT,
    IN p_biz_type      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_biz_id        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_product_code  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Hold units of a tenant''s quota for a while, against all its counted limits.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_success          BOOLEAN;
    DECLARE v_status           VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id         BIGINT UNSIGNED;
    DECLARE v_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_hard_limit       BIGINT;
    DECLARE v_used_count       BIGINT;
    DECLARE v_remaining        BIGINT;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_retry_after_ms   BIGINT;
    DECLARE v_transaction      VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_reservation_id   CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_expires_at       DATETIME(6);

    CALL check_quota_consumption(p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id, p_product_code);
    CALL check_quota_ttl(p_ttl_seconds);
    CALL charge_quota('RESERVE', p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id, p_product_code,
                      p_ttl_seconds, NULL, NULL,
                      v_success, v_status, v_quota_id, v_limit_type, v_hard_limit, v_used_count, v_remaining,
                      v_next_reset_time, v_retry_after_ms, v_transaction,
                      v_reservation_id, v_expires_at);

    SELECT v_success          AS success,
           v_status           AS status,
           v_quota_id         AS quota_id,
           v_limit_type       AS limit_type,
           v_hard_limit       AS hard_limit,
           v_used_count       AS used_count,
           v_remaining        AS remaining,
           v_next_reset_time  AS next_reset_time,
           v_retry_after_ms   AS retry_after_ms,
           v_transaction      AS `transaction`,
           v_reservation_id   AS reservation_id,
           v_expires_at       AS expires_at;
END
