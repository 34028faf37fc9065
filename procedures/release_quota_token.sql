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
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   scenario 4; DESIGN, sections 1 and 3
-- Example  CALL release_quota_token('CH_123', 'REDEEM_CODE', @ok);  SELECT @ok;

CREATE PROCEDURE release_quota_token (
    IN  p_tenant_id   VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_success     BOOLEAN
)
    COMMENT 'Give one token back to a tenant''s concurrency limit.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction   VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_limits        JSON;
    DECLARE v_is_suspended  BOOLEAN;
    DECLARE v_own_count     INT;
    DECLARE v_own_to_give   INT;
    DECLARE v_errno         INT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
        CALL abandon_quota_transaction(v_transaction, v_errno);
        RESIGNAL;
    END;

    CALL check_quota_name('p_tenant_id', p_tenant_id, 24);
    CALL check_quota_name('p_quota_type', p_quota_type, 32);
    CALL guard_quota_session();
    CALL open_quota_transaction(v_transaction);
    CALL find_quota_limits(p_tenant_id, p_quota_type, 'LEASE', v_transaction, v_limits, v_is_suspended);

    -- A tenant with a limit of its own gives back only what that limit lent.
    SELECT COALESCE(SUM(q.tenant_id = p_tenant_id), 0),
           COALESCE(SUM(q.tenant_id = p_tenant_id
                        AND q.used_count > (SELECT COALESCE(SUM(r.amount), 0)
                                            FROM quota_reservations AS r
                                            WHERE r.quota_id = q.quota_id
                                              AND r.status = 'HELD' AND r.kind = 'LEASE')), 0)
    INTO v_own_count, v_own_to_give
    FROM (SELECT quota_id
          FROM JSON_TABLE(v_limits, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$.quota_id')) AS found
          ORDER BY quota_id
          LIMIT 1000000) AS l
    STRAIGHT_JOIN tenant_quotas AS q ON q.quota_id = l.quota_id
    FOR UPDATE OF q;

    SET p_success = FALSE;
    IF v_own_count = v_own_to_give THEN
        UPDATE JSON_TABLE(v_limits, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$.quota_id')) AS l
        STRAIGHT_JOIN tenant_quotas AS q ON q.quota_id = l.quota_id
        SET q.used_count = q.used_count - 1
        WHERE q.used_count > (SELECT COALESCE(SUM(r.amount), 0)
                              FROM quota_reservations AS r
                              WHERE r.quota_id = q.quota_id AND r.status = 'HELD' AND r.kind = 'LEASE');
        SET p_success = ROW_COUNT() > 0;
    END IF;

    CALL close_quota_transaction(v_transaction);
END
