-- reset_quota_now: internal: set one quota's use to 0 before its period ends.
--
-- For tenant-quota reset. It writes a RESET row into the open period, so that the ledger adds up; a
-- reset by UPDATE would not. The schedule stays as it is. A consumption from before can still be
-- refunded; the refund is recorded and lowers nothing: reset_time says from when on a return counts.
-- It is the next full second, because the column holds no fractions.
--
--   p_tenant_id, p_quota_type, p_limit_type   which: a limit with a calendar period
--   p_quota_id         NULL: there is no such limit, and nothing was done
--   p_closed_count     units that were used
--   p_next_reset_time  when its period ends, tenant wall clock
--   p_transaction      OWN or JOINED
--
-- Raises   45001 invalid_argument for a limit without periods; 45003 clock_pinned
-- Source   docs/design.md, section 4

CREATE PROCEDURE reset_quota_now (
    IN  p_tenant_id        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type       VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_limit_type       VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_quota_id         BIGINT UNSIGNED,
    OUT p_closed_count     BIGINT,
    OUT p_next_reset_time  DATETIME,
    OUT p_transaction      VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: set one quota''s use to 0 before its period ends.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_time_zone     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'SYSTEM';
    DECLARE v_state         VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_period_start  DATETIME;
    DECLARE v_returned      BIGINT;
    DECLARE v_now, v_local  DATETIME(6);
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL undo_quota_transaction(p_transaction);
        RESIGNAL;
    END;

    CALL check_quota_argument('p_tenant_id', p_tenant_id, NULL, 64);
    CALL check_quota_argument('p_quota_type', p_quota_type, NULL, 32);
    CALL check_quota_argument('p_limit_type', p_limit_type, NULL, 16);
    IF p_limit_type IN ('TOTAL', 'RATE', 'CONCURRENT') THEN
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
            'invalid_argument: p_limit_type has no period to reset; TOTAL comes down by refund_quota alone';
    END IF;
    CALL open_quota_transaction(p_transaction);

    SELECT time_zone INTO v_time_zone FROM tenants WHERE tenant_id = p_tenant_id FOR SHARE;
    SELECT quota_id INTO p_quota_id
    FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
    WHERE tenant_id = p_tenant_id AND quota_type = p_quota_type AND limit_type = p_limit_type FOR UPDATE;

    IF p_quota_id IS NOT NULL THEN
        CALL settle_quota_period(p_quota_id, v_time_zone, v_state);
        CALL collect_quota_slots(p_quota_id, NULL, v_returned);
        SET v_now = UTC_TIMESTAMP(6);
        SET v_local = CONVERT_TZ(v_now, '+00:00', IF(v_time_zone = 'SYSTEM', @@GLOBAL.time_zone, v_time_zone));

        SELECT used_count, next_reset_time, period_start INTO p_closed_count, p_next_reset_time, v_period_start
        FROM tenant_quotas WHERE quota_id = p_quota_id FOR UPDATE;
        INSERT INTO quota_usage_records
            (quota_id, tenant_id, operation_type, delta_value, current_used, period_start, created_at)
        VALUES (p_quota_id, p_tenant_id, 'RESET', -p_closed_count, 0, v_period_start, v_now);
        UPDATE tenant_quotas
        SET used_count = 0, next_alert_count = DEFAULT,
            reset_time = v_local - INTERVAL MICROSECOND(v_local) MICROSECOND + INTERVAL 1 SECOND
        WHERE quota_id = p_quota_id;
    END IF;

    CALL keep_quota_transaction(p_transaction);
END
