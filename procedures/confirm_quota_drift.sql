-- confirm_quota_drift: internal: compare one quota's counter with its ledger, under its lock.
--
-- What looked like drift without the lock may have been a consumer at work. Here the quota's row
-- is locked, then its slots, then the ledger is summed, so nobody is. Consumers of this one quota
-- wait meanwhile; a quota whose counter looks right never comes here.
--
-- Asked to repair, it writes one ADJUST row that makes the ledger agree with the counter,
-- because the counter is what decides. Its period_start is that of the last earlier period
-- that lacks just this much, as a reset by hand leaves it; else the open one.
--
--   p_quota_id    which
--   p_repair      TRUE: write the ADJUST row; CONCURRENT: set leased_count to what leases hold
--   p_used_count  exact use, without what slots have not spent
--   p_ledger_sum  what it should be: the ledger's sum; CONCURRENT: what leases hold
--   p_status      DRIFT, REPAIRED; NULL: none, or no such quota
--
-- Source   DESIGN, sections 4 and 5
-- Example  CALL confirm_quota_drift(123, FALSE, v_used, v_sum, v_status);

CREATE PROCEDURE confirm_quota_drift (
    IN  p_quota_id    BIGINT UNSIGNED,
    IN  p_repair      BOOLEAN,
    OUT p_used_count  BIGINT,
    OUT p_ledger_sum  BIGINT,
    OUT p_status      VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: compare one quota''s counter with its ledger, under its lock.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction      VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_tenant_id        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_period_start     DATETIME;
    DECLARE v_adjusted         DATETIME;  -- the period that the ADJUST row belongs to
    DECLARE v_unspent          BIGINT;
    DECLARE v_leased           BIGINT;    -- by leases that have lapsed and still stand, too
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL end_quota_transaction(v_transaction, FALSE);
        RESIGNAL;
    END;

    CALL open_quota_transaction(v_transaction);
    SELECT tenant_id, limit_type, used_count, next_reset_time, period_start
    INTO v_tenant_id, v_limit_type, p_used_count, v_next_reset_time, v_period_start
    FROM tenant_quotas
    WHERE quota_id = p_quota_id
    FOR UPDATE;

    IF v_limit_type = 'CONCURRENT' THEN
        SELECT COALESCE(SUM(IF(expires_at > UTC_TIMESTAMP(6), amount, 0)), 0), COALESCE(SUM(amount), 0)
        INTO p_ledger_sum, v_leased
        FROM quota_reservations
        WHERE quota_id = p_quota_id AND status = 'HELD'
        FOR SHARE;
        SET p_status = IF(p_used_count < p_ledger_sum, 'DRIFT', NULL);
        UPDATE tenant_quotas SET leased_count = v_leased WHERE quota_id = p_quota_id AND p_repair;

    ELSEIF v_limit_type <> 'RATE' THEN
        SELECT COALESCE(SUM(IF(next_reset_time <=> v_next_reset_time, remaining, 0)), 0) INTO v_unspent
        FROM quota_slots
        WHERE quota_id = p_quota_id
        FOR UPDATE;
        SET p_used_count = p_used_count - v_unspent;

        -- The caller's snapshot may be old; our own is not, and need not lock this quota's ledger.
        IF v_transaction = 'JOINED' THEN
            SELECT COALESCE(SUM(delta_value), 0) INTO p_ledger_sum
            FROM quota_usage_records FORCE INDEX (PRIMARY)
            WHERE quota_id = p_quota_id
            FOR SHARE;
        ELSE
            SELECT COALESCE(SUM(delta_value), 0) INTO p_ledger_sum
            FROM quota_usage_records FORCE INDEX (PRIMARY)
            WHERE quota_id = p_quota_id;
        END IF;

        IF p_used_count <> p_ledger_sum THEN
            SET p_status = IF(p_repair, 'REPAIRED', 'DRIFT');
        END IF;
    END IF;

    IF p_status = 'REPAIRED' THEN
        SET v_adjusted = v_period_start;
        SELECT period_start INTO v_adjusted
        FROM quota_usage_records
        WHERE quota_id = p_quota_id AND period_start < v_period_start
        GROUP BY period_start
        HAVING SUM(delta_value) = p_ledger_sum - p_used_count
        ORDER BY period_start DESC
        LIMIT 1;
        INSERT INTO quota_usage_records
            (quota_id, tenant_id, operation_type, delta_value, current_used, period_start)
        VALUES
            (p_quota_id, v_tenant_id, 'ADJUST', p_used_count - p_ledger_sum, p_used_count, v_adjusted);
    END IF;
    CALL end_quota_transaction(v_transaction, TRUE);
END
