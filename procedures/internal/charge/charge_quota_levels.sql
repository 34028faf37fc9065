-- charge_quota_levels: internal: charge the limits of each level, and write their ledger rows.
--
-- Look: first without a lock; later, and at an obstacle in a caller's transaction, under locks. Charge: an UPDATE whose
-- SET tests again, and overflows (1690) where something changed. Record: an INSERT, or finish_quota_charge's, later.
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
    DECLARE v_time_zone, v_kinds    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT p_kinds;
    DECLARE v_active, v_limits, v_plain  INT;  -- plain: 0: an obstacle; else 1, + 2: RATE, + 4: slots, + 8: filled
    DECLARE v_now, v_period_start, v_until  DATETIME(6);  -- the level's wall clock; of the one limit; the first end
    DECLARE EXIT HANDLER FOR 1690 SET p_quota_id = IF(v_limits = 1, p_quota_id, NULL), p_charged = NULL;  -- changed
    REPEAT  -- the whole text, in one CALL: an upgrade that waits for this procedure lets nobody call it again
    IF p_transaction = 'OWN' AND p_hold_id IS NULL THEN
        SELECT MIN(parent_tenant_id), COALESCE(MIN(NULLIF(time_zone, 'SYSTEM')), @@GLOBAL.time_zone),
               COALESCE(MIN(status) = 'ACTIVE', TRUE)
        INTO v_above_id, v_time_zone, v_active FROM tenants WHERE tenant_id = v_level_id;
    ELSE  -- a snapshot may be old, and a hold's rows need the same parent; before its quotas, as define_tenant does
        SELECT MIN(parent_tenant_id), COALESCE(MIN(NULLIF(time_zone, 'SYSTEM')), @@GLOBAL.time_zone),
               COALESCE(MIN(status) = 'ACTIVE', TRUE)
        INTO v_above_id, v_time_zone, v_active FROM tenants WHERE tenant_id = v_level_id FOR SHARE;
    END IF;
    SET v_now = CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', v_time_zone);
    IF p_attempt = 0 THEN
        SELECT COUNT(*), COALESCE(MIN(IF(limit_type = 'RATE', NULL, quota_id)), MIN(quota_id)),  -- RATE has no ledger
               MIN(period_start), MIN(LEAST(period_end, COALESCE(expire_time, period_end))),
               COALESCE(MIN(IF(v_active AND period_end > v_now AND period_end = COALESCE(next_reset_time, '9999-12-31')
                      AND COALESCE(period_start <= v_now + INTERVAL 61 MINUTE, TRUE)
                      AND COALESCE(effective_time <= v_now, TRUE) AND COALESCE(expire_time > v_now, TRUE)
                      AND COALESCE(JSON_CONTAINS(product_codes, p_products), TRUE)
                      AND (limit_type = 'RATE' OR used_count <= LEAST(
                          COALESCE(next_alert_count - 1, 9223372036854775807), CASE
                          WHEN enforcement = 'SHADOW' THEN 9223372036854775807
                          WHEN limit_type = 'CONCURRENT' THEN concurrent_tokens ELSE hard_limit END) - p_amount),
                      1 + 2 * (limit_type = 'RATE') + 4 * (slot_count > 0) + 8 * (sliced_count > 0), 0)), v_active)
        INTO v_limits, p_quota_id, v_period_start, v_until, v_plain
        FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
        WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND FIND_IN_SET(limit_type, p_kinds);
    END IF;
    IF p_attempt > 0 OR p_transaction <> 'OWN' AND NOT (v_plain AND v_limits) THEN  -- all kinds: no lock is given up
        SET v_kinds = COALESCE(JSON_UNQUOTE(JSON_EXTRACT(
                p_parts, CONCAT('$.', JSON_QUOTE(v_level_id) COLLATE utf8mb4_0900_bin))), p_kinds);
        SELECT COUNT(NULLIF(FIND_IN_SET(limit_type, v_kinds), 0)), MAX(IF(FIND_IN_SET(limit_type, v_kinds),
               quota_id, 0)), MAX(IF(FIND_IN_SET(limit_type, v_kinds), period_start, NULL)),
               MIN(IF(FIND_IN_SET(limit_type, v_kinds), LEAST(period_end, COALESCE(expire_time, period_end)), NULL)),
               COALESCE(MIN(IF(FIND_IN_SET(limit_type, v_kinds), IF(
                   v_active, 1 + 2 * (limit_type = 'RATE') + 4 * (slot_count > 0), 0), NULL)), v_active)
        INTO v_limits, p_quota_id, v_period_start, v_until, v_plain
        FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
        WHERE tenant_id = v_level_id AND quota_type = p_quota_type FOR UPDATE;
    END IF;
    IF p_transaction = 'JOINED' AND p_attempt = 0 AND p_biz_id IS NOT NULL THEN  -- a refusal would lock a gap
        SELECT IF(COUNT(*) > 0, 0, v_plain) INTO v_plain
        FROM quota_usage_records FORCE INDEX (quota_usage_records_biz_key)
        WHERE quota_id = p_quota_id AND biz_type = p_biz_type AND biz_id = p_biz_id;
    END IF;
    IF v_plain > 4 AND p_operation <> 'LEASE' THEN
        CALL spend_quota_slots(v_level_id, p_quota_type, v_kinds, p_amount, p_transaction, p_hold_id IS NOT NULL OR
                               v_above_id IS NOT NULL, v_limits, p_quota_id, v_period_start, v_plain);
    END IF;
    IF p_attempt = 0 AND p_transaction = 'OWN' AND v_limits = 1 AND v_plain IN (1, 3) THEN  -- by id: the only lock
        UPDATE tenant_quotas
        SET leased_count = leased_count + (p_operation = 'LEASE'),
            used_count = IF(COALESCE(period_start <=> v_period_start AND sliced_count = 0
                AND (limit_type <> 'RATE' OR refilled_at <= UTC_TIMESTAMP(6) + INTERVAL 1 MINUTE)  -- it waited
                AND GREATEST(used_count - COALESCE(FLOOR(GREATEST(TIMESTAMPDIFF(MICROSECOND, refilled_at,
                    UTC_TIMESTAMP(6)), 0) * refill_per_second * 0.000001), 0), 0) <= LEAST(
                    COALESCE(next_alert_count - 1, 9223372036854775807), CASE
                    WHEN enforcement = 'SHADOW' AND limit_type <> 'RATE' THEN 9223372036854775807
                    WHEN limit_type = 'CONCURRENT' THEN concurrent_tokens ELSE hard_limit END) - p_amount, FALSE),
                LAST_INSERT_ID(p_amount + IF(used_count <= COALESCE(FLOOR(TIMESTAMPDIFF(  -- a full bucket begins anew
                    MICROSECOND, refilled_at, UTC_TIMESTAMP(6)) * refill_per_second * 0.000001), 0), 0, used_count)),
                used_count + 9223372036854775807 + 1),
            next_alert_count = IF(limit_type = 'RATE' AND used_count = p_amount, soft_limit, next_alert_count),
            refilled_at = IF(used_count = p_amount, GREATEST(refilled_at, UTC_TIMESTAMP(6)), refilled_at)  -- RATE's own
        WHERE quota_id = p_quota_id;
    ELSEIF v_plain > 0 AND v_limits > 0 THEN
        UPDATE tenant_quotas FORCE INDEX (tenant_quotas_natural)
        SET leased_count = leased_count + (p_operation = 'LEASE'),
            used_count = IF(COALESCE(period_end > v_now AND period_end = COALESCE(next_reset_time, '9999-12-31')
                AND COALESCE(LEAST(period_start, COALESCE(reset_time, CONVERT_TZ(created_at, '+00:00', v_time_zone)))
                             <= v_now + INTERVAL 61 MINUTE, TRUE)
                AND COALESCE(effective_time <= v_now, TRUE) AND COALESCE(expire_time > v_now, TRUE)
                AND COALESCE(JSON_CONTAINS(product_codes, p_products), TRUE)
                AND (v_limits > 1 OR period_start <=> v_period_start)
                AND (limit_type <> 'RATE' OR refilled_at <= UTC_TIMESTAMP(6) + INTERVAL 1 MINUTE)
                AND GREATEST(used_count - COALESCE(FLOOR(GREATEST(TIMESTAMPDIFF(MICROSECOND, refilled_at,
                    UTC_TIMESTAMP(6)), 0) * refill_per_second * 0.000001), 0), 0) <= LEAST(
                    COALESCE(next_alert_count - 1, 9223372036854775807), CASE
                    WHEN enforcement = 'SHADOW' AND limit_type <> 'RATE' THEN 9223372036854775807
                    WHEN limit_type = 'CONCURRENT' THEN concurrent_tokens ELSE hard_limit END) - p_amount, FALSE),
                LAST_INSERT_ID(p_amount + IF(used_count <= COALESCE(FLOOR(TIMESTAMPDIFF(
                    MICROSECOND, refilled_at, UTC_TIMESTAMP(6)) * refill_per_second * 0.000001), 0), 0, used_count)),
                used_count + 9223372036854775807 + 1),
            next_alert_count = IF(limit_type = 'RATE' AND used_count = p_amount, soft_limit, next_alert_count),
            refilled_at = IF(used_count = p_amount, GREATEST(refilled_at, UTC_TIMESTAMP(6)), refilled_at)
        WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND FIND_IN_SET(limit_type, v_kinds);
    END IF;
    SET v_plain = IF(v_plain > 0 AND v_limits > 0 AND ROW_COUNT() <> v_limits, 0, v_plain),
        p_used_count = IF(v_plain = 1, LAST_INSERT_ID(), NULL);
    IF v_plain AND p_operation IN ('CONSUME', 'RESERVE') AND (p_transaction = 'OWN' OR v_above_id IS NULL) THEN
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
              AND NOT FIND_IN_SET(limit_type, 'RATE') AND used_count >= p_amount;  -- no range; defined before
        END IF;
    END IF;
    SET p_quota_id = IF(v_limits = 1 AND v_plain <> 3, p_quota_id, NULL), p_charged = IF(COALESCE(
        v_plain AND CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', v_time_zone) < v_until, v_limits = 0),
        p_charged + v_limits, NULL);  -- the wait for a lock may have outlasted the period
    SET v_level_id = v_above_id, p_depth = p_depth + (v_above_id IS NOT NULL),
        p_charged = IF(p_depth < 65, p_charged, NULL);  -- at 65 levels its ancestors run in a circle
    UNTIL v_above_id IS NULL OR p_charged IS NULL END REPEAT;
END
