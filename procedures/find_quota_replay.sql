-- find_quota_replay: internal: the first answer to a biz key that was charged before.
--
-- Reads the ledger under a shared lock, because the caller's snapshot may be older than
-- the first call. The figures are those of the ledger row, in the order that charge_quota
-- shows limits in.
--
--   p_operation .. p_product_code   as in charge_quota
--   p_limits      the limits the call touches, from find_quota_limits
--   p_quota_id .. p_expires_at      the answer's columns; p_quota_id is NULL if the key is new
--
-- Raises   45002 key_reused if the first call was for another amount or product, or one
--          consumed and the other reserves
-- Source   DESIGN, section 3
-- Example  see charge_quota

CREATE PROCEDURE find_quota_replay (
    IN  p_operation        VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_tenant_id        VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount           BIGINT,
    IN  p_biz_type         VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id           VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_product_code     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_limits           JSON,
    OUT p_quota_id         BIGINT UNSIGNED,
    OUT p_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_hard_limit       BIGINT,
    OUT p_used_count       BIGINT,
    OUT p_remaining        BIGINT,
    OUT p_next_reset_time  DATETIME,
    OUT p_reservation_id   CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_expires_at       DATETIME(6)
)
    COMMENT 'internal: the first answer to a biz key that was charged before.'
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_amount        BIGINT;
    DECLARE v_product_code  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_anchor        DATETIME;
    DECLARE v_period_start  DATETIME;
    DECLARE v_message       VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SELECT r.quota_id, q.limit_type, q.hard_limit, r.current_used, GREATEST(q.hard_limit - r.current_used, 0),
           r.delta_value, r.product_code, q.period_anchor, r.period_start, r.reservation_id
    INTO p_quota_id, p_limit_type, p_hard_limit, p_used_count, p_remaining,
         v_amount, v_product_code, v_anchor, v_period_start, p_reservation_id
    FROM JSON_TABLE(p_limits, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$.quota_id')) AS l
    STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = l.quota_id
    STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
        ON  r.quota_id = l.quota_id
        AND r.biz_type = p_biz_type
        AND r.biz_id = p_biz_id
        AND r.operation_type = 'CONSUME'
        AND r.refund_id = ''
        AND r.origin_tenant_id = IF(q.tenant_id = p_tenant_id, '', p_tenant_id)
    ORDER BY q.enforcement, q.hard_limit - r.current_used, r.quota_id
    LIMIT 1
    FOR SHARE OF q, r;

    IF p_quota_id IS NOT NULL AND (v_amount <> p_amount OR NOT v_product_code <=> p_product_code
                                   OR (p_operation = 'RESERVE') <> (p_reservation_id IS NOT NULL)) THEN
        SET v_message = CONCAT('key_reused: ', LEFT(p_biz_type, 16), '/', LEFT(p_biz_id, 32),
                               ' is of another amount, product or operation; use a key of its own');
        SIGNAL SQLSTATE '45002' SET MESSAGE_TEXT = v_message;
    END IF;

    IF p_reservation_id IS NOT NULL THEN
        SELECT MAX(expires_at) INTO p_expires_at
        FROM quota_reservations
        WHERE reservation_id = p_reservation_id
        FOR SHARE;
    END IF;
    IF v_period_start IS NOT NULL THEN
        CALL compute_quota_period(p_limit_type, v_anchor, v_period_start, v_period_start, p_next_reset_time);
    END IF;
END
