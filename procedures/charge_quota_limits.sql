-- charge_quota_limits: internal: charge any number of limits, a tenant's own and its ancestors'.
--
-- In this order: find the limits; lock their rows by quota_id; read the clock; close
-- lapsed periods; judge every limit; write the ledger and the use in one statement each.
-- Its statements do not grow with the number of limits.
--
-- Safe because whoever changes a quota holds its row lock; because the ledger's unique
-- key, not a read, finds a replay; and because the hard limit is checked again in the
-- UPDATE itself. A denial looks for its key too: by a read where the transaction is our
-- own (READ COMMITTED sees the newest rows and leaves no gap lock), by inserting and
-- taking back where it is the caller's, whose snapshot may be old. At REPEATABLE READ that
-- may leave the gap behind the row locked, up to the next quota's first row at most.
--
-- Who would be denied first takes back what slots hold of that limit and gives back the holds
-- that have lapsed, so that no unit lies idle while somebody is denied. Who would cross the
-- soft limit takes the slots' units back too, to know whether he does.
--
--   p_operation .. p_now   as in charge_quota
--   p_transaction   what open_quota_transaction answered
--   p_success .. p_expires_at   the answer's columns (DESIGN, section 3)
--
-- Raises   45002 key_reused
-- Source   DESIGN, sections 3 to 5
-- Example  see charge_quota

CREATE PROCEDURE charge_quota_limits (
    IN  p_operation        VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_tenant_id        VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type       VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount           BIGINT,
    IN  p_biz_type         VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id           VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_product_code     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_ttl_seconds      INT,
    IN  p_holder           VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_now              DATETIME(6),
    IN  p_transaction      VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_success          BOOLEAN,
    OUT p_status           VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_quota_id         BIGINT UNSIGNED,
    OUT p_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_hard_limit       BIGINT,
    OUT p_used_count       BIGINT,
    OUT p_remaining        BIGINT,
    OUT p_next_reset_time  DATETIME,
    OUT p_retry_after_ms   BIGINT,
    OUT p_reservation_id   CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_expires_at       DATETIME(6)
)
    COMMENT 'internal: charge any number of limits, a tenant''s own and its ancestors''.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_limits             JSON;     -- the limits this call touches
    DECLARE v_suspended          BOOLEAN;
    DECLARE v_charges            JSON DEFAULT JSON_ARRAY();  -- what a grant writes, a limit each
    DECLARE v_charged            INT DEFAULT 0;  -- how many of them
    DECLARE v_is_done            BOOLEAN DEFAULT FALSE;
    DECLARE v_is_replay          BOOLEAN DEFAULT FALSE;
    DECLARE v_is_probed          BOOLEAN;  -- a denial looks for its key by inserting it
    DECLARE v_is_held            BOOLEAN DEFAULT p_operation IN ('RESERVE', 'LEASE');
    DECLARE v_alerts             JSON;     -- NULL: none
    DECLARE v_is_warning         BOOLEAN;  -- the use crosses the soft limit
    DECLARE v_returned           BIGINT;   -- units of lapsed holds
    DECLARE v_ended              INT;
    DECLARE v_shown_rank         INT;      -- of show_quota_limit
    DECLARE v_is_unknown         BOOLEAN DEFAULT FALSE;  -- the shown limit's exact use
    DECLARE v_now                DATETIME(6);
    -- one limit's row
    DECLARE v_quota_id           BIGINT UNSIGNED;
    DECLARE v_time_zone          VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_tenant_id          VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_limit_type         VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_hard_limit         BIGINT;
    DECLARE v_soft_limit         BIGINT;
    DECLARE v_used_count         BIGINT;
    DECLARE v_effective_time     DATETIME;
    DECLARE v_expire_time        DATETIME;
    DECLARE v_product_codes      JSON;
    DECLARE v_period_anchor      DATETIME;
    DECLARE v_next_reset_time    DATETIME;
    DECLARE v_refill_per_second  DECIMAL(18,6);
    DECLARE v_refilled_at        DATETIME(6);
    DECLARE v_enforcement        VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_concurrent_tokens  INT;
    DECLARE v_slot_count         INT;
    DECLARE v_has_slices         BOOLEAN;  -- some of used_count may be in slots, unspent
    -- what judge_quota_limit says of it
    DECLARE v_verdict            VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_is_charged         BOOLEAN;
    DECLARE v_capacity           BIGINT;
    DECLARE v_used               BIGINT;
    DECLARE v_shift              BIGINT;
    DECLARE v_ceiling            BIGINT;
    DECLARE v_state              VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_period_start       DATETIME;
    DECLARE v_period_end         DATETIME;
    DECLARE v_retry_after_ms     BIGINT;

    DECLARE c_limits CURSOR FOR
        SELECT l.quota_id, l.time_zone, q.tenant_id, q.limit_type, q.hard_limit, q.soft_limit,
               q.used_count, q.effective_time, q.expire_time, q.product_codes, q.period_anchor,
               q.next_reset_time, q.refill_per_second, q.refilled_at, q.enforcement, q.concurrent_tokens,
               q.slot_count
        FROM (SELECT quota_id, time_zone
              FROM JSON_TABLE(v_limits, '$[*]' COLUMNS (
                  quota_id   BIGINT UNSIGNED PATH '$.quota_id',
                  time_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.time_zone')) AS found
              ORDER BY quota_id
              LIMIT 1000000) AS l
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = l.quota_id
        FOR UPDATE OF q;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_is_done = TRUE;

    CALL find_quota_limits(p_tenant_id, p_quota_type, p_operation, p_transaction, v_limits, v_suspended);

    SET p_success = NOT v_suspended AND JSON_LENGTH(v_limits) > 0;
    SET p_status = CASE WHEN v_suspended THEN 'SUSPENDED' WHEN p_success THEN 'GRANTED' ELSE 'NO_QUOTA' END;

    OPEN c_limits;
    SET v_now = COALESCE(p_now, UTC_TIMESTAMP(6));

    each_limit: LOOP
        FETCH c_limits INTO v_quota_id, v_time_zone, v_tenant_id, v_limit_type, v_hard_limit, v_soft_limit,
                            v_used_count, v_effective_time, v_expire_time, v_product_codes, v_period_anchor,
                            v_next_reset_time, v_refill_per_second, v_refilled_at, v_enforcement,
                            v_concurrent_tokens, v_slot_count;
        IF v_is_done THEN
            LEAVE each_limit;
        END IF;

        SET v_has_slices = v_slot_count > 0;
        judge: LOOP
            CALL judge_quota_limit(v_now, v_time_zone, p_amount, p_product_code, p_operation,
                                   v_limit_type, v_hard_limit, v_used_count, v_effective_time, v_expire_time,
                                   v_product_codes, v_period_anchor, v_next_reset_time, v_refill_per_second,
                                   v_refilled_at, v_enforcement, v_concurrent_tokens,
                                   v_verdict, v_is_charged, v_capacity, v_used, v_shift, v_ceiling, v_refilled_at,
                                   v_state, v_period_start, v_period_end, v_retry_after_ms);
            IF v_state <> 'OPEN' THEN
                CALL settle_quota_period(v_quota_id, v_time_zone, v_now, v_state);
                SET v_used_count = v_used, v_next_reset_time = v_period_end;
            END IF;
            SET v_is_warning = COALESCE(v_is_charged AND v_used < v_soft_limit
                                        AND v_used >= v_soft_limit - p_amount, FALSE);
            SET v_returned = 0;
            IF v_has_slices AND (v_verdict = 'EXCEEDED' OR v_is_warning) THEN
                CALL collect_quota_slots(v_quota_id, v_returned);
                SET v_has_slices = FALSE, v_used_count = v_used_count - v_returned;
            END IF;
            IF v_returned = 0 AND v_verdict = 'EXCEEDED' AND v_limit_type <> 'RATE' THEN
                CALL expire_quota_holds(v_quota_id, v_time_zone, v_now, v_is_held AND p_transaction = 'JOINED',
                                        v_returned, v_ended);
                SET v_used_count = v_used_count - v_returned;
            END IF;
            IF v_returned = 0 THEN
                LEAVE judge;
            END IF;
        END LOOP;

        IF v_verdict = 'EXCEEDED' OR v_is_warning THEN
            SET v_alerts = JSON_ARRAY_APPEND(COALESCE(v_alerts, JSON_ARRAY()), '$', JSON_OBJECT(
                'quota_id', v_quota_id, 'is_denial', v_verdict = 'EXCEEDED', 'is_warning', v_is_warning,
                'used', v_used + IF(v_is_charged, p_amount, 0),
                'period_start', CASE WHEN v_period_start IS NOT NULL THEN v_period_start
                                     WHEN v_limit_type = 'TOTAL' THEN '1000-01-01'
                                     ELSE DATE(v_now) END));
        END IF;
        SET v_used = v_used + IF(v_is_charged, p_amount, 0);
        CALL show_quota_limit(v_quota_id, v_limit_type, v_hard_limit, v_enforcement, v_verdict, v_capacity, v_used,
                              v_period_end, v_retry_after_ms, v_shown_rank, p_success, p_status, p_quota_id,
                              p_limit_type, p_hard_limit, p_used_count, p_remaining, p_next_reset_time,
                              p_retry_after_ms);
        SET v_is_unknown = IF(p_quota_id = v_quota_id, v_has_slices, v_is_unknown);

        SET v_charged = v_charged + v_is_charged;
        SET v_charges = JSON_ARRAY_APPEND(v_charges, '$', JSON_OBJECT(
            'quota_id', v_quota_id, 'tenant_id', v_tenant_id, 'is_charged', v_is_charged,
            'is_counted', v_limit_type NOT IN ('RATE', 'CONCURRENT'), 'used', IF(v_has_slices, NULL, v_used),
            'period_start', v_period_start, 'shift', v_shift, 'ceiling', v_ceiling, 'refilled_at', v_refilled_at));
    END LOOP;
    CLOSE c_limits;

    IF v_is_unknown THEN
        SET p_used_count = NULL, p_remaining = NULL;
    END IF;
    SET v_is_probed = NOT p_success AND p_biz_id IS NOT NULL AND p_transaction = 'JOINED';
    SET p_reservation_id = IF(v_is_held, UUID(), NULL);
    SET p_expires_at = v_now + INTERVAL p_ttl_seconds SECOND;
    -- A refused INSERT leaves the gap before its key locked until the transaction ends: a caller's
    -- is spared that where a plain look finds the key. What it finds stays; what it does not find
    -- may be newer than its snapshot. And no INSERT meets the key on a limit that was charged
    -- then and is not now (a SHADOW one that has ended, say).
    IF p_biz_id IS NOT NULL AND (p_transaction = 'JOINED' OR v_charged < JSON_LENGTH(v_charges)) THEN
        SELECT TRUE INTO v_is_replay
        FROM JSON_TABLE(v_limits, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$.quota_id')) AS l
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = l.quota_id
        STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
            ON r.quota_id = l.quota_id AND r.biz_type = p_biz_type AND r.biz_id = p_biz_id
            AND r.operation_type = 'CONSUME' AND r.refund_id = ''
            AND r.origin_tenant_id = IF(q.tenant_id = p_tenant_id, '', p_tenant_id)
        LIMIT 1;
    END IF;
    IF p_operation IN ('CONSUME', 'RESERVE') AND (p_success OR v_is_probed) AND NOT v_is_replay THEN
        BEGIN
            DECLARE CONTINUE HANDLER FOR 1062 SET v_is_replay = TRUE;
            INSERT INTO quota_usage_records
                (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type,
                 product_code, period_start, reservation_id, origin_tenant_id, created_at)
            SELECT quota_id, tenant_id, 'CONSUME', p_amount, used, p_biz_id, p_biz_type,
                   p_product_code, period_start, p_reservation_id, IF(tenant_id = p_tenant_id, '', p_tenant_id), v_now
            FROM JSON_TABLE(v_charges, '$[*]' COLUMNS (
                quota_id      BIGINT UNSIGNED PATH '$.quota_id',
                tenant_id     VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.tenant_id',
                is_charged    BOOLEAN  PATH '$.is_charged',
                is_counted    BOOLEAN  PATH '$.is_counted',
                used          BIGINT   PATH '$.used',
                period_start  DATETIME PATH '$.period_start')) AS charge
            WHERE is_counted AND (is_charged OR v_is_probed);
        END;
    END IF;

    IF v_is_probed AND NOT v_is_replay THEN
        ROLLBACK TO SAVEPOINT tenant_quota_work;
    ELSEIF v_is_replay OR NOT p_success AND p_biz_id IS NOT NULL THEN
        CALL find_quota_replay(p_operation, p_tenant_id, p_amount, p_biz_type, p_biz_id, p_product_code, v_limits,
                               v_quota_id, v_limit_type, v_hard_limit, v_used, v_capacity, v_period_end,
                               p_reservation_id, p_expires_at);
        IF v_quota_id IS NOT NULL THEN
            SET p_success = TRUE, p_status = 'REPLAYED', p_retry_after_ms = NULL, v_alerts = NULL;
            SET p_quota_id = v_quota_id, p_limit_type = v_limit_type, p_hard_limit = v_hard_limit;
            SET p_used_count = v_used, p_remaining = v_capacity, p_next_reset_time = v_period_end;
        ELSEIF v_is_replay THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
                'internal: the ledger refused a row and holds none with its key; nothing was charged; call again';
        END IF;
    END IF;
    IF NOT p_success THEN
        SET p_reservation_id = NULL, p_expires_at = NULL;
    END IF;

    IF p_status = 'GRANTED' THEN
        UPDATE JSON_TABLE(v_charges, '$[*]' COLUMNS (
                quota_id     BIGINT UNSIGNED PATH '$.quota_id',
                is_charged   BOOLEAN     PATH '$.is_charged',
                shift        BIGINT      PATH '$.shift',
                ceiling      BIGINT      PATH '$.ceiling',
                refilled_at  DATETIME(6) PATH '$.refilled_at')) AS charge
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = charge.quota_id
        SET q.used_count  = q.used_count + charge.shift + p_amount,
            q.refilled_at = charge.refilled_at
        WHERE charge.is_charged
          AND (charge.ceiling IS NULL OR q.used_count + charge.shift <= charge.ceiling - p_amount);
        IF ROW_COUNT() <> v_charged THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
                'internal: a quota changed under its own lock; nothing was charged; please report this';
        END IF;
        IF v_is_held THEN
            INSERT INTO quota_reservations
                (reservation_id, quota_id, tenant_id, origin_tenant_id, quota_type, kind, amount, holder, biz_type,
                 biz_id, product_code, period_start, expires_at, created_at, updated_at)
            SELECT p_reservation_id, quota_id, tenant_id, IF(tenant_id = p_tenant_id, '', p_tenant_id), p_quota_type,
                   IF(p_operation = 'LEASE', 'LEASE', 'RESERVATION'), p_amount, p_holder, p_biz_type,
                   p_biz_id, p_product_code, period_start, p_expires_at, v_now, v_now
            FROM JSON_TABLE(v_charges, '$[*]' COLUMNS (
                quota_id      BIGINT UNSIGNED PATH '$.quota_id',
                tenant_id     VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.tenant_id',
                is_charged    BOOLEAN  PATH '$.is_charged',
                period_start  DATETIME PATH '$.period_start')) AS charge
            WHERE is_charged;
        END IF;
    END IF;
    IF v_alerts IS NOT NULL AND p_status <> 'SUSPENDED' THEN  -- no limit denied that
        -- Where the caller's transaction began with this call, taking the probe back let go of
        -- the locks: the alerts need them again, in their order.
        IF v_is_probed THEN
            CALL lock_quota_rows(JSON_EXTRACT(v_limits, '$[*].quota_id'));
        END IF;
        CALL record_quota_alerts(v_alerts, p_success, v_now);
    END IF;
END
