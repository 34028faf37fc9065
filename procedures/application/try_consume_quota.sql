-- try_consume_quota: consume_quota for callers inside SQL: the answer in two OUT parameters.
--
-- Charges exactly as consume_quota does. For stored programs, and for clients that handle the second result of a CALL
-- badly. Read both values on the connection that called.
--
--   p_tenant_id .. p_product_code   as in consume_quota
--   p_success   TRUE if the units are charged, now or by an earlier call with this key
--   p_status    as in consume_quota
--
-- Raises   45001 invalid_argument, 45002 key_reused, 45003 clock_pinned
-- Source   docs/design.md, section 3
-- Example  CALL try_consume_quota('CH_123', 'REDEEM_CODE', 1, 'REDEMPTION', 'order_790', 'app_mall', @ok, @status);

CREATE PROCEDURE try_consume_quota (
    IN  p_tenant_id     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount        DECIMAL(40,10),
    IN  p_biz_type      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_product_code  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_success       BOOLEAN,
    OUT p_status        VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'consume_quota for callers inside SQL: the answer in two OUT parameters.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_ignored  VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

    CALL charge_quota('CONSUME', p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id, p_product_code, v_ignored,
                      NULL, NULL, FALSE, v_ignored, p_status, v_ignored, v_ignored, v_ignored, v_ignored);
    SET p_success = p_status IN ('GRANTED', 'REPLAYED');
END
