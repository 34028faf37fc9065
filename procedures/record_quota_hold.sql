-- record_quota_hold: internal: write the rows of a hold whose limits were charged, on all levels.
--
-- After all charges: one row for each limit. At REPEATABLE READ an INSERT that is taken back leaves gap
-- locks, and in the index of times those would stop other tenants' holds.
--
--   p_operation .. p_holder   as in charge_quota; p_levels: how many were charged
--   p_kinds, p_parts   the limit types that took part; p_parts: by level, as in sort_out_quota_call
--
-- Source   DESIGN, sections 2, 3 and 5

CREATE PROCEDURE record_quota_hold (
    IN p_operation     VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_kinds         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_tenant_id     VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_levels        INT,
    IN p_parts         TEXT         CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount        BIGINT,
    IN p_biz_type      VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_biz_id        VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_product_code  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_hold_id       CHAR(36)     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_ttl_seconds   INT,
    IN p_holder        VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: write the rows of a hold whose limits were charged, on all levels.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_level_id      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT p_tenant_id;
    DECLARE v_level_number  INT DEFAULT 0;

    WHILE v_level_number < p_levels DO
        INSERT INTO quota_reservations
            (reservation_id, quota_id, level_number, tenant_id, origin_tenant_id, quota_type, kind, amount, holder,
             biz_type, biz_id, product_code, period_start, expires_at, created_at, updated_at)
        SELECT p_hold_id, quota_id, v_level_number, tenant_id, IF(v_level_number = 0, '', p_tenant_id), p_quota_type,
               IF(p_operation = 'LEASE', 'LEASE', 'RESERVATION'), p_amount, p_holder, p_biz_type, p_biz_id,
               p_product_code, period_start, UTC_TIMESTAMP(6) + INTERVAL p_ttl_seconds SECOND, UTC_TIMESTAMP(6),
               UTC_TIMESTAMP(6)
        FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
        WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND FIND_IN_SET(
            limit_type, COALESCE(JSON_UNQUOTE(JSON_EXTRACT(
                p_parts, CONCAT('$.', JSON_QUOTE(v_level_id) COLLATE utf8mb4_0900_bin))), p_kinds));
        SET v_level_number = v_level_number + 1;
        IF v_level_number < p_levels THEN
            SELECT parent_tenant_id INTO v_level_id FROM tenants WHERE tenant_id = v_level_id FOR SHARE;
        END IF;
    END WHILE;
END
