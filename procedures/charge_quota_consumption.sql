-- charge_quota_consumption: internal: charge a consumption; the common case in the fewest statements.
--
-- The common case: outside of any transaction, a tenant without a parent, one limit of this
-- type (CONCURRENT ones aside), counted and enforced. A plain look finds it; then one UPDATE
-- locks it and takes the units if they fit, cross no soft limit and the period is still the one
-- that was seen; or, where the limit has slots, they come from this connection's own one, if
-- nobody holds it. The clock is read after that, and the ledger row written, or the key found
-- there. Whatever is different at any of these steps takes all of it back and leaves the call
-- to charge_quota_limits, which knows every case. What looks exhausted is asked of
-- deny_exhausted_limit first, a limit whose slot did not do of charge_quota_slot, and two or
-- three limits of charge_several_limits. A period that is over is closed first.
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
charge: BEGIN
    DECLARE v_way             VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;  -- NULL: the general one
    DECLARE v_is_taken        BOOLEAN;
    DECLARE v_is_replay       BOOLEAN;
    DECLARE v_state           VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;  -- of a period that ended
    DECLARE v_slot_count      INT;
    DECLARE v_time_zone       VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_valid_from      DATETIME;  -- how long what was seen holds, tenant wall clock
    DECLARE v_valid_until     DATETIME;
    DECLARE v_period_start    DATETIME;
    DECLARE v_now             DATETIME(6);
    DECLARE v_last_insert_id  BIGINT UNSIGNED DEFAULT LAST_INSERT_ID();
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        DECLARE v_errno  INT;
        GET STACKED DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
        CALL abandon_quota_transaction(p_transaction, v_errno);
        RESIGNAL;
    END;

    BEGIN
        DECLARE EXIT HANDLER FOR 1305 SET p_transaction = 'OWN';
        SAVEPOINT tenant_quota_work;
        RELEASE SAVEPOINT tenant_quota_work;
    END;

    -- Arguments that are certainly right: text that begins above the space is not blank. What else
    -- may be right is looked at more closely.
    IF p_transaction = 'OWN'
       AND p_tenant_id >= '!' AND p_quota_type >= '!' AND p_amount >= 1
       AND (p_biz_id IS NULL OR p_biz_id >= '!' AND CHAR_LENGTH(p_biz_id) <= 64
                                AND p_biz_type >= '!' AND CHAR_LENGTH(p_biz_type) <= 32)
       AND (p_product_code IS NULL OR p_product_code >= '!' AND CHAR_LENGTH(p_product_code) <= 64)
       AND ABS(TIMESTAMPDIFF(SECOND, NOW(6), SYSDATE(6))) <= 1 AND @@SESSION.unique_checks
    THEN
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        START TRANSACTION;
        SAVEPOINT tenant_quota_owned;

        short_way: LOOP
            BEGIN
                DECLARE EXIT HANDLER FOR 1172 SET v_way = 'SEVERAL';
                DECLARE EXIT HANDLER FOR NOT FOUND  -- a name may be too long to be anybody's
                    CALL check_quota_consumption(p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id,
                                                 p_product_code);

                -- The hint and the COALESCE keep this a lookup by two columns: planning a range over
                -- three costs more.
                SELECT /*+ NO_RANGE_OPTIMIZATION(q) */
                       q.quota_id, q.limit_type, q.hard_limit, q.next_reset_time, q.period_start, q.slot_count,
                       COALESCE(q.effective_time, '1000-01-01'),
                       LEAST(COALESCE(q.expire_time, '9999-12-31'), COALESCE(q.next_reset_time, '9999-12-31')),
                       COALESCE(NULLIF(t.time_zone, 'SYSTEM'), @@GLOBAL.time_zone),
                       CASE WHEN t.status <> 'ACTIVE' OR t.parent_tenant_id IS NOT NULL OR q.enforcement <> 'ENFORCE'
                                 OR (q.period_start IS NULL AND q.limit_type <> 'TOTAL')
                                 OR (q.product_codes IS NOT NULL
                                     AND NOT COALESCE(p_product_code MEMBER OF (q.product_codes), FALSE)) THEN NULL
                            WHEN q.next_reset_time <= CONVERT_TZ(COALESCE(p_now, UTC_TIMESTAMP(6)), '+00:00',
                                     COALESCE(NULLIF(t.time_zone, 'SYSTEM'), @@GLOBAL.time_zone)) THEN 'DUE'
                            WHEN q.used_count > q.hard_limit - p_amount THEN 'EXHAUSTED'
                            WHEN q.slot_count > 0 THEN 'SLOTS'
                            ELSE 'PLAIN'
                       END
                INTO p_quota_id, p_limit_type, p_hard_limit, p_next_reset_time, v_period_start, v_slot_count,
                     v_valid_from, v_valid_until, v_time_zone, v_way
                FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
                LEFT JOIN tenants AS t ON t.tenant_id = p_tenant_id
                WHERE q.tenant_id = p_tenant_id AND q.quota_type = p_quota_type
                  AND COALESCE(q.limit_type) <> 'CONCURRENT';
            END;

            IF v_way = 'PLAIN' THEN
                -- LAST_INSERT_ID(expression) tells the new value without another read; the caller's own
                -- is put back. COALESCE keeps the optimizer from taking the conditions apart each time.
                UPDATE tenant_quotas
                SET used_count = LAST_INSERT_ID(used_count + p_amount)
                WHERE quota_id = p_quota_id
                  AND COALESCE(used_count <= hard_limit - p_amount AND hard_limit = p_hard_limit
                               AND (soft_limit IS NULL OR used_count >= soft_limit
                                    OR used_count < soft_limit - p_amount)
                               AND next_reset_time <=> p_next_reset_time, FALSE);
                SET v_is_taken = ROW_COUNT() = 1, p_used_count = LAST_INSERT_ID(),
                    v_last_insert_id = LAST_INSERT_ID(v_last_insert_id);
            ELSEIF v_way = 'SLOTS' THEN
                BEGIN
                    DECLARE EXIT HANDLER FOR NOT FOUND BEGIN END;
                    SELECT remaining >= p_amount AND next_reset_time <=> p_next_reset_time INTO v_is_taken
                    FROM quota_slots
                    WHERE quota_id = p_quota_id AND slot_number = CONNECTION_ID() MOD v_slot_count
                    FOR UPDATE SKIP LOCKED;
                END;
                IF v_is_taken THEN
                    UPDATE quota_slots
                    SET remaining = remaining - p_amount
                    WHERE quota_id = p_quota_id AND slot_number = CONNECTION_ID() MOD v_slot_count;
                END IF;
            END IF;

            IF v_is_taken THEN
                SET v_now = COALESCE(p_now, UTC_TIMESTAMP(6));
                IF CONVERT_TZ(v_now, '+00:00', v_time_zone) >= v_valid_from
                   AND CONVERT_TZ(v_now, '+00:00', v_time_zone) < v_valid_until THEN
                    BEGIN
                        DECLARE EXIT HANDLER FOR 1062 SET v_is_replay = TRUE;
                        DECLARE EXIT HANDLER FOR 1213
                            IF v_way <> 'SLOTS' THEN  -- see charge_quota_slot
                                RESIGNAL;
                            END IF;
                        INSERT INTO quota_usage_records
                            (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type,
                             product_code, period_start, created_at)
                        VALUES
                            (p_quota_id, p_tenant_id, 'CONSUME', p_amount, p_used_count, p_biz_id, p_biz_type,
                             p_product_code, v_period_start, v_now);
                        SET p_success = TRUE, p_status = 'GRANTED', p_remaining = p_hard_limit - p_used_count;
                        COMMIT AND NO CHAIN NO RELEASE;
                        LEAVE charge;
                    END;
                END IF;
            END IF;

            IF v_way = 'PLAIN' THEN
                ROLLBACK TO SAVEPOINT tenant_quota_owned;
                IF v_is_replay THEN
                    BEGIN
                        DECLARE v_reservation_id  CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
                        DECLARE v_expires_at      DATETIME(6);
                        CALL find_quota_replay('CONSUME', p_tenant_id, p_amount, p_biz_type, p_biz_id, p_product_code,
                                               JSON_ARRAY(JSON_OBJECT('quota_id', p_quota_id)),
                                               p_quota_id, p_limit_type, p_hard_limit, p_used_count, p_remaining,
                                               p_next_reset_time, v_reservation_id, v_expires_at);
                    END;
                    IF p_quota_id IS NOT NULL THEN
                        SET p_success = TRUE, p_status = 'REPLAYED';
                    END IF;
                END IF;
            ELSEIF v_way = 'SEVERAL' THEN
                CALL charge_several_limits(p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id, p_product_code,
                                           p_now, p_success, p_status, p_quota_id, p_limit_type, p_hard_limit,
                                           p_used_count, p_remaining, p_next_reset_time);
            ELSEIF v_way = 'EXHAUSTED' THEN
                CALL deny_exhausted_limit(p_quota_id, v_time_zone, v_valid_from, v_valid_until, v_period_start,
                                          p_amount, p_biz_type, p_biz_id, p_now,
                                          p_success, p_status, p_used_count, p_remaining, p_retry_after_ms);
            END IF;
            IF p_status IS NULL AND v_slot_count > 0 AND v_way IN ('SLOTS', 'EXHAUSTED') THEN
                IF v_is_taken = 0 THEN  -- a slot that is locked in vain: who wants the quota's row holds none
                    CALL abandon_quota_transaction(p_transaction, 0);
                    CALL open_quota_transaction(p_transaction);
                END IF;
                IF v_is_taken IS NOT TRUE THEN
                    CALL charge_quota_slot(p_quota_id, v_time_zone, v_valid_from, v_valid_until, v_period_start,
                                           p_next_reset_time, v_slot_count, v_is_taken = 0, p_tenant_id, p_amount,
                                           p_biz_type, p_biz_id, p_product_code, p_now, p_success);
                END IF;
                IF p_success THEN
                    SET p_status = 'GRANTED', p_used_count = NULL, p_remaining = NULL;
                ELSE
                    CALL abandon_quota_transaction(p_transaction, 0);
                    CALL open_quota_transaction(p_transaction);
                END IF;
            END IF;

            -- Whoever comes first in a new period closes the old one, and begins again.
            IF p_status IS NULL AND v_way <> 'SEVERAL' AND v_state IS NULL
               AND p_next_reset_time <= CONVERT_TZ(COALESCE(p_now, UTC_TIMESTAMP(6)), '+00:00', v_time_zone) THEN
                CALL settle_quota_period(p_quota_id, v_time_zone, p_now, v_state);
                SAVEPOINT tenant_quota_owned;  -- what was closed stays closed, also for a replay
                SET v_way = NULL, v_is_taken = NULL, v_is_replay = NULL;
                ITERATE short_way;
            END IF;
            LEAVE short_way;
        END LOOP;
    ELSE
        CALL check_quota_consumption(p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id, p_product_code);
        CALL open_quota_transaction(p_transaction);
    END IF;

    IF p_status IS NULL THEN
        BEGIN
            DECLARE v_reservation_id  CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;  -- never any
            DECLARE v_expires_at      DATETIME(6);
            CALL charge_quota_limits('CONSUME', p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id,
                                     p_product_code, NULL, NULL, p_now, p_transaction,
                                     p_success, p_status, p_quota_id, p_limit_type, p_hard_limit, p_used_count,
                                     p_remaining, p_next_reset_time, p_retry_after_ms, v_reservation_id, v_expires_at);
        END;
    END IF;
    IF p_transaction = 'OWN' THEN
        COMMIT AND NO CHAIN NO RELEASE;
    ELSE
        CALL close_quota_transaction(p_transaction);
    END IF;
END
