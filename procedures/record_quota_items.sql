-- record_quota_items: internal: write the ledger rows of a batch's items that charge_quota has charged.
--
-- Level by level, under the locks of the charge: a row for each item and counted limit, with the use
-- after it. A SHADOW limit gets those that it counts.
--
--   p_tenant_id, p_quota_type   who consumed what
--   p_product_code, p_is_product   if p_is_product, only the items of this product
--   p_amount      the sum of these items
--   p_items       the batch's items
--
-- Raises   nothing of its own; 1062: a key was charged before
-- Source   DESIGN, sections 2 and 3

CREATE PROCEDURE record_quota_items (
    IN p_tenant_id     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type    VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_is_product    BOOLEAN,
    IN p_product_code  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount        BIGINT,
    IN p_items         JSON
)
    COMMENT 'internal: write the ledger rows of a batch''s items that charge_quota has charged.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_level_id   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT p_tenant_id;
    DECLARE v_parent_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_time_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_now        DATETIME(6);  -- the level's wall clock
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    WHILE v_level_id IS NOT NULL DO
        SET v_parent_id = NULL, v_time_zone = @@GLOBAL.time_zone;
        SELECT parent_tenant_id, IF(time_zone = 'SYSTEM', v_time_zone, time_zone) INTO v_parent_id, v_time_zone
        FROM tenants
        WHERE tenant_id = v_level_id
        FOR SHARE;
        SET v_now = CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', v_time_zone);
        INSERT INTO quota_usage_records
            (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type, product_code,
             period_start, origin_tenant_id, created_at)
        SELECT q.quota_id, q.tenant_id, 'CONSUME', i.amount,
               IF(q.slot_count = 0, q.used_count - p_amount + SUM(i.amount) OVER (PARTITION BY q.quota_id ORDER BY i.n),
                  NULL),
               i.biz_id, i.biz_type, i.product_code, q.period_start, IF(v_level_id = p_tenant_id, '', p_tenant_id),
               UTC_TIMESTAMP(6)
        FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
        STRAIGHT_JOIN JSON_TABLE(p_items, '$[*]' COLUMNS (
            n             INT PATH '$.n',
            quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
            amount        BIGINT PATH '$.amount',
            biz_type      VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_type',
            biz_id        VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_id',
            product_code  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')) AS i
        WHERE q.tenant_id = v_level_id AND q.quota_type = p_quota_type
          AND NOT FIND_IN_SET(q.limit_type, 'RATE,CONCURRENT')  -- no range: it would lock the next quota as well
          AND i.quota_type = p_quota_type AND (NOT p_is_product OR i.product_code <=> p_product_code)
          AND (q.enforcement = 'ENFORCE'
               OR COALESCE(q.effective_time, v_now) <= v_now AND COALESCE(q.expire_time, '9999-12-31') > v_now
                  AND (q.product_codes IS NULL OR COALESCE(i.product_code MEMBER OF (q.product_codes), FALSE)));
        SET v_level_id = v_parent_id;
    END WHILE;
END
