-- charge_quota_consumption: internal: charge a consumption; the common case in the fewest statements.
--
-- The common case: outside of any transaction, a tenant without a parent, one limit of this
-- type (CONCURRENT ones aside), counted and enforced. A plain look finds it; then one UPDATE
-- locks it and takes the units if they fit, cross no soft limit and the period is still the one
-- that was seen; the clock is read after that, and the ledger row written, or the key found
-- there. Whatever is different at any of these steps takes all of it back and leaves the call
-- to charge_quota_limits, which knows every case. What looks exhausted is asked of
-- deny_exhausted_limit first, a limit with slots of charge_quota_slot, and two or three limits
-- of charge_several_limits.
--
-- What check_quota_consumption, open_quota_transaction and close_quota_transaction do for the
-- common case stands here once more, because each nested CALL costs (benchmarks, part cpu).
--
--   p_tenant_id .. p_product_code   as in consume_quota
--   p_now           UTC; NULL: the clock, read after the locks. Only tests name a time
--   p_success .. p_transaction      the answer's columns (DESIGN, section 3)
--
-- Raises   45001 invalid_argument, 45002 key_reused, 45003 clock_pinned; 45000 interrupted
-- Source   DESIGN, sections 3 to 7
-- Example  see consume_quota

CREATE PROCEDURE charge_quota_consumption (
    IN  p_tenant_id        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type       VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount           BIGINT,
    IN  p_biz_type         VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id           VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_product_code     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_now              DATETIME(6),
    OUT p_success          BOOLEAN,
    OUT p_status           VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_quota_id         BIGINT UNSIGNED,
    OUT p_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_hard_limit       BIGINT,
    OUT p_used_count       BIGINT,
    OUT p_remaining        BIGINT,
    OUT p_next_reset_time  DATETIME,
    OUT p_retry_after_ms   BIGINT,
    OUT p_transaction      VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: charge a consumption; the common case in the fewest statements.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_is_common       BOOLEAN DEFAULT FALSE;
    DECLARE v_is_several      BOOLEAN DEFAULT FALSE;
    DECLARE v_is_exhausted    BOOLEAN;
    DECLARE v_is_replay       BOOLEAN DEFAULT FALSE;
    DECLARE v_slot_count      INT;
    DECLARE v_time_zone       VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_valid_from      DATETIME;  -- how long what was seen holds, tenant wall clock
    DECLARE v_valid_until     DATETIME;
    DECLARE v_period_anchor   DATETIME;
    DECLARE v_period_start    DATETIME;
    DECLARE v_now             DATETIME(6);
    DECLARE v_local           DATETIME(6);
    DECLARE v_last_insert_id  BIGINT UNSIGNED;
    DECLARE v_reservation_id  CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;  -- never any
    DECLARE v_errno           INT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
        CALL abandon_quota_transaction(p_transaction, v_errno);
        RESIGNAL;
    END;

    -- One test for the calls that are all right, for they are nearly all.
    IF NOT COALESCE(TRIM(p_tenant_id) <> '' AND CHAR_LENGTH(p_tenant_id) <= 24
                    AND TRIM(p_quota_type) <> '' AND CHAR_LENGTH(p_quota_type) <= 32
                    AND p_amount >= 1
                    AND (p_biz_id IS NULL
                         OR TRIM(p_biz_id) <> '' AND CHAR_LENGTH(p_biz_id) <= 64
                            AND TRIM(p_biz_type) <> '' AND CHAR_LENGTH(p_biz_type) <= 32)
                    AND (p_product_code IS NULL
                         OR TRIM(p_product_code) <> '' AND CHAR_LENGTH(p_product_code) <= 64)
                    AND ABS(TIMESTAMPDIFF(SECOND, NOW(6), SYSDATE(6))) <= 1 AND @@SESSION.unique_checks, FALSE) THEN
        CALL check_quota_consumption(p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id, p_product_code);
    END IF;

    BEGIN
        DECLARE EXIT HANDLER FOR 1305 SET p_transaction = 'OWN';
        SAVEPOINT tenant_quota_work;
        RELEASE SAVEPOINT tenant_quota_work;
    END;
    IF p_transaction = 'OWN' THEN
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        START TRANSACTION;
        SAVEPOINT tenant_quota_owned;

        BEGIN
            DECLARE EXIT HANDLER FOR NOT FOUND BEGIN END;
            DECLARE EXIT HANDLER FOR 1172 SET v_is_several = TRUE;

            -- An hour, a day or a month that ends on its boundary says here when it began; for any
            -- other period that is computed below. COALESCE keeps this a lookup by two columns,
            -- which is cheaper than the range over three.
            SELECT q.quota_id, q.limit_type, q.hard_limit, q.period_anchor, q.next_reset_time,
                   COALESCE(q.effective_time, '1000-01-01'),
                   LEAST(COALESCE(q.expire_time, '9999-12-31'), COALESCE(q.next_reset_time, '9999-12-31')),
                   CASE WHEN q.limit_type = 'HOURLY'
                             AND MOD(TIMESTAMPDIFF(SECOND, q.period_anchor, q.next_reset_time), 3600) = 0
                        THEN q.next_reset_time - INTERVAL 1 HOUR
                        WHEN q.limit_type = 'DAILY' AND TIME(q.next_reset_time) = TIME(q.period_anchor)
                        THEN q.next_reset_time - INTERVAL 1 DAY
                        WHEN q.limit_type = 'MONTHLY' AND TIME(q.next_reset_time) = TIME(q.period_anchor)
                             AND DAY(q.next_reset_time) = DAY(q.period_anchor)
                        THEN q.next_reset_time - INTERVAL 1 MONTH
                   END,
                   COALESCE(NULLIF(t.time_zone, 'SYSTEM'), @@GLOBAL.time_zone), q.slot_count,
                   q.used_count > q.hard_limit - p_amount,
                   COALESCE(t.status = 'ACTIVE' AND t.parent_tenant_id IS NULL, TRUE)
                   AND q.limit_type <> 'RATE' AND q.enforcement = 'ENFORCE'
                   AND (q.product_codes IS NULL OR COALESCE(p_product_code MEMBER OF (q.product_codes), FALSE))
            INTO p_quota_id, p_limit_type, p_hard_limit, v_period_anchor, p_next_reset_time,
                 v_valid_from, v_valid_until, v_period_start, v_time_zone, v_slot_count, v_is_exhausted, v_is_common
            FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
            LEFT JOIN tenants AS t ON t.tenant_id = p_tenant_id
            WHERE q.tenant_id = p_tenant_id AND q.quota_type = p_quota_type
              AND COALESCE(q.limit_type) <> 'CONCURRENT';
        END;
    ELSE
        CALL open_quota_transaction(p_transaction);
    END IF;

    IF v_is_several THEN
        CALL charge_several_limits(p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id, p_product_code, p_now,
                                   p_success, p_status, p_quota_id, p_limit_type, p_hard_limit, p_used_count,
                                   p_remaining, p_next_reset_time);
    ELSEIF v_is_common THEN
        IF v_period_start IS NULL AND p_limit_type <> 'TOTAL' THEN
            CALL compute_quota_period(p_limit_type, v_period_anchor, p_next_reset_time - INTERVAL 1 MICROSECOND,
                                      v_period_start, v_local);
            SET v_valid_from = GREATEST(v_valid_from, v_period_start);  -- NULL, never true: not scheduled yet
        END IF;
        IF v_is_exhausted THEN
            CALL deny_exhausted_limit(p_quota_id, v_time_zone, v_valid_from, v_valid_until, v_period_start, p_amount,
                                      p_biz_type, p_biz_id, p_now,
                                      p_success, p_status, p_used_count, p_remaining, p_retry_after_ms);
        END IF;
        IF p_status IS NULL AND v_slot_count > 0 THEN
            CALL charge_quota_slot(p_quota_id, v_time_zone, v_valid_from, v_valid_until, v_period_start,
                                   p_next_reset_time, v_slot_count, p_tenant_id, p_amount, p_biz_type, p_biz_id,
                                   p_product_code, p_now, v_is_common);
            IF v_is_common THEN
                SET p_success = TRUE, p_status = 'GRANTED', p_used_count = NULL, p_remaining = NULL;
            ELSEIF v_is_common IS NULL THEN
                CALL abandon_quota_transaction(p_transaction, 1213);
                CALL open_quota_transaction(p_transaction);
            END IF;
        ELSEIF NOT v_is_exhausted THEN
            -- LAST_INSERT_ID(expression) tells the new value without another read; the caller's own
            -- is put back.
            SET v_last_insert_id = LAST_INSERT_ID();
            UPDATE tenant_quotas
            SET used_count = LAST_INSERT_ID(used_count + p_amount)
            WHERE quota_id = p_quota_id
              AND used_count <= hard_limit - p_amount AND hard_limit = p_hard_limit
              AND (soft_limit IS NULL OR used_count >= soft_limit OR used_count < soft_limit - p_amount)
              AND next_reset_time <=> p_next_reset_time;
            SET v_is_common = ROW_COUNT() = 1, p_used_count = LAST_INSERT_ID(),
                v_last_insert_id = LAST_INSERT_ID(v_last_insert_id), v_now = COALESCE(p_now, UTC_TIMESTAMP(6));
            SET v_local = CONVERT_TZ(v_now, '+00:00', v_time_zone);
            IF v_is_common AND v_local >= v_valid_from AND v_local < v_valid_until THEN
                BEGIN
                    DECLARE EXIT HANDLER FOR 1062 SET v_is_replay = TRUE;
                    INSERT INTO quota_usage_records
                        (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type,
                         product_code, period_start, created_at)
                    VALUES
                        (p_quota_id, p_tenant_id, 'CONSUME', p_amount, p_used_count, p_biz_id, p_biz_type,
                         p_product_code, v_period_start, v_now);
                    SET p_success = TRUE, p_status = 'GRANTED', p_remaining = p_hard_limit - p_used_count;
                END;
            END IF;
            IF p_status IS NULL THEN
                ROLLBACK TO SAVEPOINT tenant_quota_owned;
            END IF;
            IF v_is_replay THEN
                CALL find_quota_replay('CONSUME', p_tenant_id, p_amount, p_biz_type, p_biz_id, p_product_code,
                                       JSON_ARRAY(JSON_OBJECT('quota_id', p_quota_id)),
                                       p_quota_id, p_limit_type, p_hard_limit, p_used_count, p_remaining,
                                       p_next_reset_time, v_reservation_id, v_local);
                IF p_quota_id IS NOT NULL THEN
                    SET p_success = TRUE, p_status = 'REPLAYED';
                END IF;
            END IF;
        END IF;
    END IF;

    IF p_status IS NULL THEN
        CALL charge_quota_limits('CONSUME', p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id,
                                 p_product_code, NULL, NULL, p_now, p_transaction,
                                 p_success, p_status, p_quota_id, p_limit_type, p_hard_limit, p_used_count,
                                 p_remaining, p_next_reset_time, p_retry_after_ms, v_reservation_id, v_local);
    END IF;
    IF p_transaction = 'OWN' THEN
        COMMIT AND NO CHAIN NO RELEASE;
    ELSE
        CALL close_quota_transaction(p_transaction);
    END IF;
END
