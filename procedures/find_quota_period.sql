-- find_quota_period: internal: the open period of a quota, and the one to close first, if any.
--
-- Reads nothing and changes nothing: it says what the schedule means at one moment, to
-- those who only look and to those who then write. A quota without an anchor takes its
-- next_reset_time, given by hand, for one, else the calendar: 2001-01-01 is a Monday, and
-- the first of a month, a quarter and a year. A period is never closed before its
-- next_reset_time; but a next_reset_time off the boundaries (scenario 3 by hand sets one
-- a few seconds late) is drawn back to the boundary before it, if that is still to come.
--
--   p_limit_type, p_anchor, p_next_reset_time   as in tenant_quotas
--   p_now             tenant wall clock
--   p_state           OPEN: nothing to do; UNSCHEDULED or MISPLACED: the schedule is to be
--                     written; DUE: the period is to be closed
--   p_new_anchor      the anchor to keep
--   p_period_start, p_period_end   the period that holds now, once that is done
--   p_closed_start    DUE: where the period to close began
--
-- Raises   nothing
-- Source   DESIGN, section 4
-- Example  CALL find_quota_period('DAILY', NULL, NULL, v_now, v_state, v_anchor, v_start, v_end, v_closed);

CREATE PROCEDURE find_quota_period (
    IN  p_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_anchor           DATETIME,
    IN  p_next_reset_time  DATETIME,
    IN  p_now              DATETIME(6),
    OUT p_state            VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_new_anchor       DATETIME,
    OUT p_period_start     DATETIME,
    OUT p_period_end       DATETIME,
    OUT p_closed_start     DATETIME
)
    COMMENT 'internal: the open period of a quota, and the one to close first, if any.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_before_end  DATETIME(6) DEFAULT p_next_reset_time - INTERVAL 1 MICROSECOND;
    DECLARE v_ignored     DATETIME;

    SET p_new_anchor = COALESCE(p_anchor, p_next_reset_time, '2001-01-01 00:00:00');

    IF p_next_reset_time IS NULL THEN
        SET p_state = 'UNSCHEDULED';
        CALL compute_quota_period(p_limit_type, p_new_anchor, p_now, p_period_start, p_period_end);
    ELSEIF p_next_reset_time <= p_now THEN
        SET p_state = 'DUE';
        CALL compute_quota_period(p_limit_type, p_new_anchor, v_before_end, p_closed_start, v_ignored);
        CALL compute_quota_period(p_limit_type, p_new_anchor, p_now, p_period_start, p_period_end);
    ELSE
        SET p_state = IF(p_anchor IS NULL, 'UNSCHEDULED', 'OPEN');
        CALL compute_quota_period(p_limit_type, p_new_anchor, v_before_end, p_period_start, p_period_end);
        IF p_period_end <> p_next_reset_time AND p_period_start > p_now THEN
            SET p_state = 'MISPLACED';
            SET p_period_end = p_period_start;
            CALL compute_quota_period(p_limit_type, p_new_anchor, p_period_end - INTERVAL 1 MICROSECOND,
                                      p_period_start, v_ignored);
        ELSE
            SET p_period_end = p_next_reset_time;
        END IF;
    END IF;
END
