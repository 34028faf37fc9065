-- consume_quota: use units of a tenant's quota, against all its limits at once.
--
-- Every calendar, TOTAL and RATE limit of the tenant and the quota type, and those of its ancestors, are charged
-- together or not at all. The same biz key again is answered REPLAYED with the first answer's figures and charges
-- nothing: so after a lost connection, call again. With a transaction open, or autocommit off, the consumption is
-- part of it (transaction JOINED) and shares its fate. Else it is durable when the answer arrives (OWN).
--
--   p_tenant_id, p_quota_type   who consumes what, for example REDEEM_CODE
--   p_amount        units, 1 or more
--   p_biz_type, p_biz_id   the caller's own key; p_biz_id NULL: none, and calling twice charges twice
--   p_product_code  what it is for; NULL: only limits that cover all products allow it
--
-- Answers  one row: success, status, quota_id, limit_type, hard_limit, used_count, remaining, next_reset_time (tenant
--          wall clock), retry_after_ms, transaction. The limit shown is the one that denied (of several, the one that
--          lasts longest), else the tightest; used_count and remaining are NULL where slots hide them. Status
--          GRANTED, REPLAYED, EXCEEDED, NO_QUOTA, NOT_EFFECTIVE, EXPIRED, SUSPENDED, PRODUCT_NOT_COVERED
-- Raises   45001 invalid_argument, 45002 key_reused, 45003 clock_pinned
-- Source   docs/design.md, section 3
-- Example  CALL consume_quota('CH_123', 'REDEEM_CODE', 1, 'REDEMPTION', 'order_789', 'app_mall');

CREATE PROCEDURE consume_quota (
    IN p_tenant_id     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount        DECIMAL(40,10),
    IN p_biz_type      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_biz_id        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_product_code  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Use units of a tenant''s quota, against all its limits at once.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_status, v_transaction, v_hold_id  VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id          BIGINT UNSIGNED;
    DECLARE v_used_count, v_retry_after_ms  BIGINT;
    DECLARE v_next_reset_time   DATETIME;

    CALL charge_quota('CONSUME', p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id, p_product_code, v_hold_id,
                      NULL, NULL, TRUE, v_transaction, v_status, v_quota_id, v_used_count, v_next_reset_time,
                      v_retry_after_ms);
    SELECT v_status IN ('GRANTED', 'REPLAYED') AS success, v_status AS status, v_quota_id AS quota_id,
           q.limit_type, q.hard_limit, v_used_count AS used_count,
           GREATEST(q.hard_limit - v_used_count, 0) AS remaining,
           IF(v_status = 'REPLAYED', v_next_reset_time, q.next_reset_time) AS next_reset_time,
           v_retry_after_ms AS retry_after_ms, v_transaction AS `transaction`
    FROM (SELECT 1) AS one LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id;
END
