-- record_quota_charge: internal: write the ledger rows of several limits of one level that were charged.
--
-- Out of the rows that charge_quota has locked: one for each limit that took part, but a RATE limit.
--
--   p_tenant_id, p_level_id   who was charged, and whose limits these are
--   p_quota_type .. p_hold_id   as in charge_quota
--   p_kinds         the limit types that took part
--
-- Raises   nothing of its own; 1062: the key was charged before
-- Source   DESIGN, sections 2 and 3
-- Example  see charge_quota

CREATE PROCEDURE record_quota_charge (
    IN p_tenant_id     VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_level_id      VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_kinds         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount        BIGINT,
    IN p_biz_type      VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_biz_id        VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_product_code  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_hold_id       CHAR(36)     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: write the ledger rows of several limits of one level that were charged.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    INSERT INTO quota_usage_records
        (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type, product_code, period_start,
         reservation_id, origin_tenant_id, created_at)
    SELECT quota_id, tenant_id, 'CONSUME', p_amount, IF(slot_count = 0, used_count, NULL), p_biz_id, p_biz_type,
           p_product_code, period_start, p_hold_id, IF(p_level_id = p_tenant_id, '', p_tenant_id), UTC_TIMESTAMP(6)
    FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
    WHERE tenant_id = p_level_id AND quota_type = p_quota_type AND FIND_IN_SET(limit_type, p_kinds)
      AND NOT FIND_IN_SET(limit_type, 'RATE');  -- no range: it would lock the next quota as well
END
