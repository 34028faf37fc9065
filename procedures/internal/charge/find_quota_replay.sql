-- find_quota_replay: internal: the first answer to a biz key that was charged before.
--
-- Level by level, under a shared lock: a caller's snapshot may be older than the first call. In a caller's transaction
-- a key that is not there has the gap around it locked, so only a denial, which writes none, asks so. A row of a
-- calendar limit without a period was written by hand (scenario 2): its key and amount decide.
--
--   p_operation .. p_transaction   as in sort_out_quota_call; LOOK: JOINED, but only what its snapshot shows
--   p_is_found      TRUE if there is one; then:
--   p_hold_id .. p_next_reset_time   the reservation; the limit to show, its use then, the end of its period
--
-- Raises   45002 key_reused if the first call was for another amount, product or operation
-- Source   docs/design.md, section 3

CREATE PROCEDURE find_quota_replay (
    IN    p_operation        VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_kinds            VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_tenant_id        VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_quota_type       VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_amount           BIGINT,
    IN    p_biz_type         VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_biz_id           VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_product_code     VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_transaction      VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT   p_is_found         BOOLEAN,
    INOUT p_hold_id          CHAR(36)     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT   p_quota_id         BIGINT UNSIGNED,
    OUT   p_used_count       BIGINT,
    OUT   p_next_reset_time  DATETIME
)
    COMMENT 'internal: the first answer to a biz key that was charged before.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_level_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT p_tenant_id;
    DECLARE v_parent_id, v_product_code, v_reservation_id, v_limit_type, v_message
                        VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_depth     INT DEFAULT 0;
    DECLARE v_best      DECIMAL(30);  -- the smallest is shown
    DECLARE v_anchor, v_period_start  DATETIME;
    DECLARE v_amount    BIGINT;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SET p_is_found = FALSE;
    WHILE v_level_id IS NOT NULL AND v_depth < 65 DO
        SET v_parent_id = NULL, v_depth = v_depth + 1, v_amount = NULL;
        SELECT parent_tenant_id INTO v_parent_id FROM tenants WHERE tenant_id = v_level_id FOR SHARE;
        SELECT (q.enforcement = 'SHADOW') * 100000000000000000000
               + COALESCE(q.hard_limit - r.current_used, -10000000000000000000) AS shown_by,
               r.quota_id, q.limit_type, q.period_anchor, r.delta_value, r.current_used, r.product_code, r.period_start,
               r.reservation_id
        INTO v_best, p_quota_id, v_limit_type, v_anchor, v_amount, p_used_count, v_product_code, v_period_start,
             v_reservation_id
        FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
        STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
            ON r.quota_id = q.quota_id AND r.biz_type = p_biz_type AND r.biz_id = p_biz_id
            AND r.operation_type = 'CONSUME' AND r.refund_id = ''
            AND r.origin_tenant_id = IF(v_depth = 1, '', p_tenant_id)
        WHERE q.tenant_id = v_level_id AND q.quota_type = p_quota_type
          AND FIND_IN_SET(q.limit_type, p_kinds)
          AND (p_transaction <> 'LOOK' OR (
              SELECT COUNT(*) FROM quota_usage_records AS seen FORCE INDEX (quota_usage_records_biz_key)
              WHERE seen.quota_id = q.quota_id AND seen.biz_type = p_biz_type AND seen.biz_id = p_biz_id
                AND seen.operation_type = 'CONSUME' AND seen.refund_id = ''
                AND seen.origin_tenant_id = IF(v_depth = 1, '', p_tenant_id)))
        HAVING v_best IS NULL OR shown_by < v_best ORDER BY shown_by, r.quota_id
        LIMIT 1 FOR SHARE OF r;

        IF v_amount IS NOT NULL THEN
            SET p_is_found = TRUE, p_hold_id = v_reservation_id, p_next_reset_time = NULL;
            IF NOT (v_amount = p_amount AND (p_operation = 'RESERVE') = (v_reservation_id IS NOT NULL)
                    AND (v_product_code <=> p_product_code OR v_product_code IS NULL AND v_period_start IS NULL
                                                           AND v_limit_type <> 'TOTAL')) THEN
                SET v_message = CONCAT('key_reused: ', LEFT(p_biz_type, 16), '/', LEFT(p_biz_id, 32),
                                       ' is of another amount, product or operation; use a key of its own');
                SIGNAL SQLSTATE '45002' SET MESSAGE_TEXT = v_message;
            END IF;
            IF v_period_start IS NOT NULL THEN
                CALL compute_quota_period(v_limit_type, v_anchor, v_period_start, v_period_start, p_next_reset_time);
            END IF;
        END IF;
        SET v_level_id = v_parent_id;
    END WHILE;
    IF p_transaction = 'JOINED' THEN
        ROLLBACK TO SAVEPOINT tenant_quota_work;  -- gives up the gaps, if the caller's transaction began here
    END IF;
END
