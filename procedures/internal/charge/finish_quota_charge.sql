-- finish_quota_charge: internal: write the rows that wait for all charges, and find the limit that the answer shows.
--
-- At REPEATABLE READ an INSERT that is taken back leaves gap locks until the caller commits. So a hold's rows wait, and
-- in a caller's transaction the ledger's of all levels but the last. If a limit was defined meanwhile, which was not
-- charged, the call begins again. The limit shown is an enforced one before a SHADOW one, a counted one before RATE,
-- then the one with the least left.
--
--   p_operation .. p_transaction   as in charge_quota; p_ttl_seconds NULL: there is no hold
--   p_hold_id       BATCH: afterwards the ids of the limits that were charged, a JSON array
--   p_kinds, p_parts   the limit types that took part; p_parts: by level, as in sort_out_quota_call
--   p_levels        how many levels were charged; 64: all that there are
--   p_charged       how many limits were charged; afterwards NULL: others are there; before: do not compare
--   p_quota_id, p_used_count   the limit to show; given: the only one that was charged; its use, NULL: hidden by slots
--
-- Source   docs/design.md, sections 2, 3 and 5

CREATE PROCEDURE finish_quota_charge (
    IN    p_operation     VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_kinds         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_tenant_id     VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_amount        BIGINT,
    IN    p_biz_type      VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_biz_id        VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_product_code  LONGTEXT     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_hold_id       LONGTEXT     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_ttl_seconds   INT,
    IN    p_holder        VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_transaction   VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_levels        INT,
    IN    p_parts         TEXT         CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_charged       INT,
    INOUT p_quota_id      BIGINT UNSIGNED,
    INOUT p_used_count    BIGINT
)
    COMMENT 'internal: write the rows that wait for all charges, and find the limit that the answer shows.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_level_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT p_tenant_id;
    DECLARE v_kinds     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_level     INT DEFAULT 0;
    DECLARE v_ids       JSON DEFAULT JSON_ARRAY(p_quota_id);  -- of this level's limits; v_all: of those so far
    DECLARE v_all       JSON DEFAULT JSON_ARRAY();
    DECLARE v_compares  BOOLEAN DEFAULT p_quota_id IS NULL AND (p_ttl_seconds IS NOT NULL OR p_transaction <> 'OWN');
    DECLARE v_is_found  BOOLEAN DEFAULT p_quota_id IS NOT NULL;
    DECLARE v_least     DECIMAL(30) DEFAULT 1000000000000000000000;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    WHILE v_level < p_levels AND v_level_id IS NOT NULL DO
        SET v_kinds = COALESCE(JSON_UNQUOTE(JSON_EXTRACT(
                p_parts, CONCAT('$.', JSON_QUOTE(v_level_id) COLLATE utf8mb4_0900_bin))), p_kinds);
        IF v_compares THEN
            SELECT COALESCE(JSON_ARRAYAGG(quota_id), JSON_ARRAY()) INTO v_ids
            FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
            WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND FIND_IN_SET(limit_type, v_kinds);
            SET v_all = JSON_MERGE_PRESERVE(v_all, v_ids);
        END IF;
        IF p_transaction = 'JOINED' AND p_operation IN ('CONSUME', 'RESERVE') AND v_level < p_levels - 1 THEN
            INSERT INTO quota_usage_records
                (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type, product_code,
                 period_start, reservation_id, origin_tenant_id, created_at)
            SELECT quota_id, tenant_id, 'CONSUME', p_amount, IF(slot_count, NULL, used_count), p_biz_id, p_biz_type,
                p_product_code, period_start, p_hold_id, IF(v_level = 0, '', p_tenant_id), UTC_TIMESTAMP(6)
            FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
            WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND quota_id MEMBER OF (v_ids)
              AND NOT FIND_IN_SET(limit_type, 'RATE');  -- no range: it would lock the next quota
        END IF;
        IF p_ttl_seconds IS NOT NULL THEN
            INSERT INTO quota_reservations
                (reservation_id, quota_id, level_number, tenant_id, origin_tenant_id, quota_type, kind, amount, holder,
                 biz_type, biz_id, product_code, period_start, expires_at, created_at, updated_at)
            SELECT p_hold_id, quota_id, v_level, tenant_id, IF(v_level = 0, '', p_tenant_id), p_quota_type,
                   IF(p_operation = 'LEASE', 'LEASE', 'RESERVATION'), p_amount, p_holder, p_biz_type, p_biz_id,
                   p_product_code, period_start, UTC_TIMESTAMP(6) + INTERVAL p_ttl_seconds SECOND, UTC_TIMESTAMP(6),
                   UTC_TIMESTAMP(6)
            FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
            WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND quota_id MEMBER OF (v_ids);
        END IF;
        IF NOT v_is_found THEN
            SELECT quota_id, IF(slot_count = 0, used, NULL), ranked INTO p_quota_id, p_used_count, v_least
            FROM (SELECT q.*, (2 * (enforcement = 'SHADOW') + (limit_type = 'RATE')) * 100000000000000000000
                              + IF(limit_type = 'CONCURRENT', COALESCE(concurrent_tokens, 0), hard_limit) - used
                              AS ranked
                  FROM (SELECT *, used_count - COALESCE(LEAST(used_count, FLOOR(GREATEST(
                                   TIMESTAMPDIFF(MICROSECOND, refilled_at, UTC_TIMESTAMP(6)), 0)
                                   * refill_per_second * 0.000001)), 0) AS used
                        FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
                        WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND FIND_IN_SET(limit_type, p_kinds)
                       ) AS q) AS limits
            WHERE ranked < v_least
            ORDER BY ranked, quota_id LIMIT 1;
        END IF;
        SET v_level = v_level + 1;
        IF v_level < p_levels THEN
            SELECT MIN(parent_tenant_id) INTO v_level_id FROM tenants WHERE tenant_id = v_level_id FOR SHARE;
        END IF;
    END WHILE;
    IF v_compares AND JSON_LENGTH(v_all) <> p_charged THEN
        SET p_charged = NULL, p_quota_id = NULL;
    ELSEIF p_operation = 'BATCH' THEN
        SET p_hold_id = v_all;
    END IF;
END
