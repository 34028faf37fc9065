-- refund_quota: give back what a consumption took, in whole or in parts.
--
-- A consumption, a batch item or a confirmed reservation, named by its biz key. Every counted limit that was charged
-- gets it back, those of ancestors and former parents too. If its period is closed by now, the new one's use stays.
-- RATE tokens flow back by themselves. Inside the caller's transaction at REPEATABLE READ the ledger's gap behind the
-- key stays locked until it ends: keep it short. So all quotas are locked first.
--
--   p_tenant_id, p_quota_type, p_biz_type, p_biz_id   who consumed what; the consumption's key
--   p_amount        units, 1 or more; NULL: all that is left of it
--   p_refund_id     the caller's own key for this refund: the same again is REPLAYED
--
-- Answers  one row, as consume_quota; the limit shown is the tightest that was charged. Status GRANTED, REPLAYED;
--          with success 0: EXCEEDED (remaining: what is left), NOT_FOUND (or not confirmed)
-- Raises   45001 invalid_argument, 45002 key_reused (same refund_id, other amount), 45003
-- Source   docs/design.md, section 3
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
    DECLARE v_round, v_visits, v_written INT;  -- 0: lock, 1: refund; tenants visited; limits written
    DECLARE v_tenant_id, v_origin_id, v_above_id, v_time_zone, v_product_code, v_reservation_id, v_limit_type,
            v_last_type, v_status, v_transaction  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id, v_shown_id  BIGINT UNSIGNED;  -- the limit at hand, NULL: it was not charged; the tightest
    DECLARE v_period_start, v_charged_at  DATETIME(6);
    DECLARE v_amount BIGINT DEFAULT p_amount;
    DECLARE v_is_confirmed, v_left, v_refunded, v_used_count, v_shown_use  BIGINT;
    DECLARE v_room, v_tightness  DECIMAL(22);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL undo_quota_transaction(v_transaction);
        RESIGNAL;
    END;

    IF NOT COALESCE(p_tenant_id >= '!' AND CHAR_LENGTH(p_tenant_id) <= 64
                    AND p_quota_type >= '!' AND CHAR_LENGTH(p_quota_type) <= 32
                    AND p_biz_type >= '!' AND CHAR_LENGTH(p_biz_type) <= 32
                    AND p_biz_id >= '!' AND CHAR_LENGTH(p_biz_id) <= 128
                    AND p_refund_id >= '!' AND CHAR_LENGTH(p_refund_id) <= 64
                    AND COALESCE(p_amount BETWEEN 1 AND 9223372036854775807 AND p_amount = FLOOR(p_amount), TRUE),
                    FALSE) THEN
        CALL validate_quota_argument('p_tenant_id', p_tenant_id, NULL, 64);
        CALL validate_quota_argument('p_quota_type', p_quota_type, NULL, 32);
        CALL validate_quota_argument('p_biz_type', p_biz_type, NULL, 32);
        CALL validate_quota_argument('p_biz_id', p_biz_id, NULL, 128);
        CALL validate_quota_argument('p_refund_id', p_refund_id, NULL, 64);
        CALL validate_quota_argument('p_amount', COALESCE(p_amount, 1), 1, 9223372036854775807);
    END IF;
    CALL open_quota_transaction(v_transaction);
    SET v_round = (v_transaction = 'OWN');
    each_try: WHILE v_round < 2 DO
        SET v_visits = 0, v_tenant_id = p_tenant_id, v_origin_id = '', v_written = 0, v_tightness = NULL;
        WHILE v_tenant_id IS NOT NULL DO
            SELECT MIN(parent_tenant_id), COALESCE(NULLIF(MIN(time_zone), 'SYSTEM'), @@GLOBAL.time_zone)
            INTO v_above_id, v_time_zone FROM tenants WHERE tenant_id = v_tenant_id FOR SHARE;
            SELECT COALESCE(MIN(former_parent_id), v_above_id) INTO v_above_id
            FROM tenant_definition_changes FORCE INDEX (PRIMARY)
            WHERE tenant_id = v_tenant_id AND former_parent_id IS NOT NULL FOR SHARE;
            -- CONCAT: else MIN is read from the index, and locks beyond the tenant's rows.
            SELECT MIN(CONCAT(limit_type)), MAX(CONCAT(limit_type)) INTO v_limit_type, v_last_type
            FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
            WHERE tenant_id = v_tenant_id AND quota_type = p_quota_type FOR UPDATE;
            WHILE v_round = 1 AND v_limit_type IS NOT NULL DO
                SELECT c.quota_id, c.product_code, c.reservation_id, c.period_start, c.created_at,
                       q.hard_limit + IF(q.enforcement = 'SHADOW', 1e19, 0)
                INTO v_quota_id, v_product_code, v_reservation_id, v_period_start, v_charged_at, v_room
                FROM tenant_quotas AS q
                LEFT JOIN quota_usage_records AS c
                    ON c.quota_id = q.quota_id AND c.biz_type = p_biz_type AND c.biz_id = p_biz_id
                    AND c.operation_type = 'CONSUME' AND c.refund_id = '' AND c.origin_tenant_id = v_origin_id
                WHERE q.tenant_id = v_tenant_id AND q.quota_type = p_quota_type AND q.limit_type = v_limit_type
                FOR SHARE;  -- the newest; the quota's row is locked already

                IF v_quota_id IS NOT NULL AND v_status IS NULL THEN
                    SELECT SUM(delta_value), MAX(operation_type = 'CONFIRM'),
                           SUM(IF(operation_type = 'REFUND' AND refund_id = p_refund_id, -delta_value, NULL))
                    INTO v_left, v_is_confirmed, v_refunded
                    FROM quota_usage_records FORCE INDEX (quota_usage_records_biz_key)
                    WHERE quota_id = v_quota_id AND biz_type = p_biz_type AND biz_id = p_biz_id
                      AND origin_tenant_id = v_origin_id FOR SHARE;
                    SET v_amount = COALESCE(v_amount, v_left),
                        v_status = CASE WHEN v_reservation_id IS NOT NULL AND NOT v_is_confirmed THEN 'NOT_FOUND'
                                        WHEN v_refunded IS NOT NULL THEN 'REPLAYED'
                                        WHEN v_left = 0 OR p_amount > v_left THEN 'EXCEEDED' END;
                    IF v_status = 'REPLAYED' AND p_amount <> v_refunded THEN
                        SIGNAL SQLSTATE '45002' SET MESSAGE_TEXT =
                            'key_reused: this refund_id was first called with another amount; use one of its own';
                    ELSEIF v_written > 0 AND (v_status IS NOT NULL OR v_amount > v_left) THEN
                        CALL undo_quota_transaction(v_transaction);
                        CALL open_quota_transaction(v_transaction);
                        SET v_amount = LEAST(v_amount, v_left), v_round = (v_transaction = 'OWN');
                        ITERATE each_try;
                    END IF;
                END IF;
                IF v_quota_id IS NOT NULL THEN
                    CALL lower_quota_use(IF(v_status IS NULL, 'REFUND', NULL), v_quota_id, IF(
                        v_status IS NULL, v_amount, 0), v_time_zone, v_period_start, v_charged_at, p_biz_type, p_biz_id,
                        v_product_code, v_reservation_id, p_refund_id, v_origin_id, v_used_count);
                    SET v_written = v_written + (v_status IS NULL);
                    SET v_room = COALESCE(v_room - v_used_count, -1);
                    IF COALESCE(v_room < v_tightness, TRUE) THEN
                        SET v_shown_id = v_quota_id, v_shown_use = v_used_count, v_tightness = v_room;
                    END IF;
                END IF;
                SELECT MIN(limit_type) INTO v_limit_type FROM tenant_quotas
                WHERE v_limit_type < v_last_type AND tenant_id = v_tenant_id AND quota_type = p_quota_type
                  AND limit_type > v_limit_type FOR UPDATE;
            END WHILE;
            SET v_visits = v_visits + 1, v_origin_id = p_tenant_id, v_tenant_id = NULL;
            IF v_above_id IS NOT NULL OR v_visits > 1 THEN
                -- The next of: the tenant, its parent and former parents, theirs, and so on, each once.
                WITH RECURSIVE up (tenant_id) AS (
                    SELECT p_tenant_id
                    UNION (SELECT t.parent_tenant_id
                           FROM up STRAIGHT_JOIN tenants AS t FORCE INDEX (PRIMARY) ON t.tenant_id = up.tenant_id
                           WHERE t.parent_tenant_id IS NOT NULL FOR SHARE OF t)
                    UNION (SELECT c.former_parent_id
                           FROM up STRAIGHT_JOIN tenant_definition_changes AS c FORCE INDEX (PRIMARY)
                               ON c.tenant_id = up.tenant_id
                           WHERE c.former_parent_id IS NOT NULL FOR SHARE OF c))
                SELECT tenant_id INTO v_tenant_id FROM up LIMIT v_visits, 1;
            END IF;
        END WHILE;
        SET v_round = v_round + 1;
    END WHILE;

    SET v_status = COALESCE(v_status, IF(v_written > 0, 'GRANTED', 'NOT_FOUND'));
    -- Undone: that lets go of the locks, if the caller's transaction began with this call.
    IF v_status = 'NOT_FOUND' THEN
        CALL undo_quota_transaction(v_transaction);
    ELSE
        CALL keep_quota_transaction(v_transaction);
    END IF;
    SELECT v_status IN ('GRANTED', 'REPLAYED') AS success, v_status AS status, v_shown_id AS quota_id, q.limit_type,
           q.hard_limit, v_shown_use AS used_count,
           IF(v_status = 'EXCEEDED', v_left, GREATEST(q.hard_limit - v_shown_use, 0)) AS remaining,
           q.next_reset_time, CAST(NULL AS SIGNED) AS retry_after_ms, v_transaction AS `transaction`
    FROM (SELECT 1) AS one LEFT JOIN tenant_quotas AS q ON q.quota_id = v_shown_id;
END
