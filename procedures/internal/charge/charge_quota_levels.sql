-- charge_quota_levels: internal: charge the limits of each level, and write their ledger rows.
--
-- Look: one limit in our own transaction without a lock, several under their locks. Charge: an UPDATE that repeats
-- what may have changed, and must change as many rows. Record: an INSERT, 1062 if the key was charged before.
--
--   p_operation .. p_parts   as in charge_quota and sort_out_quota_call; p_products: JSON, one or an array
--   p_depth         levels. p_charged: limits; NULL: an obstacle. p_quota_id, p_used_count: of the last one's limit
-- Source   docs/design.md, sections 3 to 7

CREATE PROCEDURE charge_quota_levels (
    IN    p_operation     VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_kinds         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_tenant_id     VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_amount        BIGINT,
    IN    p_biz_type      VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_biz_id        VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_product_code  LONGTEXT     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_products      LONGTEXT     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_hold_id       CHAR(36)     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_transaction   VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_attempt       INT,
    IN    p_parts         TEXT         CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_depth         INT,
    INOUT p_charged       INT,
    OUT   p_quota_id      BIGINT UNSIGNED,
    OUT   p_used_count    BIGINT
)
    COMMENT 'internal: charge the limits of each level, and write their ledger rows.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_above_id, v_level_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT p_tenant_id;
    DECLARE v_time_zone     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT @@GLOBAL.time_zone;
    DECLARE v_kinds         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT p_kinds;
    DECLARE v_limits, v_plain  INT DEFAULT 1;   -- v_plain: 0: an obstacle; else 1, + 2 for RATE, + 4 for each slot
    DECLARE v_now, v_period_start, v_until  DATETIME(6);  -- the level's wall clock; of the one limit; the first end
    DECLARE v_is_quick      BOOLEAN DEFAULT p_attempt = 0 AND p_transaction = 'OWN';
    DECLARE v_is_paid       BOOLEAN DEFAULT FALSE;  -- from a slot
    DECLARE CONTINUE HANDLER FOR NOT FOUND, 1172 SET v_is_quick = FALSE, v_limits = 0;  -- no limit, or several
    REPEAT  -- the whole text, in one CALL: an upgrade that waits for this procedure lets nobody call it again
    IF v_is_quick THEN
        SELECT q.quota_id, q.period_start, LEAST(q.period_end, COALESCE(q.expire_time, q.period_end)),
               t.parent_tenant_id, COALESCE(NULLIF(t.time_zone, 'SYSTEM'), v_time_zone), IF(
                   COALESCE(t.status, 'ACTIVE') = 'ACTIVE'
                   AND CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', COALESCE(NULLIF(t.time_zone, 'SYSTEM'), v_time_zone))
                       BETWEEN GREATEST(COALESCE(q.effective_time, TIMESTAMP'1000-01-01 00:00:00'), COALESCE(
                           q.period_start - INTERVAL 61 MINUTE, TIMESTAMP'1000-01-01 00:00:00'))
                       AND LEAST(q.period_end, COALESCE(q.expire_time, q.period_end)) - INTERVAL 1 MICROSECOND
                   AND q.period_end = COALESCE(q.next_reset_time, '9999-12-31')
                   AND COALESCE(JSON_CONTAINS(q.product_codes, p_products), TRUE)
                   AND (q.limit_type = 'RATE' OR q.used_count <= -p_amount + LEAST(
                            COALESCE(q.next_alert_count - 1, 9223372036854775807), CASE
                            WHEN q.enforcement = 'SHADOW' THEN 9223372036854775807
                            WHEN q.limit_type = 'CONCURRENT' THEN q.concurrent_tokens ELSE q.hard_limit END)),
                   1 + 2 * (q.limit_type = 'RATE') + 4 * q.slot_count, 0)
        INTO p_quota_id, v_period_start, v_until, v_above_id, v_time_zone, v_plain
        FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
        LEFT JOIN tenants AS t ON t.tenant_id = v_level_id
        WHERE q.tenant_id = v_level_id AND q.quota_type = p_quota_type AND FIND_IN_SET(q.limit_type, p_kinds);
    END IF;
    IF NOT v_is_quick THEN  -- all kinds are locked: READ COMMITTED would give up some, and UPDATE ask again
        SET v_above_id = NULL, v_time_zone = @@GLOBAL.time_zone, v_plain = 1, v_kinds = COALESCE(JSON_UNQUOTE(
            JSON_EXTRACT(p_parts, CONCAT('$.', JSON_QUOTE(v_level_id) COLLATE utf8mb4_0900_bin))), p_kinds);
        IF p_transaction = 'OWN' THEN
            SELECT parent_tenant_id, IF(time_zone = 'SYSTEM', v_time_zone, time_zone), status = 'ACTIVE'
            INTO v_above_id, v_time_zone, v_plain FROM tenants WHERE tenant_id = v_level_id;
        ELSE  -- a snapshot may be old; locked before its quotas, as define_tenant does
            SELECT parent_tenant_id, IF(time_zone = 'SYSTEM', v_time_zone, time_zone), status = 'ACTIVE'
            INTO v_above_id, v_time_zone, v_plain FROM tenants WHERE tenant_id = v_level_id FOR SHARE;
        END IF;
        IF v_plain THEN
            SELECT COUNT(kind), MAX(IF(kind, quota_id, NULL)), MAX(IF(kind, period_start, NULL)),
                   MIN(IF(kind, LEAST(period_end, COALESCE(expire_time, period_end)), NULL)),
                   MIN(IF(kind, IF(p_attempt = 0 AND p_transaction <> 'OWN' AND EXISTS (
                       SELECT 1 FROM quota_usage_records AS r  -- a key that the ledger refuses would lock a gap there
                       WHERE r.quota_id = level.quota_id AND r.biz_type = p_biz_type AND r.biz_id = p_biz_id),
                       0, 1 + 2 * (limit_type = 'RATE') + 4 * slot_count), NULL))
            INTO v_limits, p_quota_id, v_period_start, v_until, v_plain
            FROM (SELECT *, NULLIF(FIND_IN_SET(limit_type, v_kinds), 0) AS kind
                  FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
                  WHERE tenant_id = v_level_id AND quota_type = p_quota_type FOR UPDATE) AS level;
        END IF;
    END IF;
    IF v_plain = 1 AND v_is_quick THEN  -- by the primary key, not the natural one: this lock is the only one
        UPDATE tenant_quotas
        SET used_count = LAST_INSERT_ID(used_count + p_amount), leased_count = leased_count + (p_operation = 'LEASE')
        WHERE quota_id = p_quota_id AND COALESCE(
              used_count <= -p_amount + CASE WHEN enforcement = 'SHADOW' THEN 9223372036854775807
                                             WHEN limit_type = 'CONCURRENT' THEN concurrent_tokens ELSE hard_limit END
              AND COALESCE(used_count < next_alert_count - p_amount, TRUE) AND slot_count = 0
              AND period_start <=> v_period_start, FALSE);
        SET v_plain = ROW_COUNT() = 1, p_used_count = LAST_INSERT_ID();
    ELSEIF v_plain THEN
        IF v_plain > 3 AND v_limits = 1 AND p_transaction = 'OWN' THEN
            CALL spend_quota_slot(p_quota_id, v_plain DIV 4, v_period_start, p_amount, p_attempt, v_plain, v_is_paid);
        END IF;
        IF v_plain AND NOT v_is_paid THEN
            SET v_now = CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', v_time_zone);
            UPDATE tenant_quotas FORCE INDEX (tenant_quotas_natural)
            SET leased_count = leased_count + (p_operation = 'LEASE'),
                used_count = LAST_INSERT_ID(p_amount + IF(  -- a full bucket begins anew
                    used_count <= COALESCE(FLOOR(GREATEST(TIMESTAMPDIFF(MICROSECOND, refilled_at,
                        UTC_TIMESTAMP(6)), 0) * refill_per_second * 0.000001), 0), 0, used_count)),
                next_alert_count = IF(limit_type = 'RATE' AND used_count = p_amount, soft_limit, next_alert_count),
                refilled_at = IF(limit_type = 'RATE' AND used_count = p_amount, UTC_TIMESTAMP(6), refilled_at)
            WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND FIND_IN_SET(limit_type, v_kinds)
              AND COALESCE(period_end > v_now AND period_end = COALESCE(next_reset_time, '9999-12-31')
                  AND COALESCE(effective_time <= v_now, TRUE) AND COALESCE(expire_time > v_now, TRUE)
                  AND COALESCE(LEAST(period_start, COALESCE(reset_time, CONVERT_TZ(created_at, '+00:00', v_time_zone)))
                               <= v_now + INTERVAL 61 MINUTE, TRUE)
                  AND COALESCE(JSON_CONTAINS(product_codes, p_products), TRUE)
                  AND (limit_type <> 'RATE' OR refilled_at <= UTC_TIMESTAMP(6))
                  AND (v_limits > 1 OR quota_id = p_quota_id AND period_start <=> v_period_start)
                  AND used_count - COALESCE(LEAST(used_count, FLOOR(GREATEST(TIMESTAMPDIFF(MICROSECOND,
                      refilled_at, UTC_TIMESTAMP(6)), 0) * refill_per_second * 0.000001)), 0) <= LEAST(
                      COALESCE(next_alert_count - 1, 9223372036854775807), CASE
                      WHEN enforcement = 'SHADOW' AND limit_type <> 'RATE' THEN 9223372036854775807
                      WHEN limit_type = 'CONCURRENT' THEN concurrent_tokens ELSE hard_limit END) - p_amount, FALSE);
            SET v_plain = IF(ROW_COUNT() = v_limits, v_plain, 0);
        END IF;
        SET p_used_count = IF(v_plain > 3, NULL, LAST_INSERT_ID());
    END IF;
    IF v_plain AND p_operation IN ('CONSUME', 'RESERVE') THEN
        IF v_limits = 1 AND v_plain <> 3 THEN
            INSERT INTO quota_usage_records
                (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type, product_code,
                 period_start, reservation_id, origin_tenant_id, created_at)
            VALUES (p_quota_id, v_level_id, 'CONSUME', p_amount, p_used_count, p_biz_id, p_biz_type, p_product_code,
                    v_period_start, p_hold_id, IF(v_level_id = p_tenant_id, '', p_tenant_id), UTC_TIMESTAMP(6));
        ELSEIF v_limits > 1 THEN
            INSERT INTO quota_usage_records
                (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type, product_code,
                 period_start, reservation_id, origin_tenant_id, created_at)
            SELECT quota_id, tenant_id, 'CONSUME', p_amount, IF(slot_count, NULL, used_count), p_biz_id, p_biz_type,
                p_product_code, period_start, p_hold_id, IF(v_level_id = p_tenant_id, '', p_tenant_id), UTC_TIMESTAMP(6)
            FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
            WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND FIND_IN_SET(limit_type, v_kinds)
              AND NOT FIND_IN_SET(limit_type, 'RATE');  -- no range: it would lock the next quota
        END IF;
    END IF;
    SET p_quota_id = IF(v_limits = 1 AND v_plain <> 3, p_quota_id, NULL), p_charged = IF(COALESCE(
        v_plain AND CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', v_time_zone) < v_until, v_limits = 0),
        p_charged + v_limits, NULL);  -- the wait for a lock may have outlasted the period
    IF v_above_id IS NOT NULL AND p_charged IS NOT NULL THEN
        SET v_level_id = v_above_id, v_limits = 1, v_plain = 1, v_time_zone = @@GLOBAL.time_zone, v_is_paid = FALSE,
            p_depth = p_depth + 1, v_kinds = p_kinds, v_is_quick = p_attempt = 0 AND p_transaction = 'OWN';
    END IF;
    UNTIL v_above_id IS NULL OR p_charged IS NULL OR p_depth > 64 END REPEAT;
END
