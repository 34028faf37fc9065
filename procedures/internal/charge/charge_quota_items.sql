-- charge_quota_items: internal: charge the items of a batch, quota type by quota type.
--
-- charge_quota takes the sum of a type's items. After all types each item gets a ledger row for each counted limit that
-- was charged; by product at once, for a period may end between two. The caller has opened the transaction, and undoes
-- all denials.
--
--   p_tenant_id, p_items   whose batch, and the items to charge (of read_quota_items)
--   p_by_product   TRUE: each product by itself, for the sake of a SHADOW limit that is for some only
--   p_is_replay    TRUE: all of them were charged before; only settle and show the limits
--   p_status       GRANTED, REPLAYED, a denial; NULL: one of the keys was charged before
--   p_quota_type   of the denial
--   p_quota_id, p_used_count   of the tightest limit: enforced before SHADOW, counted before RATE
--
-- Source   docs/design.md, sections 2 and 3

CREATE PROCEDURE charge_quota_items (
    IN  p_tenant_id   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_items       JSON,
    IN  p_by_product  BOOLEAN,
    IN  p_is_replay   BOOLEAN,
    OUT p_status      VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_quota_type  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_quota_id    BIGINT UNSIGNED,
    OUT p_used_count  BIGINT
)
    COMMENT 'internal: charge the items of a batch, quota type by quota type.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_product_code     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_products         JSON;
    DECLARE v_is_last          BOOLEAN DEFAULT FALSE;
    DECLARE v_quota_id         BIGINT UNSIGNED;
    DECLARE v_amount, v_used_count, v_figure, v_none  BIGINT;  -- none: always NULL
    DECLARE v_time             DATETIME;
    DECLARE v_rank, v_least    DECIMAL(30);  -- of this type's tightest limit; of the one that is shown
    DECLARE v_part             VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'PART';
    DECLARE v_charged          JSON DEFAULT JSON_ARRAY();  -- ids of the limits whose rows are to be written
    DECLARE v_ignored, v_ids   LONGTEXT   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_kinds            VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
                               DEFAULT 'HOURLY,DAILY,WEEKLY,MONTHLY,QUARTERLY,YEARLY,TOTAL,RATE';
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_is_last = TRUE;
    DECLARE EXIT HANDLER FOR 1062 SET p_status = NULL;  -- a key was charged before

    SET p_quota_type = '', p_status = IF(p_is_replay, 'REPLAYED', 'GRANTED');
    each_group: LOOP
        SELECT quota_type, IF(p_by_product, product_code, NULL) AS product, LEAST(SUM(amount), 9223372036854775807),
               JSON_ARRAYAGG(product_code)
        INTO p_quota_type, v_product_code, v_amount, v_products
        FROM JSON_TABLE(p_items, '$[*]' COLUMNS (
            amount        BIGINT PATH '$.amount',
            quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
            product_code  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')) AS i
        WHERE quota_type > p_quota_type OR p_by_product AND quota_type = p_quota_type
                                           AND COALESCE(product_code, '') > COALESCE(v_product_code, '')
        GROUP BY quota_type, product
        ORDER BY quota_type, product LIMIT 1;
        IF p_is_replay AND NOT v_is_last THEN
            SAVEPOINT tenant_quota_part;
            CALL sort_out_quota_call('SETTLE', v_kinds, p_tenant_id, p_quota_type, 0, NULL, NULL, NULL, v_part, 1,
                                     v_ignored, v_ignored, v_ignored, v_ignored, v_figure, v_time, v_figure);
            CALL finish_quota_charge('BATCH', v_kinds, p_tenant_id, p_quota_type, 0, NULL, NULL, NULL, v_ids, NULL,
                                     NULL, v_part, 64, NULL, v_none, v_quota_id, v_used_count);  -- in force or not
        ELSEIF NOT v_is_last THEN
            CALL charge_quota('BATCH', p_tenant_id, p_quota_type, v_amount, NULL, NULL, v_products, v_ids,
                              NULL, NULL, TRUE, v_part, p_status, v_quota_id, v_used_count, v_time, v_figure);
            IF p_status <> 'GRANTED' THEN
                LEAVE each_group;
            END IF;
            SET v_charged = JSON_MERGE_PRESERVE(v_charged, COALESCE(CAST(v_ids AS JSON), JSON_ARRAY(v_quota_id)));
        END IF;
        IF p_status = 'GRANTED' AND v_is_last <> p_by_product THEN  -- at the end: rows that are undone leave gap locks
            INSERT INTO quota_usage_records
                (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type, product_code,
                 period_start, origin_tenant_id, created_at)
            SELECT q.quota_id, q.tenant_id, 'CONSUME', i.amount, IF(q.slot_count = 0, q.used_count - COALESCE(
                       SUM(i.amount) OVER (PARTITION BY q.quota_id ORDER BY i.n
                                           ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), 0), NULL),
                   i.biz_id, i.biz_type, i.product_code, q.period_start, IF(q.tenant_id = p_tenant_id, '', p_tenant_id),
                   UTC_TIMESTAMP(6)
            FROM JSON_TABLE(v_charged, '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$')) AS c
            STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = c.id
            STRAIGHT_JOIN JSON_TABLE(p_items, '$[*]' COLUMNS (
                n INT PATH '$.n', amount BIGINT PATH '$.amount',
                quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
                biz_type      VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_type',
                biz_id        VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_id',
                product_code  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')) AS i
                ON i.quota_type = q.quota_type
            WHERE NOT FIND_IN_SET(q.limit_type, 'RATE')
              AND (NOT p_by_product OR i.quota_type = p_quota_type AND i.product_code <=> v_product_code);
            SET v_charged = JSON_ARRAY();
        END IF;
        IF v_is_last THEN
            LEAVE each_group;
        END IF;

        SET v_rank = NULL;
        SELECT (2 * (enforcement = 'SHADOW') + (limit_type = 'RATE')) * 100000000000000000000
               + hard_limit - COALESCE(v_used_count, used_count) INTO v_rank
        FROM tenant_quotas WHERE quota_id = v_quota_id;
        IF p_quota_id IS NULL OR v_rank < v_least THEN
            SET p_quota_id = v_quota_id, p_used_count = v_used_count, v_least = v_rank;
        END IF;
        SET v_is_last = FALSE, v_quota_id = NULL, v_ids = NULL;
    END LOOP;
END
