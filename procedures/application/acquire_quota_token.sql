-- acquire_quota_token: take one token of a tenant's concurrency and rate limits.
--
-- One unit of every CONCURRENT and every RATE limit of the quota type, the tenant's own and its ancestors', all or
-- nothing. A CONCURRENT token comes back by release_quota_token; a RATE token flows back by itself (a token bucket).
-- Inside the caller's transaction the limit's row stays locked until that ends: keep it short.
--
--   p_tenant_id, p_quota_type   who takes a token of what
--   p_success       TRUE if one was taken; FALSE: none is free, no such limit is defined, or the tenant is suspended
--
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   scenario 4; docs/design.md, sections 1 to 3
-- Example  CALL acquire_quota_token('CH_123', 'REDEEM_CODE', @ok);  SELECT @ok;

CREATE PROCEDURE acquire_quota_token (
    IN  p_tenant_id   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_success     BOOLEAN
)
    COMMENT 'Take one token of a tenant''s concurrency and rate limits.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_status, v_ignored  VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

    CALL charge_quota('TOKEN', p_tenant_id, p_quota_type, 1, NULL, NULL, NULL, v_ignored, NULL, NULL, FALSE,
                      v_ignored, v_status, v_ignored, v_ignored, v_ignored, v_ignored);
    SET p_success = v_status = 'GRANTED';
END
