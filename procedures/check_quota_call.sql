-- check_quota_call: internal: refuse what cannot be consumed, before anything is locked.
--
-- And, as guard_quota_session does, a session whose settings would bend the rules.
--
--   p_writes        as in guard_quota_session
--   p_tenant_id .. p_product_code   as in consume_quota
--
-- Raises   45001 invalid_argument, 45003 clock_pinned, 1290 read_only
-- Source   DESIGN, section 3
-- Example  CALL check_quota_call(TRUE, 'CH_123', 'REDEEM_CODE', 1, NULL, NULL, NULL);

CREATE PROCEDURE check_quota_call (
    IN p_writes        BOOLEAN,
    IN p_tenant_id     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount        DECIMAL(40,10),
    IN p_biz_type      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_biz_id        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_product_code  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: refuse what cannot be consumed, before anything is locked.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    CALL check_quota_argument('p_tenant_id', p_tenant_id, NULL, 64);
    CALL check_quota_argument('p_quota_type', p_quota_type, NULL, 32);
    CALL check_quota_argument('p_amount', p_amount, 1, 9223372036854775807);
    IF p_biz_id IS NOT NULL THEN
        CALL check_quota_argument('p_biz_type', p_biz_type, NULL, 32);
        CALL check_quota_argument('p_biz_id', p_biz_id, NULL, 128);
    END IF;
    IF p_product_code IS NOT NULL THEN
        CALL check_quota_argument('p_product_code', p_product_code, NULL, 64);
    END IF;
    CALL guard_quota_session(p_writes);
END
