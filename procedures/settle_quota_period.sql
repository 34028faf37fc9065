-- settle_quota_period: internal: close a lapsed period and schedule the next one.
--
-- Under the quota's row lock, so that exactly one of all who come closes it. A quota that
-- was not looked at for several periods is closed once and lands on the boundary ahead. What
-- its slots have not spent was no use.
--
--   p_quota_id    locked by the caller, or locked here
--   p_time_zone   tenants.time_zone of its owner
--   p_now         UTC, read after the row was locked; NULL: read here, after the lock
--   p_state       what was found: OPEN (nothing was done), UNSCHEDULED, MISPLACED, DUE;
--                 NULL if there is no such quota
--
-- Raises   45001 invalid_argument for a zone the server does not know
-- Source   DESIGN, section 4
-- Example  CALL settle_quota_period(123, 'Asia/Shanghai', NULL, v_state);

CREATE PROCEDURE settle_quota_period (
    IN  p_quota_id   BIGINT UNSIGNED,
    IN  p_time_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_now        DATETIME(6),
    OUT p_state      VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: close a lapsed period and schedule the next one.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_tenant_id        VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_used_count       BIGINT;
    DECLARE v_slot_count       INT;
    DECLARE v_unspent          BIGINT;
    DECLARE v_period_anchor    DATETIME;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_period_start     DATETIME;
    DECLARE v_period_end       DATETIME;
    DECLARE v_closed_start     DATETIME;
    DECLARE v_utc              DATETIME(6);
    DECLARE v_local            DATETIME(6);
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SELECT tenant_id, limit_type, used_count, slot_count, period_anchor, next_reset_time
    INTO v_tenant_id, v_limit_type, v_used_count, v_slot_count, v_period_anchor, v_next_reset_time
    FROM tenant_quotas
    WHERE quota_id = p_quota_id
    FOR UPDATE;

    SET v_utc = COALESCE(p_now, UTC_TIMESTAMP(6));
    CALL convert_quota_time(p_time_zone, v_utc, v_local);

    IF v_tenant_id IS NOT NULL THEN
        CALL find_quota_period(v_limit_type, v_period_anchor, v_next_reset_time, v_local,
                               p_state, v_period_anchor, v_period_start, v_period_end, v_closed_start);
    END IF;

    IF p_state = 'DUE' THEN
        IF v_slot_count > 0 THEN
            CALL collect_quota_slots(p_quota_id, v_unspent);
            SET v_used_count = v_used_count - v_unspent;
        END IF;
        INSERT INTO quota_usage_records
            (quota_id, tenant_id, operation_type, delta_value, current_used, period_start, created_at)
        VALUES
            (p_quota_id, v_tenant_id, 'RESET', -v_used_count, 0, v_closed_start, v_utc);
    END IF;
    IF p_state <> 'OPEN' THEN
        UPDATE tenant_quotas
        SET used_count      = IF(p_state = 'DUE', 0, used_count),
            reset_time      = IF(p_state = 'DUE', v_local - INTERVAL MICROSECOND(v_local) MICROSECOND, reset_time),
            period_anchor   = v_period_anchor,
            next_reset_time = v_period_end
        WHERE quota_id = p_quota_id;
    END IF;
END
