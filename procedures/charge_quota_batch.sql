-- charge_quota_batch: internal: charge the items of a batch, quota type by quota type.
--
-- Each type with the sum of its items, by charge_quota; where the tenant or an ancestor has a SHADOW
-- limit for some products only, each product by itself. In a transaction that the caller has opened and
-- undoes unless all is granted.
--
--   p_tenant_id, p_items   whose batch, and the items to charge (of check_quota_items)
--   p_is_replay    TRUE: all of them were charged before; only settle and show the limits
--   p_status       GRANTED, REPLAYED, a denial; NULL: one of the keys was charged before
--   p_quota_type   of the denial
--   p_quota_id .. p_retry_after_ms   of the limit that denied, or the tightest one
--
-- Raises   what charge_quota raises
-- Source   DESIGN, section 3

CREATE PROCEDURE charge_quota_batch (
    IN  p_tenant_id        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_items            JSON,
    IN  p_is_replay        BOOLEAN,
    OUT p_status           VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_quota_type       VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_quota_id         BIGINT UNSIGNED,
    OUT p_used_count       BIGINT,
    OUT p_next_reset_time  DATETIME,
    OUT p_retry_after_ms   BIGINT
)
    COMMENT 'internal: charge the items of a batch, quota type by quota type.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_by_product       BOOLEAN;
    DECLARE v_product_code     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_products         JSON;
    DECLARE v_amount           DECIMAL(25);
    DECLARE v_is_last          BOOLEAN DEFAULT FALSE;
    DECLARE v_quota_id         BIGINT UNSIGNED;
    DECLARE v_used_count       BIGINT;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_left             BIGINT;       -- of this type's tightest limit
    DECLARE v_least            BIGINT;       -- of the limit that is shown
    DECLARE v_part             VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'PART';
    DECLARE v_parts            TEXT       CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_hold_id          CHAR(36)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_is_last = TRUE;
    DECLARE EXIT HANDLER FOR 1062 SET p_status = NULL;  -- a key was charged before

    WITH RECURSIVE level AS (
        SELECT p_tenant_id AS tenant_id, 1 AS depth
        UNION ALL
        SELECT t.parent_tenant_id, level.depth + 1
        FROM level
        JOIN tenants AS t ON t.tenant_id = level.tenant_id
        WHERE t.parent_tenant_id IS NOT NULL AND level.depth < 64)
    SELECT COUNT(*) > 0 INTO v_by_product
    FROM level
    JOIN tenant_quotas AS q ON q.tenant_id = level.tenant_id
    WHERE q.enforcement = 'SHADOW' AND q.product_codes IS NOT NULL;

    SET p_quota_type = '', p_status = IF(p_is_replay, 'REPLAYED', 'GRANTED');
    each_group: LOOP
        SELECT quota_type, IF(v_by_product, product_code, NULL) AS product, LEAST(SUM(amount), 9223372036854775807),
               JSON_ARRAYAGG(product_code)
        INTO p_quota_type, v_product_code, v_amount, v_products
        FROM JSON_TABLE(p_items, '$[*]' COLUMNS (
            quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
            amount        BIGINT PATH '$.amount',
            product_code  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')) AS i
        WHERE quota_type > p_quota_type OR v_by_product AND quota_type = p_quota_type
                                           AND COALESCE(product_code, '') > COALESCE(v_product_code, '')
        GROUP BY quota_type, product
        ORDER BY quota_type, product
        LIMIT 1;
        IF v_is_last THEN
            LEAVE each_group;
        ELSEIF p_is_replay THEN
            SAVEPOINT tenant_quota_part;
            CALL sort_out_quota_call('SETTLE', 'HOURLY,DAILY,WEEKLY,MONTHLY,QUARTERLY,YEARLY,TOTAL,RATE', p_tenant_id,
                                     p_quota_type, 0, NULL, NULL, NULL, v_part, 1, v_parts, v_hold_id, v_parts,
                                     v_quota_id, v_used_count, v_next_reset_time, v_left);
        ELSE
            CALL charge_quota('BATCH', p_tenant_id, p_quota_type, v_amount, NULL, NULL, v_products, v_hold_id,
                              NULL, NULL, TRUE, v_part, p_status, v_quota_id, v_used_count, v_next_reset_time,
                              p_retry_after_ms);
            IF p_status <> 'GRANTED' THEN
                SET p_quota_id = v_quota_id, p_used_count = v_used_count, p_next_reset_time = v_next_reset_time;
                LEAVE each_group;
            END IF;
            CALL record_quota_items(p_tenant_id, p_quota_type, v_by_product, v_product_code, v_amount, p_items);
        END IF;

        SET v_left = NULL;
        SELECT hard_limit - v_used_count INTO v_left FROM tenant_quotas WHERE quota_id = v_quota_id;
        IF p_quota_id IS NULL OR v_left < v_least THEN
            SET p_quota_id = v_quota_id, p_used_count = v_used_count, p_next_reset_time = v_next_reset_time,
                v_least = v_left;
        END IF;
        SET v_is_last = FALSE;
    END LOOP;
END
