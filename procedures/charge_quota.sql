-- charge_quota: internal: take what a call asks for, from all its limits or from none.
--
-- Level by level, from the tenant to its last ancestor. Look: is the limit in force, its period open, is
-- there room? Several limits are counted under their locks instead. Charge: one UPDATE that repeats
-- what may have changed, and must change as many rows. At an obstacle sort_out_quota_call undoes all,
-- removes the obstacle or finds the answer, and the call begins again, with locks.
--
--   p_operation     CONSUME (counted and RATE limits), BATCH (the same, without ledger), RESERVE
--                   (counted), TOKEN (CONCURRENT and RATE), LEASE (CONCURRENT)
--   p_tenant_id .. p_product_code   as in consume_quota, checked; BATCH: a JSON array of products
--   p_hold_id, p_ttl_seconds, p_holder   of a new hold; p_hold_id afterwards: the one that stands
--   p_is_shown      FALSE: nobody asks for p_quota_id and p_used_count of several limits
--   p_transaction   NULL: open one and end it; PART: the caller has one open, and ends it
--   p_status .. p_retry_after_ms   as in consume_quota; p_used_count NULL: hidden by slots
--
-- Raises   45002 key_reused, 45000 interrupted
-- Source   DESIGN, sections 3 to 7

CREATE PROCEDURE charge_quota (
    IN    p_operation        VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_tenant_id        VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_quota_type       VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_amount           BIGINT,
    IN    p_biz_type         VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_biz_id           VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_product_code     LONGTEXT     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_hold_id          CHAR(36)     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
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
    DECLARE v_all_kinds     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT CASE p_operation
            WHEN 'TOKEN' THEN 'CONCURRENT,RATE' WHEN 'LEASE' THEN 'CONCURRENT' ELSE CONCAT(
            'HOURLY,DAILY,WEEKLY,MONTHLY,QUARTERLY,YEARLY,TOTAL', IF(p_operation = 'RESERVE', '', ',RATE')) END;
    DECLARE v_kinds         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT v_all_kinds;
    DECLARE v_products      LONGTEXT    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT IF(
        p_operation IN ('TOKEN', 'LEASE', 'BATCH'), p_product_code,
        COALESCE(JSON_QUOTE(p_product_code) COLLATE utf8mb4_0900_bin, 'null'));
    DECLARE v_level_id      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT p_tenant_id;
    DECLARE v_parent_id, v_time_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_now           DATETIME(6);    -- the level's wall clock
    DECLARE v_plain         INT;            -- 0: an obstacle; else 1, + 2 for RATE, + 4 for each slot
    DECLARE v_period_start, v_until  DATETIME;  -- of the level's one limit; the end of the first that ends
    DECLARE v_limits, v_depth  INT DEFAULT 1;   -- of the level
    DECLARE v_charged, v_attempt  INT DEFAULT 0;  -- limits, on all levels; NULL: an obstacle
    DECLARE v_is_paid, v_is_other  BOOLEAN DEFAULT FALSE;  -- from a slot; no limit or several
    DECLARE v_parts         TEXT        CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;  -- see sort_out_quota_call
    DECLARE v_insert_id     BIGINT UNSIGNED DEFAULT LAST_INSERT_ID();
    DECLARE CONTINUE HANDLER FOR NOT FOUND, 1172 SET v_is_other = TRUE;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL end_quota_transaction(p_transaction, FALSE);
        RESIGNAL;
    END;

    CALL open_quota_transaction(p_transaction);
    REPEAT
        each_level: LOOP
            IF v_attempt = 0 AND p_transaction = 'OWN' THEN
                SELECT q.quota_id, q.period_start, LEAST(q.period_end, COALESCE(q.expire_time, q.period_end)),
                       t.parent_tenant_id, COALESCE(NULLIF(t.time_zone, 'SYSTEM'), @@GLOBAL.time_zone), IF(
                           COALESCE(t.status, 'ACTIVE') = 'ACTIVE'
                           AND CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', COALESCE(NULLIF(t.time_zone, 'SYSTEM'),
                                                                               @@GLOBAL.time_zone))
                               BETWEEN COALESCE(q.effective_time, '1000-01-01')
                               AND LEAST(q.period_end, COALESCE(q.expire_time, q.period_end)) - INTERVAL 1 MICROSECOND
                           AND q.period_end = COALESCE(q.next_reset_time, '9999-12-31')
                           AND COALESCE(JSON_CONTAINS(q.product_codes, v_products), TRUE)
                           AND (q.limit_type = 'RATE' OR q.used_count <= -p_amount + LEAST(
                                    COALESCE(q.next_alert_count - 1, 9223372036854775807), CASE
                                    WHEN q.enforcement = 'SHADOW' THEN 9223372036854775807
                                    WHEN q.limit_type = 'CONCURRENT' THEN q.concurrent_tokens ELSE q.hard_limit END)),
                           1 + 2 * (q.limit_type = 'RATE') + 4 * q.slot_count, 0)
                INTO p_quota_id, v_period_start, v_until, v_parent_id, v_time_zone, v_plain
                FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
                LEFT JOIN tenants AS t ON t.tenant_id = v_level_id
                WHERE q.tenant_id = v_level_id AND q.quota_type = p_quota_type
                  AND FIND_IN_SET(q.limit_type, v_all_kinds);
            END IF;
            IF v_is_other OR v_attempt > 0 OR p_transaction <> 'OWN' THEN
                SET v_parent_id = NULL, v_time_zone = @@GLOBAL.time_zone, v_plain = 1, v_limits = 0, v_until = NULL;
                IF p_transaction = 'OWN' THEN
                    SELECT parent_tenant_id, IF(time_zone = 'SYSTEM', v_time_zone, time_zone), status = 'ACTIVE'
                    INTO v_parent_id, v_time_zone, v_plain FROM tenants WHERE tenant_id = v_level_id;
                ELSE  -- a snapshot may be old; locked before its quotas, as define_tenant does
                    SELECT parent_tenant_id, IF(time_zone = 'SYSTEM', v_time_zone, time_zone), status = 'ACTIVE'
                    INTO v_parent_id, v_time_zone, v_plain FROM tenants WHERE tenant_id = v_level_id FOR SHARE;
                END IF;
                SET v_is_other = FALSE, v_kinds = COALESCE(JSON_UNQUOTE(JSON_EXTRACT(
                    v_parts, CONCAT('$.', JSON_QUOTE(v_level_id) COLLATE utf8mb4_0900_bin))), v_all_kinds);
                IF v_plain THEN
                    -- No kind in WHERE: READ COMMITTED would give up the others' locks, and UPDATE ask again.
                    SELECT COUNT(kind), MAX(IF(kind, quota_id, NULL)), MAX(IF(kind, period_start, NULL)),
                           MIN(IF(kind, LEAST(period_end, COALESCE(expire_time, period_end)), NULL)),
                           MIN(IF(kind, 1 + 2 * (limit_type = 'RATE') + 4 * slot_count, NULL))
                    INTO v_limits, p_quota_id, v_period_start, v_until, v_plain
                    FROM (SELECT quota_id, limit_type, period_start, period_end, expire_time, slot_count,
                                 NULLIF(FIND_IN_SET(limit_type, v_kinds), 0) AS kind
                          FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
                          WHERE tenant_id = v_level_id AND quota_type = p_quota_type
                          FOR UPDATE) AS level;
                END IF;
            END IF;

            -- Rows are locked by their natural key. By the primary one only where that one lock is all.
            IF v_plain = 1 AND v_limits = 1 AND v_attempt = 0 AND p_transaction = 'OWN' THEN
                UPDATE tenant_quotas
                SET used_count = LAST_INSERT_ID(used_count + p_amount),
                    leased_count = leased_count + (p_operation = 'LEASE')
                WHERE quota_id = p_quota_id AND COALESCE(used_count <= CASE
                          WHEN enforcement = 'SHADOW' THEN 9223372036854775807
                          WHEN limit_type = 'CONCURRENT' THEN concurrent_tokens ELSE hard_limit END - p_amount
                      AND COALESCE(used_count < next_alert_count - p_amount, TRUE) AND slot_count = 0
                      AND period_start <=> v_period_start, FALSE);
                SET v_plain = ROW_COUNT() = 1, p_used_count = LAST_INSERT_ID();
            ELSEIF v_plain THEN
                IF v_plain > 3 AND v_limits = 1 AND p_transaction = 'OWN' THEN
                    CALL spend_quota_slot(p_quota_id, v_plain DIV 4, v_period_start, p_amount, v_attempt,
                                          v_plain, v_is_paid);
                END IF;
                IF v_plain AND NOT v_is_paid THEN
                    SET v_now = CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', v_time_zone);
                    UPDATE tenant_quotas FORCE INDEX (tenant_quotas_natural)
                    SET used_count  = LAST_INSERT_ID(p_amount + IF(  -- a full bucket begins anew
                            used_count <= COALESCE(FLOOR(GREATEST(TIMESTAMPDIFF(MICROSECOND, refilled_at,
                                UTC_TIMESTAMP(6)), 0) * refill_per_second * 0.000001), 0), 0, used_count)),
                        leased_count = leased_count + (p_operation = 'LEASE'),
                        next_alert_count = IF(
                            limit_type = 'RATE' AND used_count = p_amount, soft_limit, next_alert_count),
                        refilled_at = IF(limit_type = 'RATE' AND used_count = p_amount, UTC_TIMESTAMP(6), refilled_at)
                    WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND FIND_IN_SET(limit_type, v_kinds)
                      AND COALESCE(period_end > v_now AND period_end = COALESCE(next_reset_time, '9999-12-31')
                          AND COALESCE(effective_time <= v_now, TRUE) AND COALESCE(expire_time > v_now, TRUE)
                          AND COALESCE(JSON_CONTAINS(product_codes, v_products), TRUE)
                          AND (limit_type <> 'RATE' OR refilled_at <= UTC_TIMESTAMP(6))
                          AND (v_limits > 1 OR quota_id = p_quota_id AND period_start <=> v_period_start)
                          AND used_count - COALESCE(LEAST(used_count, FLOOR(GREATEST(TIMESTAMPDIFF(MICROSECOND,
                              refilled_at, UTC_TIMESTAMP(6)), 0) * refill_per_second * 0.000001)), 0) <= LEAST(
                              COALESCE(next_alert_count - 1, 9223372036854775807), CASE
                              WHEN enforcement = 'SHADOW' AND limit_type <> 'RATE' THEN 9223372036854775807
                              WHEN limit_type = 'CONCURRENT' THEN concurrent_tokens
                              ELSE hard_limit END) - p_amount, FALSE);
                    SET v_plain = IF(ROW_COUNT() = v_limits, v_plain, 0);
                END IF;
                SET p_used_count = IF(v_plain > 3, NULL, LAST_INSERT_ID()),
                    p_quota_id = IF(v_plain = 3, NULL, p_quota_id);
            END IF;

            IF v_plain THEN
                SET v_charged = v_charged + v_limits;
                IF p_operation IN ('CONSUME', 'RESERVE') THEN
                    BEGIN
                        DECLARE EXIT HANDLER FOR 1062 SET v_charged = NULL;  -- the key was charged before
                        DECLARE EXIT HANDLER FOR 1213
                        BEGIN  -- two wait for a key whose call is rolled back: one of them begins again
                            IF p_transaction <> 'OWN' THEN
                                RESIGNAL;
                            END IF;
                            SET v_charged = NULL;
                        END;
                        IF v_limits > 1 THEN
                            INSERT INTO quota_usage_records
                                (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type,
                                 product_code, period_start, reservation_id, origin_tenant_id, created_at)
                            SELECT quota_id, tenant_id, 'CONSUME', p_amount, IF(slot_count = 0, used_count, NULL),
                                   p_biz_id, p_biz_type, p_product_code, period_start, p_hold_id,
                                   IF(v_level_id = p_tenant_id, '', p_tenant_id), UTC_TIMESTAMP(6)
                            FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
                            WHERE tenant_id = v_level_id AND quota_type = p_quota_type
                              AND FIND_IN_SET(limit_type, v_kinds)
                              AND NOT FIND_IN_SET(limit_type, 'RATE');  -- no range: it would lock the next quota
                        ELSEIF v_plain <> 3 THEN
                            INSERT INTO quota_usage_records
                                (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type,
                                 product_code, period_start, reservation_id, origin_tenant_id, created_at)
                            VALUES
                                (p_quota_id, v_level_id, 'CONSUME', p_amount, p_used_count, p_biz_id, p_biz_type,
                                 p_product_code, v_period_start, p_hold_id, IF(v_depth = 1, '', p_tenant_id),
                                 UTC_TIMESTAMP(6));
                        END IF;
                    END;
                END IF;
            END IF;
            IF v_charged IS NULL OR NOT v_plain OR  -- or the wait for the lock outlasted the period
               CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', v_time_zone) >= v_until THEN
                SET v_charged = NULL;
                LEAVE each_level;
            ELSEIF v_parent_id IS NULL THEN
                LEAVE each_level;
            END IF;
            SET v_level_id = v_parent_id, v_depth = v_depth + 1, v_limits = 1, v_is_paid = FALSE,
                v_charged = IF(v_depth < 65, v_charged, NULL), v_until = NULL;
        END LOOP;

        IF v_charged > 0 OR v_charged = 0 AND v_parts IS NOT NULL THEN
            SET p_status = 'GRANTED';
            IF p_ttl_seconds IS NOT NULL THEN
                CALL record_quota_hold(p_operation, p_tenant_id, p_quota_type, v_depth, v_all_kinds, v_parts, p_amount,
                                       p_biz_type, p_biz_id, p_product_code, p_hold_id, p_ttl_seconds, p_holder);
            END IF;
        ELSE
            IF v_attempt = 0 AND v_limits = 1 AND v_depth = 1 AND v_parent_id IS NULL AND p_transaction = 'OWN' THEN
                CALL find_told_denial(p_quota_id, v_time_zone, p_amount, p_biz_type, p_biz_id, v_products,
                                      p_hold_id, p_status, p_used_count, p_retry_after_ms);
            END IF;
            IF p_status IS NULL THEN
                SET v_attempt = v_attempt + 1, v_level_id = p_tenant_id, v_depth = 1, v_charged = 0, v_is_paid = FALSE;
                CALL sort_out_quota_call(p_operation, p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id,
                                         p_product_code, v_products, p_transaction, v_attempt, v_parts, p_hold_id,
                                         p_status, p_quota_id, p_used_count, p_next_reset_time, p_retry_after_ms);
            END IF;
        END IF;
    UNTIL p_status IS NOT NULL END REPEAT;

    IF p_is_shown AND p_status = 'GRANTED' AND (v_charged <> 1 OR p_quota_id IS NULL) THEN
        CALL find_tightest_limit(p_tenant_id, p_quota_type, v_all_kinds, p_quota_id, p_used_count);
    END IF;
    SET v_insert_id = LAST_INSERT_ID(v_insert_id);
    IF p_transaction = 'OWN' THEN
        COMMIT AND NO CHAIN NO RELEASE;
    ELSE
        CALL end_quota_transaction(p_transaction, TRUE);
    END IF;
END
