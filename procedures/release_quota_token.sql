-- release_quota_token: give one token back to a tenant's concurrency limit.
--
-- For callers that took it with acquire_quota_token; a lease is given back with
-- release_quota_lease. The floor lives in the UPDATE: releasing more often than
-- acquiring never makes room that the limit does not have. Tokens held by leases
-- are not anonymous and are never given back here. An ancestor's token goes back with
-- the tenant's own, and RATE tokens flow back by themselves.
--
--   p_tenant_id, p_quota_type   whose token
--   p_success                   TRUE if one was given back
--
-- Raises   45001 invalid_argument, 45003 clock_pinned, 45000 interrupted
-- Source   scenario 4; DESIGN, sections 1 and 3
-- Example  CALL release_quota_token('CH_123', 'REDEEM_CODE', @ok);  SELECT @ok;

CREATE PROCEDURE release_quota_token (
    IN  p_tenant_id   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_success     BOOLEAN
)
    COMMENT 'Give one token back to a tenant''s concurrency limit.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction           VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_level_id, v_above_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_round, v_depth        INT;  -- 0: lock, 1: give back; 1: the tenant's own level
    DECLARE v_is_given_back         BOOLEAN;
    DECLARE v_lease_end             DATETIME(6);
    DECLARE v_insert_id             BIGINT UNSIGNED DEFAULT LAST_INSERT_ID();  -- the caller's
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        SET v_insert_id = LAST_INSERT_ID(v_insert_id);
        CALL end_quota_transaction(v_transaction, FALSE);
        RESIGNAL;
    END;

    IF NOT COALESCE(p_tenant_id >= '!' AND CHAR_LENGTH(p_tenant_id) <= 64
                    AND p_quota_type >= '!' AND CHAR_LENGTH(p_quota_type) <= 32
                    AND ABS(TIMESTAMPDIFF(SECOND, NOW(6), SYSDATE(6))) <= 1
                    AND @@SESSION.unique_checks > @@GLOBAL.read_only, FALSE) THEN
        CALL check_quota_argument('p_tenant_id', p_tenant_id, NULL, 64);
        CALL check_quota_argument('p_quota_type', p_quota_type, NULL, 32);
        CALL guard_quota_session(TRUE);
    END IF;
    CALL open_quota_transaction(v_transaction);

    -- A caller's transaction first locks all levels in a round of its own: at REPEATABLE READ the look for
    -- leases locks a gap, in which an ancestor's holds may want to go.
    SET p_success = FALSE, v_round = (v_transaction = 'OWN'), v_depth = 0, v_above_id = p_tenant_id;
    each_level: WHILE v_above_id IS NOT NULL DO
        SET v_level_id = v_above_id, v_depth = v_depth + 1;
        SELECT MIN(parent_tenant_id) INTO v_above_id FROM tenants WHERE tenant_id = v_level_id FOR SHARE;

        -- LAST_INSERT_ID(expression) tells which quota it is without another read.
        UPDATE tenant_quotas FORCE INDEX (tenant_quotas_natural)
        SET used_count       = used_count - v_round,
            next_alert_count = IF(used_count < soft_limit, LEAST(soft_limit, COALESCE(next_alert_count, soft_limit)),
                                  next_alert_count)
        WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND limit_type = 'CONCURRENT'
          AND used_count > 0 AND LAST_INSERT_ID(quota_id) > 0;
        SET v_is_given_back = v_round = 1 AND ROW_COUNT() > 0;  -- some clients count rows that did not change

        -- Under the row's lock: was it a lease's token? A caller's snapshot may hide a lease.
        IF v_is_given_back AND v_transaction = 'OWN' THEN
            SELECT MIN(expires_at) INTO v_lease_end
            FROM quota_reservations
            WHERE quota_id = LAST_INSERT_ID() AND status = 'HELD';
        END IF;
        IF v_is_given_back AND (v_transaction = 'JOINED' OR v_lease_end IS NOT NULL) THEN
            BEGIN
                DECLARE v_leased  BIGINT;
                SELECT SUM(amount) INTO v_leased
                FROM quota_reservations FORCE INDEX (quota_reservations_held)
                WHERE quota_id = LAST_INSERT_ID() AND status = 'HELD' AND kind = 'LEASE'
                FOR SHARE;
                UPDATE tenant_quotas
                SET used_count = used_count + 1
                WHERE quota_id = LAST_INSERT_ID() AND used_count < v_leased;
                SET v_is_given_back = ROW_COUNT() = 0;
            END;
        END IF;

        IF v_is_given_back THEN
            SET p_success = TRUE;
        ELSEIF v_round = 1 AND v_depth = 1 THEN
            BEGIN  -- a tenant with a limit of its own gives back only what that limit lent
                DECLARE v_own_limits  INT;
                SELECT COUNT(*) INTO v_own_limits
                FROM tenant_quotas
                WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND limit_type = 'CONCURRENT'
                FOR SHARE;
                SET v_above_id = IF(v_own_limits > 0, NULL, v_above_id);
            END;
        END IF;
        IF v_depth > 100 THEN
            SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
                'invalid_argument: the tenant''s ancestors run in a circle; mend tenants.parent_tenant_id';
        END IF;
        IF v_above_id IS NULL AND v_round = 0 THEN
            SET v_round = 1, v_depth = 0, v_above_id = p_tenant_id;
        END IF;
    END WHILE;

    SET v_insert_id = LAST_INSERT_ID(v_insert_id);
    CALL end_quota_transaction(v_transaction, TRUE);
END
