-- define_quota: create a limit, or change it while it is in use.
--
-- What was used stays used. Raising a limit makes room at once; lowering it below its use denies until the use comes
-- down. A new refill_per_second counts from now on. A billing day that moves in mid-period cuts the open period anew:
-- its use and its holds move into the period that is open now, by two ADJUST rows that make 0. The old period never
-- ended, so it has no RESET row, and a refund of what it charged lowers nothing.
--
--   p_tenant_id, p_quota_type   whose limit on what
--   p_limit_type   HOURLY, DAILY, WEEKLY, MONTHLY, QUARTERLY, YEARLY (use is reset with the period), TOTAL (never),
--                  RATE (a token bucket of p_hard_limit), CONCURRENT (p_hard_limit tokens on loan)
--   p_hard_limit   units, 0 or more
--   p_soft_limit   units from which to warn, 0 to p_hard_limit; NULL: never
--   p_options      JSON object or NULL; what it leaves out stays: effective_time, expire_time (tenant wall clock),
--                  product_codes (array), period_anchor (where a period begins: the billing day), refill_per_second
--                  (RATE), enforcement (ENFORCE, SHADOW), slot_count (0 to 1024: 0, or more than callers at once)
--
-- Answers  one row: success, status (CREATED, CHANGED, UNCHANGED), quota_id, limit_type, hard_limit, used_count,
--          remaining, next_reset_time, retry_after_ms, transaction
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   docs/design.md, sections 2 to 4
-- Example  CALL define_quota('CH_123', 'REDEEM_CODE', 'DAILY', 500, 400, '{"product_codes": ["app_mall"]}');

CREATE PROCEDURE define_quota (
    IN p_tenant_id   VARCHAR(255)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type  VARCHAR(255)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_limit_type  VARCHAR(255)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_hard_limit  DECIMAL(40,10),
    IN p_soft_limit  DECIMAL(40,10),
    IN p_options     LONGTEXT       CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Create a limit, or change it while it is in use.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_time_zone        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'SYSTEM';
    DECLARE v_quota_id         BIGINT UNSIGNED;
    DECLARE v_is_new           BOOLEAN;
    DECLARE v_old, v_new       JSON;  -- the definition, before and after
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_used_count, v_returned BIGINT;  -- returned: tokens that have flowed back at the old rate
    DECLARE v_now              DATETIME(6);
    DECLARE v_transaction, v_status, v_ignored  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL undo_quota_transaction(v_transaction);
        RESIGNAL;
    END;

    CALL validate_quota_argument('p_tenant_id', p_tenant_id, NULL, 64);
    CALL validate_quota_argument('p_quota_type', p_quota_type, NULL, 32);
    IF NOT COALESCE(FIND_IN_SET(p_limit_type, 'HOURLY,DAILY,WEEKLY,MONTHLY,QUARTERLY,YEARLY,TOTAL,RATE,CONCURRENT'),
                    FALSE) THEN
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = 'invalid_argument: p_limit_type must be HOURLY, DAILY, WEEKLY, '
            'MONTHLY, QUARTERLY, YEARLY, TOTAL, RATE or CONCURRENT';
    END IF;
    CALL validate_quota_argument('p_hard_limit', p_hard_limit, 0,
                               IF(p_limit_type = 'CONCURRENT', 2147483647, 9223372036854775807));
    IF p_soft_limit NOT BETWEEN 0 AND p_hard_limit OR p_soft_limit <> FLOOR(p_soft_limit) THEN
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
            'invalid_argument: p_soft_limit must be from 0 to p_hard_limit, a whole number, or NULL';
    END IF;
    IF @@SESSION.insert_id <> 0 THEN
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
            'invalid_argument: this session has SET insert_id; open a new session and call again';
    END IF;
    CALL open_quota_transaction(v_transaction);

    SELECT time_zone INTO v_time_zone FROM tenants WHERE tenant_id = p_tenant_id FOR SHARE;
    SELECT MAX(IF(limit_type = p_limit_type, quota_id, NULL)) INTO v_quota_id
    FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
    WHERE tenant_id = p_tenant_id AND quota_type = p_quota_type FOR UPDATE;
    SET v_is_new = v_quota_id IS NULL;
    IF v_is_new THEN
        -- Somebody else may have defined it a moment ago; then this locks that row, and ROW_COUNT() is 2.
        INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type)
        VALUES (p_tenant_id, p_quota_type, p_limit_type)
        ON DUPLICATE KEY UPDATE quota_id = LAST_INSERT_ID(quota_id), updated_at = UTC_TIMESTAMP(6);
        SET v_is_new = ROW_COUNT() = 1, v_quota_id = LAST_INSERT_ID();
    END IF;
    IF NOT v_is_new THEN
        CALL settle_quota_period(v_quota_id, v_time_zone, v_ignored);  -- by the old definition
    END IF;

    SET v_now = UTC_TIMESTAMP(6);
    SELECT COALESCE(LEAST(used_count, FLOOR(
               GREATEST(TIMESTAMPDIFF(MICROSECOND, refilled_at, v_now), 0) * refill_per_second * 0.000001)), 0),
           JSON_OBJECT('hard_limit', hard_limit, 'soft_limit', soft_limit, 'effective_time', effective_time,
                       'expire_time', expire_time, 'product_codes', product_codes, 'period_anchor', period_anchor,
                       'refill_per_second', refill_per_second, 'enforcement', enforcement,
                       'slot_count', slot_count, 'concurrent_tokens', concurrent_tokens)
    INTO v_returned, v_old FROM tenant_quotas WHERE quota_id = v_quota_id FOR UPDATE;
    SET v_new = v_old;
    CALL read_quota_options(p_limit_type, p_options, v_new);
    CALL collect_quota_slots(v_quota_id, COALESCE(CAST(JSON_EXTRACT(v_new, '$.slot_count') AS SIGNED), 0), TRUE,
                             v_ignored);
    UPDATE JSON_TABLE(v_new, '$' COLUMNS (
        effective_time DATETIME PATH '$.effective_time' ERROR ON ERROR,
        expire_time DATETIME PATH '$.expire_time' ERROR ON ERROR, product_codes JSON PATH '$.product_codes',
        period_anchor DATETIME PATH '$.period_anchor' ERROR ON ERROR, slot_count INT PATH '$.slot_count' ERROR ON ERROR,
        refill_per_second DECIMAL(18,6) PATH '$.refill_per_second' ERROR ON ERROR,
        enforcement VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.enforcement')) AS d
    STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = v_quota_id
    SET q.next_reset_time = IF(q.period_anchor <=> d.period_anchor, q.next_reset_time, NULL),  -- before they change
        q.used_count = IF(q.refill_per_second <=> d.refill_per_second, q.used_count, q.used_count - v_returned),
        q.refilled_at = IF(q.refill_per_second <=> d.refill_per_second, q.refilled_at, v_now),
        q.hard_limit = p_hard_limit, q.soft_limit = p_soft_limit, q.effective_time = d.effective_time,
        q.expire_time = d.expire_time, q.product_codes = d.product_codes, q.period_anchor = d.period_anchor,
        q.enforcement = COALESCE(d.enforcement, 'ENFORCE'), q.slot_count = COALESCE(d.slot_count, 0),
        q.refill_per_second = d.refill_per_second,
        q.concurrent_tokens = IF(q.limit_type = 'CONCURRENT', p_hard_limit, q.concurrent_tokens);
    UPDATE tenant_quotas SET next_alert_count = DEFAULT WHERE quota_id = v_quota_id;
    CALL settle_quota_period(v_quota_id, v_time_zone, v_ignored);

    SELECT used_count - IF(refilled_at = v_now, 0, v_returned), next_reset_time,
           JSON_OBJECT('hard_limit', hard_limit, 'soft_limit', soft_limit, 'effective_time', effective_time,
                       'expire_time', expire_time, 'product_codes', product_codes, 'period_anchor', period_anchor,
                       'refill_per_second', refill_per_second, 'enforcement', enforcement,
                       'slot_count', slot_count, 'concurrent_tokens', concurrent_tokens)
    INTO v_used_count, v_next_reset_time, v_new FROM tenant_quotas WHERE quota_id = v_quota_id FOR UPDATE;

    SET v_status = CASE WHEN v_is_new THEN 'CREATED' WHEN v_old = v_new THEN 'UNCHANGED' ELSE 'CHANGED' END;
    IF v_status <> 'UNCHANGED' THEN
        UPDATE tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
        LEFT JOIN quota_slots AS s FORCE INDEX (PRIMARY) ON s.quota_id = q.quota_id
        SET q.updated_at = UTC_TIMESTAMP(6), s.defined_at = NULL  -- no slot pays past a limit defined beside it
        WHERE q.tenant_id = p_tenant_id AND q.quota_type = p_quota_type
          AND (q.quota_id = v_quota_id OR q.slot_count > 0);
        INSERT INTO quota_definition_changes
            (quota_id, tenant_id, quota_type, limit_type, changed_by, old_definition, new_definition)
        VALUES (v_quota_id, p_tenant_id, p_quota_type, p_limit_type, USER(), IF(v_is_new, NULL, v_old), v_new);
    END IF;
    CALL keep_quota_transaction(v_transaction);

    SELECT TRUE AS success, v_status AS status, v_quota_id AS quota_id, p_limit_type AS limit_type,
           CAST(p_hard_limit AS SIGNED) AS hard_limit, v_used_count AS used_count,
           CAST(GREATEST(p_hard_limit - v_used_count, 0) AS SIGNED) AS remaining,
           v_next_reset_time AS next_reset_time, NULL AS retry_after_ms, v_transaction AS `transaction`;
END
