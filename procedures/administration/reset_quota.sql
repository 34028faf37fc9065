-- reset_quota: set one limit's use to 0 before its period ends.
--
-- It writes a RESET row into the open period, so that the ledger adds up; a reset by UPDATE would not. The schedule
-- stays as it is. A consumption from before can still be refunded; the refund is recorded and lowers nothing: what was
-- charged before reset_time, the next full second, is compared with the RESET row.
--
--   p_tenant_id, p_quota_type, p_limit_type   which: a limit with a calendar period
--
-- Answers  one row: success, status (RESET, NO_QUOTA), quota_id, limit_type, hard_limit, used_count, remaining,
--          next_reset_time, retry_after_ms, transaction, closed_count (units that were used)
-- Raises   45001 invalid_argument, also for a limit without periods; 45003 clock_pinned
-- Source   docs/design.md, section 4
-- Example  CALL reset_quota('CH_123', 'REDEEM_CODE', 'DAILY');

CREATE PROCEDURE reset_quota (
    IN p_tenant_id   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_limit_type  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Set one limit''s use to 0 before its period ends.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_time_zone        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'SYSTEM';
    DECLARE v_transaction, v_state  VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id         BIGINT UNSIGNED;
    DECLARE v_hard_limit, v_closed_count, v_returned BIGINT;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_now, v_local     DATETIME(6);
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL undo_quota_transaction(v_transaction);
        RESIGNAL;
    END;

    CALL validate_quota_argument('p_tenant_id', p_tenant_id, NULL, 64);
    CALL validate_quota_argument('p_quota_type', p_quota_type, NULL, 32);
    CALL validate_quota_argument('p_limit_type', p_limit_type, NULL, 16);
    IF p_limit_type IN ('TOTAL', 'RATE', 'CONCURRENT') THEN
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
            'invalid_argument: p_limit_type has no period to reset; TOTAL comes down by refund_quota alone';
    END IF;
    CALL open_quota_transaction(v_transaction);

    SELECT time_zone INTO v_time_zone FROM tenants WHERE tenant_id = p_tenant_id FOR SHARE;
    SELECT quota_id INTO v_quota_id FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
    WHERE tenant_id = p_tenant_id AND quota_type = p_quota_type AND limit_type = p_limit_type FOR UPDATE;

    IF v_quota_id IS NOT NULL THEN
        CALL settle_quota_period(v_quota_id, v_time_zone, v_state);
        CALL collect_quota_slots(v_quota_id, NULL, TRUE, v_returned);
        SET v_now = UTC_TIMESTAMP(6);
        SET v_local = CONVERT_TZ(v_now, '+00:00', IF(v_time_zone = 'SYSTEM', @@GLOBAL.time_zone, v_time_zone));

        SELECT hard_limit, used_count, next_reset_time INTO v_hard_limit, v_closed_count, v_next_reset_time
        FROM tenant_quotas WHERE quota_id = v_quota_id FOR UPDATE;
        INSERT INTO quota_usage_records
            (quota_id, tenant_id, operation_type, delta_value, current_used, period_start, created_at)
        SELECT quota_id, tenant_id, 'RESET', -used_count, 0, period_start, v_now
        FROM tenant_quotas WHERE quota_id = v_quota_id;
        UPDATE tenant_quotas
        SET earlier_count = earlier_count + used_count, used_count = 0, next_alert_count = DEFAULT,
            reset_time = v_local - INTERVAL MICROSECOND(v_local) MICROSECOND + INTERVAL 1 SECOND
        WHERE quota_id = v_quota_id;
    END IF;

    CALL keep_quota_transaction(v_transaction);

    SELECT v_quota_id IS NOT NULL AS success, IF(v_quota_id IS NULL, 'NO_QUOTA', 'RESET') AS status,
           v_quota_id AS quota_id, p_limit_type AS limit_type, v_hard_limit AS hard_limit,
           IF(v_quota_id IS NULL, NULL, 0) AS used_count, v_hard_limit AS remaining,
           v_next_reset_time AS next_reset_time, NULL AS retry_after_ms, v_transaction AS `transaction`,
           v_closed_count AS closed_count;
END
