-- refund_quota: give back what a consumption took, in whole or in parts.
--
-- A consumption, a batch item or a confirmed reservation, named by its biz key. Every counted limit
-- that was charged gets it back, those of ancestors and former parents too. If the period it came from
-- is closed by now, the new one's use stays. RATE tokens flow back by themselves.
-- Inside the caller's transaction at REPEATABLE READ the ledger's gap behind the key stays locked
-- until it ends: keep it short, or use READ COMMITTED.
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
    IN p_amount      DECIMAL(40,10),
    IN p_biz_type    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_biz_id      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_refund_id   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Give back what a consumption took, in whole or in parts.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_status, v_transaction VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id BIGINT UNSIGNED;
    DECLARE v_used_count, v_left BIGINT;

    IF NOT COALESCE(p_tenant_id >= '!' AND CHAR_LENGTH(p_tenant_id) <= 64
                    AND p_quota_type >= '!' AND CHAR_LENGTH(p_quota_type) <= 32
                    AND p_biz_type >= '!' AND CHAR_LENGTH(p_biz_type) <= 32
                    AND p_biz_id >= '!' AND CHAR_LENGTH(p_biz_id) <= 128
                    AND p_refund_id >= '!' AND CHAR_LENGTH(p_refund_id) <= 64
                    AND COALESCE(p_amount BETWEEN 1 AND 9223372036854775807 AND p_amount = FLOOR(p_amount), TRUE)
                    AND ABS(TIMESTAMPDIFF(SECOND, NOW(6), SYSDATE(6))) <= 1
                    AND @@SESSION.unique_checks > @@GLOBAL.read_only, FALSE) THEN
        CALL check_quota_argument('p_tenant_id', p_tenant_id, NULL, 64);
        CALL check_quota_argument('p_quota_type', p_quota_type, NULL, 32);
        CALL check_quota_argument('p_biz_type', p_biz_type, NULL, 32);
        CALL check_quota_argument('p_biz_id', p_biz_id, NULL, 128);
        CALL check_quota_argument('p_refund_id', p_refund_id, NULL, 64);
        CALL check_quota_argument('p_amount', COALESCE(p_amount, 1), 1, 9223372036854775807);
        CALL guard_quota_session(TRUE);
    END IF;
    CALL return_quota(p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id, p_refund_id,
                      v_status, v_quota_id, v_used_count, v_left, v_transaction);

    SELECT v_status IN ('GRANTED', 'REPLAYED') AS success, v_status AS status, v_quota_id AS quota_id, q.limit_type,
           q.hard_limit, v_used_count AS used_count,
           IF(v_status = 'EXCEEDED', v_left, GREATEST(q.hard_limit - v_used_count, 0)) AS remaining,
           q.next_reset_time, CAST(NULL AS SIGNED) AS retry_after_ms, v_transaction AS `transaction`
    FROM (SELECT 1) AS one LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id;
END
