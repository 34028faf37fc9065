-- release_quota_token: give one token back to a tenant's concurrency limit.
--
-- For callers that took it with acquire_quota_token; release_quota_lease gives a lease back.
-- Tokens that leases hold (leased_count) are never given back here, so releasing more often than
-- acquiring makes no room that the limit does not have. An ancestor's token goes back with the
-- tenant's own, and RATE tokens flow back by themselves.
--
--   p_tenant_id, p_quota_type   whose token
--   p_success                   TRUE if one was given back
--
-- Raises   45001 invalid_argument, 45003 clock_pinned, 45000 interrupted
-- Source   scenario 4; docs/design.md, sections 1 and 3
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
    DECLARE v_transaction VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_lent JSON;  -- the limits with tokens that no lease holds; NULL: all others
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL undo_quota_transaction(v_transaction);
        RESIGNAL;
    END;

    IF NOT COALESCE(p_tenant_id >= '!' AND CHAR_LENGTH(p_tenant_id) <= 64
                    AND p_quota_type >= '!' AND CHAR_LENGTH(p_quota_type) <= 32, FALSE) THEN
        CALL validate_quota_argument('p_tenant_id', p_tenant_id, NULL, 64);
        CALL validate_quota_argument('p_quota_type', p_quota_type, NULL, 32);
    END IF;
    CALL open_quota_transaction(v_transaction);
    WITH RECURSIVE level (tenant_id, depth) AS (
        SELECT p_tenant_id, 1
        UNION ALL (SELECT t.parent_tenant_id, depth + 1
                   FROM level STRAIGHT_JOIN tenants AS t FORCE INDEX (PRIMARY) ON t.tenant_id = level.tenant_id
                   WHERE t.parent_tenant_id IS NOT NULL AND depth < 64 FOR SHARE OF t))
    SELECT JSON_ARRAYAGG(IF(q.used_count > q.leased_count, q.quota_id, NULL)),
           COALESCE(MAX(q.used_count > q.leased_count)
                    AND MIN(q.used_count > q.leased_count OR q.tenant_id <> p_tenant_id), FALSE)
    INTO v_lent, p_success  -- a limit of the tenant's own gives back only what that limit lent
    FROM level
    STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
        ON q.tenant_id = level.tenant_id AND q.quota_type = p_quota_type AND q.limit_type = 'CONCURRENT'
    FOR UPDATE OF q;
    UPDATE JSON_TABLE(v_lent, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$')) AS l
    STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = l.quota_id
    SET q.next_alert_count = IF(q.used_count <= q.soft_limit,
                                LEAST(q.soft_limit, COALESCE(q.next_alert_count, q.soft_limit)), q.next_alert_count),
        q.used_count = q.used_count - 1, q.earlier_count = q.earlier_count + 1
    WHERE p_success;
    CALL keep_quota_transaction(v_transaction);
END
