-- find_fresh_items: internal: leave out those items of a batch whose keys were charged before.
--
-- The ledger is read under a shared lock, because the caller's snapshot may be older than the first
-- charge. At REPEATABLE READ that locks the gaps where keys are missing: lock the quotas first.
--
--   p_tenant_id   whose batch
--   p_items       the items, from parse_quota_items; afterwards those that are fresh, NULL: none
--
-- Raises   45002 key_reused for an item whose key was used for another amount, product or operation
-- Source   docs/design.md, section 3

CREATE PROCEDURE find_fresh_items (
    IN    p_tenant_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_items      JSON
)
    COMMENT 'internal: leave out those items of a batch whose keys were charged before.'
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_level_id   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT p_tenant_id;
    DECLARE v_parent_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_known      JSON;  -- the numbers of this level's items that are in the ledger
    DECLARE v_depth, v_at  INT DEFAULT 0;
    DECLARE v_message    VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    WHILE v_level_id IS NOT NULL AND v_depth < 64 DO
        SET v_parent_id = NULL, v_depth = v_depth + 1;
        SELECT parent_tenant_id INTO v_parent_id FROM tenants WHERE tenant_id = v_level_id FOR SHARE;
        SELECT JSON_ARRAYAGG(i.n), MIN(IF(r.delta_value = i.amount AND r.reservation_id IS NULL AND (
                   r.product_code <=> i.product_code OR r.product_code IS NULL AND r.period_start IS NULL
                                                        AND q.limit_type <> 'TOTAL'), NULL, i.n))
        INTO v_known, v_at
        FROM JSON_TABLE(p_items, '$[*]' COLUMNS (
            n INT PATH '$.n', amount BIGINT PATH '$.amount',
            quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
            biz_type      VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_type',
            biz_id        VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_id',
            product_code  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')) AS i
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
            ON q.tenant_id = v_level_id AND q.quota_type = i.quota_type
        STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
            ON r.quota_id = q.quota_id AND r.biz_type = i.biz_type AND r.biz_id = i.biz_id
            AND r.operation_type = 'CONSUME' AND r.refund_id = ''
            AND r.origin_tenant_id = IF(v_depth = 1, '', p_tenant_id) FOR SHARE OF r;
        IF v_at IS NOT NULL THEN
            SET v_message = CONCAT('key_reused: the key of p_items[', v_at,
                                   '] is of another amount, product or operation; use a key of its own');
            SIGNAL SQLSTATE '45002' SET MESSAGE_TEXT = v_message;
        END IF;
        SELECT JSON_ARRAYAGG(whole) INTO p_items
        FROM JSON_TABLE(p_items, '$[*]' COLUMNS (whole JSON PATH '$', n INT PATH '$.n')) AS item
        LEFT JOIN (SELECT DISTINCT known_n FROM JSON_TABLE(v_known, '$[*]' COLUMNS (known_n INT PATH '$')) AS each_n
                  ) AS known ON known_n = n
        WHERE known_n IS NULL;
        SET v_level_id = v_parent_id;
    END WHILE;
END
