-- define_quota: create a limit, or change it while it is in use.
--
-- What was used stays used. Raising a limit makes room at once; lowering it below what is
-- used denies until the use comes down. The parameters say how the limit is to be; an
-- option left out keeps its value. quota_definition_changes keeps who changed what and when.
--
-- A billing day moved in mid-period cuts the open period anew: what was used and what is
-- held move into the period that now is open, by two ADJUST rows that make 0, and its use
-- comes down at the new boundary. The old one leaves no RESET row, for it never ended.
-- What was consumed before can still be refunded; that is recorded and lowers nothing.
--
-- A new refill_per_second counts from now on: what flowed back until now did so at the old
-- one, in whole tokens.
--
--   p_tenant_id, p_quota_type   whose limit on what
--   p_limit_type   HOURLY, DAILY, WEEKLY, MONTHLY, QUARTERLY, YEARLY (use is reset with the
--                  period), TOTAL (never), RATE (a token bucket: p_hard_limit is its size),
--                  CONCURRENT (tokens that are given back: p_hard_limit is their number)
--   p_hard_limit   units, 0 or more
--   p_soft_limit   units from which to warn, 0 to p_hard_limit; NULL: never
--   p_options      JSON object or NULL: effective_time and expire_time (tenant wall clock),
--                  product_codes (array), period_anchor (where a period begins: the billing
--                  day), refill_per_second (RATE), enforcement (ENFORCE, SHADOW), slot_count
--                  (0 to 1024: more than there are callers at once, for a tenant that many call
--                  at the same moment; 0: none).
--                  Text, so that malformed JSON is answered with 45001, not with the
--                  server's own conversion error
--
-- Answers  one row: success, status (CREATED, CHANGED, UNCHANGED), quota_id, limit_type,
--          hard_limit, used_count, remaining, next_reset_time, retry_after_ms, transaction
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   DESIGN, sections 2 to 4
-- Example  CALL define_quota('CH_123', 'REDEEM_CODE', 'DAILY', 500, 400, '{"product_codes": ["app_mall"]}');

CREATE PROCEDURE define_quota (
    IN p_tenant_id   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_limit_type  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_hard_limit  BIGINT,
    IN p_soft_limit  BIGINT,
    IN p_options     LONGTEXT    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Create a limit, or change it while it is in use.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction        VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_time_zone          VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'SYSTEM';
    DECLARE v_quota_id           BIGINT UNSIGNED;
    DECLARE v_is_new             BOOLEAN;
    DECLARE v_is_calendar        BOOLEAN DEFAULT p_limit_type NOT IN ('TOTAL', 'RATE', 'CONCURRENT');
    DECLARE v_old_definition     JSON;
    DECLARE v_new_definition     JSON;
    DECLARE v_old_start          DATETIME;  -- of the open period, and after the change
    DECLARE v_new_start          DATETIME;
    DECLARE v_effective_time     DATETIME;
    DECLARE v_expire_time        DATETIME;
    DECLARE v_product_codes      JSON;
    DECLARE v_period_anchor      DATETIME;
    DECLARE v_refill_per_second  DECIMAL(18,6);
    DECLARE v_old_refill         DECIMAL(18,6);
    DECLARE v_now                DATETIME(6);
    DECLARE v_returned           BIGINT;    -- tokens that have flowed back at the old rate
    DECLARE v_enforcement        VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_slot_count         INT;
    DECLARE v_old_slots          INT;
    DECLARE v_used_count         BIGINT;
    DECLARE v_unspent            BIGINT;    -- units that slots held
    DECLARE v_next_reset_time    DATETIME;
    DECLARE v_state              VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_status             VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_errno              INT;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
        CALL abandon_quota_transaction(v_transaction, v_errno);
        RESIGNAL;
    END;

    CALL check_quota_name('p_tenant_id', p_tenant_id, 24);
    CALL check_quota_name('p_quota_type', p_quota_type, 32);
    CALL check_quota_number('p_hard_limit', p_hard_limit, 0);
    IF p_limit_type IS NULL OR p_limit_type NOT IN ('HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'YEARLY',
                                                    'TOTAL', 'RATE', 'CONCURRENT') THEN
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = 'invalid_argument: p_limit_type must be HOURLY, DAILY, WEEKLY, '
            'MONTHLY, QUARTERLY, YEARLY, TOTAL, RATE or CONCURRENT';
    END IF;
    IF p_limit_type = 'CONCURRENT' AND p_hard_limit > 2147483647 THEN
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
            'invalid_argument: p_hard_limit of a CONCURRENT limit must be at most 2147483647';
    END IF;
    IF p_soft_limit NOT BETWEEN 0 AND p_hard_limit THEN
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
            'invalid_argument: p_soft_limit must be from 0 to p_hard_limit, or NULL';
    END IF;
    IF @@SESSION.insert_id <> 0 THEN
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
            'invalid_argument: this session has SET insert_id; open a new session and call again';
    END IF;
    CALL guard_quota_session();
    CALL open_quota_transaction(v_transaction);

    -- The tenant before its quotas, as everywhere: find_quota_limits locks in this order too.
    SELECT time_zone INTO v_time_zone FROM tenants WHERE tenant_id = p_tenant_id FOR SHARE;
    SELECT quota_id INTO v_quota_id
    FROM tenant_quotas
    WHERE tenant_id = p_tenant_id AND quota_type = p_quota_type AND limit_type = p_limit_type
    FOR UPDATE;
    SET v_is_new = v_quota_id IS NULL;
    IF v_is_new THEN
        -- Somebody else may have defined it a moment ago; then this locks his row (2: it was there).
        INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type)
        VALUES (p_tenant_id, p_quota_type, p_limit_type)
        ON DUPLICATE KEY UPDATE quota_id = LAST_INSERT_ID(quota_id), updated_at = UTC_TIMESTAMP(6);
        SET v_is_new = ROW_COUNT() = 1;
        SET v_quota_id = LAST_INSERT_ID();
    END IF;

    -- What lapsed under the old definition is closed under it.
    IF NOT v_is_new AND v_is_calendar THEN
        CALL settle_quota_period(v_quota_id, v_time_zone, NULL, v_state);
        CALL find_quota_label(v_quota_id, v_time_zone, v_old_start);
    END IF;
    CALL collect_quota_slots(v_quota_id, v_unspent);
    CALL describe_quota(v_quota_id, v_old_definition);

    SET v_now = UTC_TIMESTAMP(6);
    SELECT effective_time, expire_time, product_codes, period_anchor, refill_per_second, refill_per_second,
           enforcement, slot_count, slot_count, COALESCE(LEAST(used_count, FLOOR(
               GREATEST(TIMESTAMPDIFF(MICROSECOND, refilled_at, v_now), 0) * refill_per_second * 0.000001)), 0)
    INTO v_effective_time, v_expire_time, v_product_codes, v_period_anchor, v_refill_per_second, v_old_refill,
         v_enforcement, v_slot_count, v_old_slots, v_returned
    FROM tenant_quotas
    WHERE quota_id = v_quota_id
    FOR UPDATE;
    CALL read_quota_options(p_limit_type, p_options, v_effective_time, v_expire_time, v_product_codes,
                            v_period_anchor, v_refill_per_second, v_enforcement, v_slot_count);

    UPDATE tenant_quotas
    SET hard_limit        = p_hard_limit,
        soft_limit        = p_soft_limit,
        effective_time    = v_effective_time,
        expire_time       = v_expire_time,
        product_codes     = v_product_codes,
        next_reset_time   = IF(period_anchor <=> v_period_anchor, next_reset_time, NULL),
        period_anchor     = v_period_anchor,
        used_count        = IF(v_refill_per_second <=> v_old_refill, used_count, used_count - v_returned),
        refilled_at       = IF(v_refill_per_second <=> v_old_refill, refilled_at, v_now),
        refill_per_second = v_refill_per_second,
        enforcement       = v_enforcement,
        slot_count        = v_slot_count,
        concurrent_tokens = IF(limit_type = 'CONCURRENT', p_hard_limit, concurrent_tokens)
    WHERE quota_id = v_quota_id;
    CALL set_quota_slots(v_quota_id, p_tenant_id, v_old_slots, v_slot_count);
    IF v_is_calendar THEN
        CALL settle_quota_period(v_quota_id, v_time_zone, NULL, v_state);
        CALL find_quota_label(v_quota_id, v_time_zone, v_new_start);
        CALL move_quota_period(v_quota_id, v_old_start, v_new_start);
    END IF;

    CALL describe_quota(v_quota_id, v_new_definition);
    SET v_status = CASE
        WHEN v_is_new THEN 'CREATED'
        WHEN v_old_definition = v_new_definition THEN 'UNCHANGED'
        ELSE 'CHANGED'
    END;
    IF v_status <> 'UNCHANGED' THEN
        UPDATE tenant_quotas SET updated_at = UTC_TIMESTAMP(6) WHERE quota_id = v_quota_id;
        INSERT INTO quota_definition_changes
            (quota_id, tenant_id, quota_type, limit_type, changed_by, old_definition, new_definition)
        VALUES
            (v_quota_id, p_tenant_id, p_quota_type, p_limit_type, USER(),
             IF(v_is_new, NULL, v_old_definition), v_new_definition);
    END IF;

    SELECT used_count - IF(v_refill_per_second <=> v_old_refill, v_returned, 0), next_reset_time
    INTO v_used_count, v_next_reset_time
    FROM tenant_quotas
    WHERE quota_id = v_quota_id
    FOR UPDATE;
    CALL close_quota_transaction(v_transaction);

    SELECT TRUE                                   AS success,
           v_status                               AS status,
           v_quota_id                             AS quota_id,
           p_limit_type                           AS limit_type,
           p_hard_limit                           AS hard_limit,
           v_used_count                           AS used_count,
           GREATEST(p_hard_limit - v_used_count, 0) AS remaining,
           v_next_reset_time                      AS next_reset_time,
           NULL                                   AS retry_after_ms,
           v_transaction                          AS `transaction`;
END
