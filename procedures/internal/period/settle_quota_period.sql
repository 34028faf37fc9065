-- settle_quota_period: internal: close a period that is over, and open the next one.
--
-- Locks the quota's row, so exactly one caller closes the period. It also puts values right that were written by hand.
--
-- Boundaries are the anchor's. A quota without an anchor takes its next_reset_time for one, else the calendar:
-- 2001-01-01 is a Monday, and the first of a month, a quarter and a year. A period that has not begun yet gives way
-- to the one of now, if the clock was ahead when it was opened, or next_reset_time was set late by hand: its use and
-- its holds move there, by two ADJUST rows that make 0. So does the use where a billing day moved. It stays where the
-- tenant's zone moved west, and where it begins within an hour and a minute: clocks fall back, or are set right.
--
--   p_quota_id    whose period
--   p_time_zone   tenants.time_zone of its owner
--   p_state       what was found. OPEN: nothing to do. DUE: a period was over, and is closed now. UNSCHEDULED: it had
--                 none yet. MISPLACED: it lay ahead, or had values by hand. NULL: there is no such quota
--
-- Raises   45001 invalid_argument for a zone the server does not know
-- Source   docs/design.md, section 4

CREATE PROCEDURE settle_quota_period (
    IN  p_quota_id   BIGINT UNSIGNED,
    IN  p_time_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_state      VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: close a period that is over, and open the next one.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_tenant_id, v_limit_type, v_message  VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_slot_count, v_used_count, v_unspent  BIGINT;  -- v_unspent: units that slots held
    DECLARE v_period_start, v_period_end     DATETIME;     -- as found, then of the period that is open now
    DECLARE v_anchor, v_next_reset_time, v_found_start, v_opened_at  DATETIME;
    DECLARE v_refilled_at, v_utc, v_local    DATETIME(6);
    DECLARE v_is_known, v_is_early           BOOLEAN DEFAULT FALSE;  -- period_start belongs to next_reset_time
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SET p_time_zone = IF(p_time_zone = 'SYSTEM', @@GLOBAL.time_zone, p_time_zone);
    SELECT tenant_id, limit_type, used_count, slot_count, period_anchor, next_reset_time, period_start, period_end,
           refilled_at, COALESCE(reset_time, CONVERT_TZ(created_at, '+00:00', p_time_zone))
    INTO v_tenant_id, v_limit_type, v_used_count, v_slot_count, v_anchor, v_next_reset_time, v_period_start,
         v_period_end, v_refilled_at, v_opened_at
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
        SET v_local = CONVERT_TZ(v_utc, '+00:00', p_time_zone);
        IF v_local IS NULL THEN
            SET v_message = CONCAT('invalid_argument: unknown time zone ', LEFT(p_time_zone, 32),
                                   '; name a known one, or load the time zone tables');
            SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_message;
        END IF;
        SET v_is_known = v_anchor IS NOT NULL AND v_period_start IS NOT NULL AND v_period_end <=> v_next_reset_time;
        SET v_anchor = COALESCE(v_anchor, v_next_reset_time, '2001-01-01 00:00:00'), v_found_start = v_period_start;
        IF NOT v_is_known AND v_next_reset_time IS NOT NULL THEN
            CALL compute_quota_period(v_limit_type, v_anchor, v_next_reset_time - INTERVAL 1 MICROSECOND,
                                      v_period_start, v_period_end);
        END IF;
        SET v_is_early = LEAST(v_period_start, IF(v_is_known, v_opened_at, v_period_start))
                         > v_local + INTERVAL 61 * v_is_known MINUTE, p_state = CASE
            WHEN v_next_reset_time IS NULL THEN 'UNSCHEDULED' WHEN v_next_reset_time <= v_local THEN 'DUE'
            WHEN v_is_early OR NOT v_is_known THEN 'MISPLACED' ELSE 'OPEN' END;
        IF p_state = 'DUE' THEN
            SET v_found_start = v_period_start;
        END IF;
        IF p_state IN ('UNSCHEDULED', 'DUE') OR v_is_early THEN
            CALL compute_quota_period(v_limit_type, v_anchor, v_local, v_period_start, v_period_end);
        ELSE
            SET v_period_end = v_next_reset_time;
        END IF;

        IF p_state <> 'OPEN' AND v_slot_count > 0 THEN
            CALL collect_quota_slots(p_quota_id, NULL, TRUE, v_unspent);
            SET v_used_count = v_used_count - v_unspent;
        END IF;
        IF p_state = 'DUE' THEN
            INSERT INTO quota_usage_records
                (quota_id, tenant_id, operation_type, delta_value, current_used, period_start, created_at)
            VALUES (p_quota_id, v_tenant_id, 'RESET', -v_used_count, 0, v_found_start, v_utc);
        ELSEIF v_found_start <> v_period_start AND v_used_count > 0 THEN
            INSERT INTO quota_usage_records
                (quota_id, tenant_id, operation_type, delta_value, current_used, period_start, created_at)
            VALUES (p_quota_id, v_tenant_id, 'ADJUST', -v_used_count, 0, v_found_start, v_utc),
                   (p_quota_id, v_tenant_id, 'ADJUST', v_used_count, v_used_count, v_period_start, v_utc);
            UPDATE quota_reservations SET period_start = v_period_start
            WHERE quota_id = p_quota_id AND status = 'HELD' AND period_start = v_found_start;
        END IF;
        IF p_state <> 'OPEN' THEN
            UPDATE tenant_quotas
            SET earlier_count = earlier_count + IF(p_state = 'DUE', used_count, 0),
                used_count = IF(p_state = 'DUE', 0, used_count),
                reset_time = IF(p_state = 'DUE', v_local - INTERVAL MICROSECOND(v_local) MICROSECOND, reset_time),
                period_anchor = v_anchor, period_start = v_period_start, period_end = v_period_end,
                next_reset_time = v_period_end, next_alert_count = DEFAULT
            WHERE quota_id = p_quota_id;
        END IF;
    END IF;
END
