-- return_quota_token: give one token back to a tenant's concurrency limit, answered with a row.
--
-- As release_quota_token, without its OUT parameter. The limit shown is the tightest of the tenant and its ancestors,
-- read a moment after the token went back.
--
--   p_tenant_id, p_quota_type   whose token
--
-- Answers  one row, as consume_quota. Status RELEASED; with success 0: NOT_FOUND (no token is out)
-- Raises   45001 invalid_argument, 45003 clock_pinned, 45000 interrupted
-- Source   docs/design.md, sections 1 and 3
-- Example  CALL return_quota_token('CH_123', 'REDEEM_CODE');

CREATE PROCEDURE return_quota_token (
    IN p_tenant_id   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Give one token back to a tenant''s concurrency limit, answered with a row.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_success      BOOLEAN;
    DECLARE v_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'READ';
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL undo_quota_transaction(v_transaction);
        RESIGNAL;
    END;

    CALL open_quota_transaction(v_transaction);  -- to know whose it is: release_quota_token finds the same
    CALL keep_quota_transaction(v_transaction);
    CALL release_quota_token(p_tenant_id, p_quota_type, v_success);
    WITH RECURSIVE level (tenant_id, depth) AS (
        SELECT p_tenant_id, 1
        UNION ALL
        SELECT t.parent_tenant_id, depth + 1 FROM level JOIN tenants AS t USING (tenant_id) WHERE depth < 64)
    SELECT v_success AS success, IF(v_success, 'RELEASED', 'NOT_FOUND') AS status, q.quota_id, q.limit_type,
           q.hard_limit, IF(q.sliced_count = 0, q.used_count, NULL) AS used_count,
           IF(q.sliced_count = 0, GREATEST(q.concurrent_tokens - q.used_count, 0), NULL) AS remaining,
           q.next_reset_time, CAST(NULL AS SIGNED) AS retry_after_ms, v_transaction AS `transaction`
    FROM (SELECT 1) AS one
    LEFT JOIN (level JOIN tenant_quotas AS q USING (tenant_id))
        ON q.quota_type = p_quota_type AND q.limit_type = 'CONCURRENT'
    ORDER BY q.enforcement, q.concurrent_tokens - q.used_count, q.quota_id LIMIT 1;
END
