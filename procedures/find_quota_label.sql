-- find_quota_label: internal: the period_start that a quota's ledger rows bear now.
--
-- That of its open period; where that has lapsed and nobody has closed it yet, still its.
-- Locks the quota's row.
--
--   p_quota_id, p_time_zone   whose
--   p_period_start   tenant wall clock; NULL for limits without periods
--
-- Raises   45001 invalid_argument for a zone the server does not know
-- Source   DESIGN, section 4
-- Example  CALL find_quota_label(123, 'SYSTEM', v_period_start);

CREATE PROCEDURE find_quota_label (
    IN  p_quota_id      BIGINT UNSIGNED,
    IN  p_time_zone     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_period_start  DATETIME
)
    COMMENT 'internal: the period_start that a quota''s ledger rows bear now.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_period_anchor    DATETIME;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_local            DATETIME(6);
    DECLARE v_state            VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_closed_start     DATETIME;
    DECLARE v_ignored          DATETIME;

    SELECT limit_type, period_anchor, next_reset_time INTO v_limit_type, v_period_anchor, v_next_reset_time
    FROM tenant_quotas
    WHERE quota_id = p_quota_id
    FOR UPDATE;

    CALL convert_quota_time(p_time_zone, UTC_TIMESTAMP(6), v_local);
    CALL find_quota_period(v_limit_type, v_period_anchor, v_next_reset_time, v_local,
                           v_state, v_ignored, p_period_start, v_ignored, v_closed_start);
    IF v_state = 'DUE' THEN
        SET p_period_start = v_closed_start;
    END IF;
END
