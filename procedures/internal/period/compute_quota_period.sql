-- compute_quota_period: internal: the period of a calendar limit that holds an instant.
--
-- Boundaries are anchor + n intervals, each counted from the anchor itself and never from the boundary before: so the
-- 31st becomes the 28th in February and is the 31st again in March. Whole numbers only: a division's precision is the
-- session's to change. close_ended_quota_periods computes the same for many at once.
--
--   p_limit_type    HOURLY, DAILY, WEEKLY, MONTHLY, QUARTERLY, YEARLY; others: both answers are NULL
--   p_anchor        where some period begins, tenant wall clock
--   p_instant       tenant wall clock
--   p_period_start, p_period_end   the last boundary at or before the instant, and the first after it
--
-- Source   docs/design.md, section 4

CREATE PROCEDURE compute_quota_period (
    IN  p_limit_type    VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_anchor        DATETIME,
    IN  p_instant       DATETIME(6),
    OUT p_period_start  DATETIME,
    OUT p_period_end    DATETIME
)
    COMMENT 'internal: the period of a calendar limit that holds an instant.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_seconds  BIGINT DEFAULT ELT(FIELD(p_limit_type, 'HOURLY', 'DAILY', 'WEEKLY'), 3600, 86400, 604800);
    DECLARE v_months   BIGINT DEFAULT ELT(FIELD(p_limit_type, 'MONTHLY', 'QUARTERLY', 'YEARLY'), 1, 3, 12);
    DECLARE v_passed   BIGINT;

    IF v_seconds IS NOT NULL THEN
        -- Both differences count from year 1, so that truncating them is rounding down.
        SET v_passed = TIMESTAMPDIFF(SECOND, '0001-01-01', p_instant)
                       - TIMESTAMPDIFF(SECOND, '0001-01-01', p_anchor);
        SET v_passed = v_passed - MOD(MOD(v_passed, v_seconds) + v_seconds, v_seconds);
        SET p_period_start = p_anchor + INTERVAL v_passed SECOND,
            p_period_end = p_anchor + INTERVAL v_passed + v_seconds SECOND;
    ELSE
        SET v_passed = PERIOD_DIFF(EXTRACT(YEAR_MONTH FROM p_instant), EXTRACT(YEAR_MONTH FROM p_anchor));
        SET v_passed = v_passed - MOD(MOD(v_passed, v_months) + v_months, v_months);
        IF p_anchor + INTERVAL v_passed MONTH > p_instant THEN
            SET v_passed = v_passed - v_months;
        END IF;
        SET p_period_start = p_anchor + INTERVAL v_passed MONTH,
            p_period_end = p_anchor + INTERVAL v_passed + v_months MONTH;
    END IF;
END
