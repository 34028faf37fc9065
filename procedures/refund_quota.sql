-- refund_quota: give back what a consumption took, in whole or in parts.
--
-- A consumption, a batch item or a confirmed reservation, named by its biz key. Every counted
-- limit and ancestor that was charged gets it back, a former parent too, into the period it
-- came from: where that is closed by now, the refund is recorded and the new period's use
-- stays as it is. Refunds of one consumption never add up to more than it. RATE tokens flow
-- back by themselves. Inside the caller's transaction at REPEATABLE READ the ledger's gap
-- behind the key stays locked until it ends: keep it short, or use READ COMMITTED.
--
--   p_tenant_id, p_quota_type   who consumed what
--   p_amount        units, 1 or more; NULL: all that is left of it
--   p_biz_type, p_biz_id   the consumption's key
--   p_refund_id     the caller's own key for this refund: the same again is REPLAYED
--
-- Answers  one row, as consume_quota; the limit shown is the tightest that was charged. Status
--          GRANTED, REPLAYED; with success 0: EXCEEDED (more than is left: remaining says how
--          much that is), NOT_FOUND (no such consumption, or a reservation not confirmed)
-- Raises   45001 invalid_argument, 45002 key_reused (same refund_id, other amount), 45003
-- Source   DESIGN, section 3
-- Example  CALL refund_quota('CH_123', 'REDEEM_CODE', NULL, 'REDEMPTION', 'order_789', 'refund_1');

CREATE PROCEDURE refund_quota (
    IN p_tenant_id   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount      BIGINT,
    IN p_biz_type    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_biz_id      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_refund_id   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Give back what a consumption took, in whole or in parts.'
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

    CALL check_quota_name('p_tenant_id', p_tenant_id, 24);
    CALL check_quota_name('p_quota_type', p_quota_type, 32);
    CALL check_quota_name('p_biz_type', p_biz_type, 32);
    CALL check_quota_name('p_biz_id', p_biz_id, 64);
    CALL check_quota_name('p_refund_id', p_refund_id, 64);
    IF p_amount IS NOT NULL THEN
        CALL check_quota_number('p_amount', p_amount, 1);
    END IF;
    CALL return_quota(p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id, p_refund_id, NULL,
                      v_success, v_status, v_quota_id, v_limit_type, v_hard_limit, v_used_count, v_remaining,
                      v_next_reset_time, v_retry_after_ms, v_transaction);

    SELECT v_success          AS success,
           v_status           AS status,
           v_quota_id         AS quota_id,
           v_limit_type       AS limit_type,
           v_hard_limit       AS hard_limit,
           v_used_count       AS used_count,
           v_remaining        AS remaining,
           v_next_reset_time  AS next_reset_time,
           v_retry_after_ms   AS retry_after_ms,
           v_transaction      AS `transaction`;
END
