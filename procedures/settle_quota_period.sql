-- settle_quota_period: internal: close a period that is over, and open the next one.
--
-- Locks the quota's row, so of many callers exactly one closes the period. A quota that nobody used
-- for several periods is closed once and lands on the boundary ahead. It also puts right values that
-- were written by hand: a next_reset_time that was moved, and the columns that a limit without periods
-- leaves empty.
--
-- Boundaries are the anchor's. A quota without an anchor takes its next_reset_time for one, else the
-- calendar: 2001-01-01 is a Monday, and the first of a month, a quarter and a year. A period is never
-- closed before its next_reset_time. But a next_reset_time off the boundaries (scenario 3 by hand sets
-- one a few seconds late) is drawn back to the boundary before it, if that is still to come.
--
--   p_quota_id    whose period
--   p_time_zone   tenants.time_zone of its owner
--   p_state       what was found. OPEN: nothing to do. DUE: a period was over, and is closed now.
--                 UNSCHEDULED: it had none yet. MISPLACED: values by hand were put right.
--                 NULL: there is no such quota
--
-- Raises   45001 invalid_argument for a zone the server does not know
-- Source   DESIGN, section 4

CREATE PROCEDURE settle_quota_period (
    IN  p_quota_id   BIGINT UNSIGNED,
    IN  p_time_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_state      VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: close a period that is over, and open the next one.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_tenant_id                    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_limit_type                   VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_message                      VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_used_count, v_unspent          BIGINT;       -- v_unspent: units that slots held
    DECLARE v_slot_count                     INT;
    DECLARE v_anchor, v_next_reset_time      DATETIME;
    DECLARE v_period_start, v_period_end     DATETIME;     -- as found, then of the period that is open now
    DECLARE v_closed_start, v_ignored        DATETIME;
    DECLARE v_refilled_at, v_utc, v_local    DATETIME(6);
    DECLARE v_is_known                       BOOLEAN DEFAULT FALSE;  -- period_start belongs to next_reset_time
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SELECT tenant_id, limit_type, used_count, slot_count, period_anchor, next_reset_time, period_start, period_end,
           refilled_at
    INTO v_tenant_id, v_limit_type, v_used_count, v_slot_count, v_anchor, v_next_reset_time, v_period_start,
         v_period_end, v_refilled_at
    FROM tenant_quotas WHERE quota_id = p_quota_id FOR UPDATE;

    SET v_utc = UTC_TIMESTAMP(6), p_state = IF(v_tenant_id IS NULL, NULL, 'OPEN');

    IF v_limit_type IN ('TOTAL', 'RATE', 'CONCURRENT') THEN
        SET v_refilled_at = IF(v_limit_type = 'RATE' AND COALESCE(v_refilled_at > v_utc, TRUE), v_utc, v_refilled_at);
        UPDATE tenant_quotas
        SET next_reset_time = NULL, period_start = NULL, period_end = '9999-12-31', refilled_at = v_refilled_at
        WHERE quota_id = p_quota_id
          AND NOT (next_reset_time IS NULL AND period_start IS NULL AND period_end <=> '9999-12-31'
                   AND refilled_at <=> v_refilled_at);
        SET p_state = IF(ROW_COUNT() > 0, 'MISPLACED', 'OPEN');

    ELSEIF v_tenant_id IS NOT NULL THEN
        SET v_local = CONVERT_TZ(v_utc, '+00:00', IF(p_time_zone = 'SYSTEM', @@GLOBAL.time_zone, p_time_zone));
        IF v_local IS NULL THEN
            SET v_message = CONCAT('invalid_argument: unknown time zone ', LEFT(p_time_zone, 32),
                                   '; name a known one, or load the time zone tables');
            SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_message;
        END IF;
        SET v_is_known = v_anchor IS NOT NULL AND v_period_start IS NOT NULL AND v_period_end <=> v_next_reset_time;
        SET v_anchor = COALESCE(v_anchor, v_next_reset_time, '2001-01-01 00:00:00');

        IF v_next_reset_time IS NULL THEN
            SET p_state = 'UNSCHEDULED';
            CALL compute_quota_period(v_limit_type, v_anchor, v_local, v_period_start, v_period_end);
        ELSEIF NOT v_is_known OR v_next_reset_time <= v_local THEN
            SET p_state = IF(v_next_reset_time <= v_local, 'DUE', 'MISPLACED');
            SET v_closed_start = v_period_start;
            IF NOT v_is_known THEN
                CALL compute_quota_period(v_limit_type, v_anchor, v_next_reset_time - INTERVAL 1 MICROSECOND,
                                          v_closed_start, v_period_end);
            END IF;
            IF p_state = 'DUE' THEN
                CALL compute_quota_period(v_limit_type, v_anchor, v_local, v_period_start, v_period_end);
            ELSEIF v_period_end <> v_next_reset_time AND v_closed_start > v_local THEN
                SET v_period_end = v_closed_start;
                CALL compute_quota_period(v_limit_type, v_anchor, v_period_end - INTERVAL 1 MICROSECOND,
                                          v_period_start, v_ignored);
            ELSE
                SET v_period_start = v_closed_start, v_period_end = v_next_reset_time;
            END IF;
        END IF;

        IF p_state <> 'OPEN' AND v_slot_count > 0 THEN
            CALL collect_quota_slots(p_quota_id, NULL, v_unspent);
            SET v_used_count = v_used_count - v_unspent;
        END IF;
        IF p_state = 'DUE' THEN
            INSERT INTO quota_usage_records
                (quota_id, tenant_id, operation_type, delta_value, current_used, period_start, created_at)
            VALUES (p_quota_id, v_tenant_id, 'RESET', -v_used_count, 0, v_closed_start, v_utc);
        END IF;
        IF p_state <> 'OPEN' THEN
            UPDATE tenant_quotas
            SET used_count = IF(p_state = 'DUE', 0, used_count),
                reset_time = IF(p_state = 'DUE', v_local - INTERVAL MICROSECOND(v_local) MICROSECOND, reset_time),
                period_anchor = v_anchor, period_start = v_period_start, period_end = v_period_end,
                next_reset_time = v_period_end, next_alert_count = DEFAULT
            WHERE quota_id = p_quota_id;
        END IF;
    END IF;
END
