-- record_quota_charge: internal: write the ledger rows and the holds of what was charged on one level.
--
-- Out of the rows that charge_quota has locked: one row for each limit that took part.
--
--   p_operation .. p_product_code   as in charge_quota, with the level that was charged
--   p_kinds         the limit types that took part
--   p_hold_id, p_ttl_seconds, p_holder   RESERVE and LEASE: which hold, for how long from now, for whom
--   p_level_number  0: the tenant's own level
--
-- Raises   nothing of its own; 1062: the key was charged before
-- Source   DESIGN, sections 2 and 3
-- Example  see charge_quota

CREATE PROCEDURE record_quota_charge (
    IN p_operation     VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_tenant_id     VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_level_id      VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_kinds         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount        BIGINT,
    IN p_biz_type      VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_biz_id        VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_product_code  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_hold_id       CHAR(36)     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_ttl_seconds   INT,
    IN p_holder        VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_level_number  INT
)
    COMMENT 'internal: write the ledger rows and the holds of what was charged on one level.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    IF p_operation IN ('CONSUME', 'RESERVE') THEN
        INSERT INTO quota_usage_records
            (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type, product_code,
             period_start, reservation_id, origin_tenant_id, created_at)
        SELECT quota_id, tenant_id, 'CONSUME', p_amount, IF(slot_count = 0, used_count, NULL), p_biz_id, p_biz_type,
               p_product_code, period_start, p_hold_id, IF(p_level_number = 0, '', p_tenant_id), UTC_TIMESTAMP(6)
        FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
        WHERE tenant_id = p_level_id AND quota_type = p_quota_type AND FIND_IN_SET(limit_type, p_kinds)
          AND limit_type <> 'RATE';
    END IF;
    IF p_ttl_seconds IS NOT NULL THEN
        INSERT INTO quota_reservations
            (reservation_id, quota_id, level_number, tenant_id, origin_tenant_id, quota_type, kind, amount, holder,
             biz_type, biz_id, product_code, period_start, expires_at, created_at, updated_at)
        SELECT p_hold_id, quota_id, p_level_number, tenant_id, IF(p_level_number = 0, '', p_tenant_id), p_quota_type,
               IF(p_operation = 'LEASE', 'LEASE', 'RESERVATION'), p_amount, p_holder, p_biz_type, p_biz_id,
               p_product_code, period_start, UTC_TIMESTAMP(6) + INTERVAL p_ttl_seconds SECOND, UTC_TIMESTAMP(6),
               UTC_TIMESTAMP(6)
        FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
        WHERE tenant_id = p_level_id AND quota_type = p_quota_type AND FIND_IN_SET(limit_type, p_kinds);
    END IF;
END
