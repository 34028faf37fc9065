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
    DECLARE v_leases        JSON;
    DECLARE v_lent          JSON;   -- limits with a token to give back
    DECLARE v_own_without   INT;    -- the tenant's own among the others
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

    CALL lock_quota_rows(JSON_EXTRACT(v_limits, '$[*].quota_id'));
    -- By the quota's own key: any other would lock the holds of all tenants.
    SELECT JSON_ARRAYAGG(JSON_OBJECT('quota_id', r.quota_id, 'amount', r.amount)) INTO v_leases
    FROM JSON_TABLE(v_limits, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$.quota_id')) AS l
    STRAIGHT_JOIN quota_reservations AS r FORCE INDEX (quota_reservations_held)
        ON r.quota_id = l.quota_id AND r.status = 'HELD'
    WHERE r.kind = 'LEASE'
    FOR SHARE OF r;

    -- A tenant with a limit of its own gives back only what that limit lent.
    SELECT JSON_ARRAYAGG(IF(q.used_count > COALESCE(held.amount, 0), q.quota_id, NULL)),
           COALESCE(SUM(q.tenant_id = p_tenant_id AND q.used_count <= COALESCE(held.amount, 0)), 0)
    INTO v_lent, v_own_without
    FROM JSON_TABLE(v_limits, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$.quota_id')) AS l
    STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = l.quota_id
    LEFT JOIN (SELECT quota_id, SUM(amount) AS amount
               FROM JSON_TABLE(COALESCE(v_leases, JSON_ARRAY()), '$[*]' COLUMNS (
                   quota_id  BIGINT UNSIGNED PATH '$.quota_id',
                   amount    BIGINT PATH '$.amount')) AS lease
               GROUP BY quota_id) AS held ON held.quota_id = q.quota_id
    FOR UPDATE OF q;

    SET p_success = FALSE;
    IF v_own_without = 0 THEN
        UPDATE JSON_TABLE(v_lent, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$')) AS l
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = l.quota_id
        SET q.used_count = q.used_count - 1
        WHERE q.used_count > 0;
        SET p_success = ROW_COUNT() > 0;
    END IF;

    CALL close_quota_transaction(v_transaction);
END
