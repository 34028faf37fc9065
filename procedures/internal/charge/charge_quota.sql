-- charge_quota: internal: take what a call asks for, from all its limits or from none.
--
-- Level by level, from the tenant to its last ancestor. At an obstacle sort_out_quota_call undoes all, removes the
-- obstacle or finds the answer, and the call begins again, with locks. A denial that was told before needs one
-- statement: nothing can be taken back, the alert is written, the key is new. One denial in a hundred is counted.
--
--   p_operation     CONSUME (counted and RATE limits), BATCH (the same, without ledger), RESERVE (counted), TOKEN
--                   (CONCURRENT and RATE), LEASE (CONCURRENT), CHECK (only ask)
--   p_tenant_id .. p_product_code   as in consume_quota, checked here; BATCH: a JSON array of products
--   p_hold_id, p_ttl_seconds, p_holder   of a new hold; p_hold_id afterwards: the one that stands (BATCH: ids)
--   p_is_shown      FALSE: nobody asks for p_quota_id and p_used_count of several limits
--   p_transaction   NULL, READ: open one and end it; PART: the caller has one open, and ends it
--   p_status .. p_retry_after_ms   as in consume_quota; p_used_count NULL: hidden by slots
--
-- Raises   45001 invalid_argument, 45002 key_reused, 45000 interrupted
-- Source   docs/design.md, sections 3 to 7

CREATE PROCEDURE charge_quota (
    IN    p_operation        VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_tenant_id        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_quota_type       VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_amount           DECIMAL(40,10),
    IN    p_biz_type         VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_biz_id           VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_product_code     LONGTEXT     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_hold_id          LONGTEXT     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_ttl_seconds      INT,
    IN    p_holder           VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_is_shown         BOOLEAN,
    INOUT p_transaction      VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT   p_status           VARCHAR(24)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT   p_quota_id         BIGINT UNSIGNED,
    OUT   p_used_count       BIGINT,
    OUT   p_next_reset_time  DATETIME,
    OUT   p_retry_after_ms   BIGINT
)
    COMMENT 'internal: take what a call asks for, from all its limits or from none.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_products      LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT IF(
            p_operation IN ('TOKEN', 'LEASE', 'BATCH'), p_product_code,
            COALESCE(JSON_QUOTE(p_product_code) COLLATE utf8mb4_0900_bin, 'null'));
    DECLARE v_kinds         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT CASE p_operation
            WHEN 'TOKEN' THEN 'CONCURRENT,RATE' WHEN 'LEASE' THEN 'CONCURRENT' ELSE CONCAT(
            'HOURLY,DAILY,WEEKLY,MONTHLY,QUARTERLY,YEARLY,TOTAL', IF(p_operation = 'RESERVE', '', ',RATE')) END;
    DECLARE v_depth         INT DEFAULT 1;
    DECLARE v_attempt       INT DEFAULT 0;
    DECLARE v_charged       INT DEFAULT IF(p_operation = 'CHECK', NULL, 0);  -- limits; NULL: an obstacle
    DECLARE v_parts         TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;  -- see sort_out_quota_call
    DECLARE v_insert_id     BIGINT UNSIGNED DEFAULT LAST_INSERT_ID();  -- the caller's
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        SET v_insert_id = LAST_INSERT_ID(v_insert_id);
        CALL undo_quota_transaction(p_transaction);
        RESIGNAL;
    END;

    IF NOT COALESCE(p_tenant_id >= '!' AND CHAR_LENGTH(p_tenant_id) <= 64
                    AND p_quota_type >= '!' AND CHAR_LENGTH(p_quota_type) <= 32
                    AND p_amount BETWEEN 1 AND 9223372036854775807 AND p_amount = FLOOR(p_amount)
                    AND (p_biz_id IS NULL OR p_biz_id >= '!' AND CHAR_LENGTH(p_biz_id) <= 128
                                             AND p_biz_type >= '!' AND CHAR_LENGTH(p_biz_type) <= 32)
                    AND (p_product_code IS NULL OR p_product_code >= '!' AND CHAR_LENGTH(p_product_code) <= 64),
                    FALSE) AND p_operation <> 'BATCH' THEN
        CALL validate_quota_argument('p_tenant_id', p_tenant_id, NULL, 64);
        CALL validate_quota_argument('p_quota_type', p_quota_type, NULL, 32);
        CALL validate_quota_argument('p_amount', p_amount, 1, 9223372036854775807);
        CALL validate_quota_argument('p_biz_type', IF(p_biz_id IS NULL, 'none', p_biz_type), NULL, 32);
        CALL validate_quota_argument('p_biz_id', COALESCE(p_biz_id, 'none'), NULL, 128);
        CALL validate_quota_argument('p_product_code', COALESCE(p_product_code, 'none'), NULL, 64);
    END IF;
    CALL open_quota_transaction(p_transaction);
    REPEAT
        BEGIN
            DECLARE EXIT HANDLER FOR 1062  -- of this key: a caller's snapshot did not show it
                SET v_charged = NULL, p_status = NULL, v_attempt = GREATEST(v_attempt, p_transaction = 'JOINED');
            DECLARE EXIT HANDLER FOR 1213
            BEGIN  -- for example, two wait for a key whose call is rolled back: one of them begins again
                IF p_transaction <> 'OWN' OR v_attempt > 20 THEN
                    RESIGNAL;
                END IF;
                SET v_charged = NULL, p_status = NULL;
            END;
            IF v_charged IS NULL THEN
                SET v_attempt = v_attempt + 1, v_depth = 1;
                CALL sort_out_quota_call(p_operation, v_kinds, p_tenant_id, p_quota_type, p_amount, p_biz_type,
                                         p_biz_id, p_product_code, p_transaction, v_attempt, v_parts, p_hold_id,
                                         p_status, p_quota_id, p_used_count, p_next_reset_time, p_retry_after_ms);
                SET v_charged = 0;
            ELSE
                CALL charge_quota_levels(p_operation, v_kinds, p_tenant_id, p_quota_type, p_amount, p_biz_type,
                                         p_biz_id, p_product_code, v_products, p_hold_id, p_transaction,
                                         v_attempt, v_parts, v_depth, v_charged, p_quota_id, p_used_count);
                SET v_charged = IF(v_parts IS NULL, NULLIF(v_charged, 0), v_charged);
                IF v_charged IS NOT NULL AND (p_ttl_seconds > 0 OR p_transaction = 'JOINED' AND v_depth > 1
                                  OR p_is_shown AND (v_charged <> 1 OR p_quota_id IS NULL)) THEN
                    SET p_quota_id = IF(v_charged = 1, p_quota_id, NULL);
                    CALL finish_quota_charge(p_operation, v_kinds, p_tenant_id, p_quota_type, p_amount, p_biz_type,
                                             p_biz_id, p_product_code, p_hold_id, p_ttl_seconds, p_holder,
                                             p_transaction, v_depth, v_parts, v_charged, p_quota_id, p_used_count);
                END IF;
                SET p_status = IF(v_charged IS NULL, NULL, 'GRANTED');
            END IF;
        END;
        IF p_status IS NULL AND v_charged IS NULL AND v_attempt = 0 AND v_depth = 1 AND p_transaction = 'OWN' THEN
            SELECT IF(u.quota_id IS NULL AND q.limit_type <> 'RATE' AND q.enforcement = 'ENFORCE' AND q.sliced_count = 0
                      AND (p_operation IN ('TOKEN', 'LEASE')
                           OR COALESCE(JSON_CONTAINS(q.product_codes, v_products), TRUE))
                      AND q.used_count > IF(q.limit_type = 'CONCURRENT', COALESCE(q.concurrent_tokens, 0), q.hard_limit)
                                         - p_amount
                      AND COALESCE(q.next_reset_time, '9999-12-31') = q.period_end AND q.period_end > q.now
                      AND COALESCE(q.period_start <= q.now + INTERVAL 61 MINUTE, TRUE)
                      AND COALESCE(q.effective_time, q.now) <= q.now AND COALESCE(q.expire_time, '9999-12-31') > q.now
                      AND COALESCE((SELECT MIN(h.expires_at) FROM quota_reservations AS h
                                    WHERE h.quota_id = p_quota_id AND h.status = 'HELD') > UTC_TIMESTAMP(6), TRUE),
                      'EXCEEDED', NULL) AS told, NULL, q.used_count, IF(p_amount > q.hard_limit, NULL, (IF(
                       CONVERT_TZ(UTC_TIMESTAMP(6) + INTERVAL TIMESTAMPDIFF(MICROSECOND, q.now, q.next_reset_time)
                                  MICROSECOND, '+00:00', q.zone) = q.next_reset_time,
                       TIMESTAMPDIFF(MICROSECOND, q.now, q.next_reset_time),
                       TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), CONVERT_TZ(q.next_reset_time, q.zone, '+00:00'))
                   ) + 999) DIV 1000)  -- as judge_quota_level does
            INTO p_status, p_hold_id, p_used_count, p_retry_after_ms
            FROM (SELECT q.*, COALESCE(NULLIF(t.time_zone, 'SYSTEM'), @@GLOBAL.time_zone) AS zone,
                         CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00',
                                    COALESCE(NULLIF(t.time_zone, 'SYSTEM'), @@GLOBAL.time_zone)) AS now
                  FROM tenant_quotas AS q
                  LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
                  WHERE q.quota_id = p_quota_id AND COALESCE(t.status, 'ACTIVE') = 'ACTIVE'
                    AND t.parent_tenant_id IS NULL) AS q
            JOIN quota_alerts AS a ON a.quota_id = p_quota_id AND a.alert_level = 'EXCEEDED' AND a.period_start = IF(
                q.limit_type = 'CONCURRENT', UTC_DATE(), COALESCE(q.period_start, '1000-01-01'))
            LEFT JOIN quota_usage_records AS u
                ON u.quota_id = p_quota_id AND u.biz_type = p_biz_type AND u.biz_id = p_biz_id
                AND u.operation_type = 'CONSUME' AND u.refund_id = '' AND u.origin_tenant_id = ''
            HAVING told IS NOT NULL;
        END IF;
    UNTIL p_status IS NOT NULL END REPEAT;
    SET v_insert_id = LAST_INSERT_ID(v_insert_id);
    IF p_transaction = 'OWN' THEN
        IF p_status = 'EXCEEDED' AND p_operation <> 'CHECK' AND RAND() < 0.01 THEN  -- one stands for a hundred
            INSERT INTO quota_denials (quota_id, denied_count) VALUES (p_quota_id, 100)
            ON DUPLICATE KEY UPDATE denied_count = denied_count + 100;
        END IF;
        COMMIT AND NO CHAIN NO RELEASE;
    ELSEIF p_transaction = 'JOINED' THEN
        RELEASE SAVEPOINT tenant_quota_work;
    END IF;
END
