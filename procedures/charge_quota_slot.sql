-- charge_quota_slot: internal: charge one limit that has slots, through any slot that is free.
--
-- A slot holds a slice of the limit that used_count counts as used already, so whoever spends
-- it needs the slot's row alone. charge_quota_consumption tries this connection's own slot. If
-- that is empty and there is plenty, the quota's row is locked and a new slice drawn into it;
-- else SKIP LOCKED looks for a slot with enough units in it, from this connection's own place
-- on. Where none has, a slice is drawn after all, or, near the limit, the units are charged to
-- the row itself. Slices shrink as the limit nears, and below the soft limit they end before it,
-- so that nobody crosses it unseen. What no longer fits is left to charge_quota_limits, which
-- takes all slices back before it decides.
--
-- Who holds a slot waits for nothing but the ledger, where a call of the same key may be under
-- way: one of a caller's transaction, which may want the slots next or take its row back under
-- two who wait for it. Only so can a deadlock come about; it ends this transaction, which is
-- our own and did nothing yet. Whenever nothing is charged charge_quota_consumption ends it, and
-- leaves the call to charge_quota_limits in a new one, for that begins with the quota's row.
--
--   p_quota_id, p_time_zone   which limit, and its tenant's zone
--   p_valid_from, p_valid_until   how long what the caller saw of it holds, tenant wall clock
--   p_period_start, p_next_reset_time   of the open period; NULL for TOTAL
--   p_slot_count    its slots
--   p_is_empty      TRUE: this connection's own slot was free, and held too little
--   p_tenant_id .. p_now   as in charge_quota_consumption
--   p_charged       TRUE: it is done; FALSE: roll the transaction back
--
-- Raises   nothing of its own
-- Source   DESIGN, section 7
-- Example  see charge_quota_consumption

CREATE PROCEDURE charge_quota_slot (
    IN  p_quota_id         BIGINT UNSIGNED,
    IN  p_time_zone        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_valid_from       DATETIME,
    IN  p_valid_until      DATETIME,
    IN  p_period_start     DATETIME,
    IN  p_next_reset_time  DATETIME,
    IN  p_slot_count       INT,
    IN  p_is_empty         BOOLEAN,
    IN  p_tenant_id        VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount           BIGINT,
    IN  p_biz_type         VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id           VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_product_code     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_now              DATETIME(6),
    OUT p_charged          BOOLEAN
)
    COMMENT 'internal: charge one limit that has slots, through any slot that is free.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_own_slot     INT DEFAULT CONNECTION_ID() MOD p_slot_count;
    DECLARE v_slot_number  INT;
    DECLARE v_is_drawn     BOOLEAN DEFAULT FALSE;
    DECLARE v_left         BIGINT;  -- units that may be drawn
    DECLARE v_slice        BIGINT DEFAULT 0;  -- units that are drawn
    DECLARE v_now          DATETIME(6);
    DECLARE v_local        DATETIME(6);
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    DECLARE EXIT HANDLER FOR 1062, 1213 SET p_charged = FALSE;  -- a replay; see above

    IF p_is_empty THEN
        -- Only a guess at what is the better way: both are right.
        SELECT COALESCE(LEAST(hard_limit, soft_limit - 1), hard_limit) - used_count INTO v_left
        FROM tenant_quotas
        WHERE quota_id = p_quota_id;
    END IF;
    IF COALESCE(v_left DIV p_amount DIV p_slot_count < 4, TRUE) THEN
        SELECT slot_number INTO v_slot_number
        FROM quota_slots
        WHERE quota_id = p_quota_id AND slot_number >= v_own_slot
          AND next_reset_time <=> p_next_reset_time AND remaining >= p_amount
        ORDER BY slot_number
        LIMIT 1
        FOR UPDATE SKIP LOCKED;
        IF v_slot_number IS NULL THEN
            SELECT slot_number INTO v_slot_number
            FROM quota_slots
            WHERE quota_id = p_quota_id AND slot_number < v_own_slot
              AND next_reset_time <=> p_next_reset_time AND remaining >= p_amount
            ORDER BY slot_number
            LIMIT 1
            FOR UPDATE SKIP LOCKED;
        END IF;
    END IF;
    SET p_charged = v_slot_number IS NOT NULL;
    IF NOT p_charged THEN
        SET v_left = NULL;
        SELECT IF(used_count < soft_limit, LEAST(soft_limit - 1, hard_limit), hard_limit) - used_count INTO v_left
        FROM tenant_quotas
        WHERE quota_id = p_quota_id AND next_reset_time <=> p_next_reset_time AND slot_count = p_slot_count
          AND enforcement = 'ENFORCE'
        FOR UPDATE;
        SET p_charged = COALESCE(v_left >= p_amount, FALSE), v_is_drawn = TRUE;
    END IF;

    SET v_now = COALESCE(p_now, UTC_TIMESTAMP(6));
    SET v_local = CONVERT_TZ(v_now, '+00:00', p_time_zone);
    SET p_charged = p_charged AND v_local >= p_valid_from AND v_local < p_valid_until;

    IF p_charged AND v_is_drawn THEN
        SET v_slice = GREATEST(LEAST(v_left DIV p_amount DIV (2 * p_slot_count), 1000), 1) * p_amount;
        IF v_slice > p_amount THEN
            SELECT slot_number INTO v_slot_number
            FROM quota_slots
            WHERE quota_id = p_quota_id AND slot_number = v_own_slot
            FOR UPDATE SKIP LOCKED;
            IF v_slot_number IS NULL THEN
                SELECT slot_number INTO v_slot_number
                FROM quota_slots
                WHERE quota_id = p_quota_id
                ORDER BY slot_number
                LIMIT 1
                FOR UPDATE SKIP LOCKED;
            END IF;
        END IF;
        SET v_slice = IF(v_slot_number IS NULL, p_amount, v_slice);
        UPDATE tenant_quotas SET used_count = used_count + v_slice WHERE quota_id = p_quota_id;
    END IF;
    IF p_charged THEN
        INSERT INTO quota_usage_records
            (quota_id, tenant_id, operation_type, delta_value, biz_id, biz_type, product_code, period_start,
             created_at)
        VALUES
            (p_quota_id, p_tenant_id, 'CONSUME', p_amount, p_biz_id, p_biz_type, p_product_code, p_period_start,
             v_now);
        UPDATE quota_slots
        SET remaining = IF(next_reset_time <=> p_next_reset_time, remaining, 0) + v_slice - p_amount,
            next_reset_time = p_next_reset_time
        WHERE quota_id = p_quota_id AND slot_number = v_slot_number;
    END IF;
END
