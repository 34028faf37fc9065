-- find_batch_replays: internal: the items of a batch that are still to be charged.
--
-- An item is left out where its key was charged before, or stands earlier in the same
-- batch. The ledger is read under a shared lock, because the caller's snapshot may be older
-- than the first charge; whoever else charges these limits waits for their rows' locks.
--
--   p_tenant_id   whose batch
--   p_items       as in consume_quota_batch, checked
--   p_limits      the limits of all its quota types, from find_quota_limits
--   p_fresh       JSON array of {number, quota_type, amount, biz_type, biz_id, product_code}
--
-- Raises   45002 key_reused for an item whose key was used for another amount or product
-- Source   DESIGN, section 3
-- Example  see charge_quota_batch

CREATE PROCEDURE find_batch_replays (
    IN  p_tenant_id   VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_items       JSON,
    IN  p_limits      JSON,
    OUT p_fresh       JSON
)
    COMMENT 'internal: the items of a batch that are still to be charged.'
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_known    JSON;
    DECLARE v_at       INT;
    DECLARE v_message  VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

    SELECT JSON_ARRAYAGG(JSON_OBJECT('number', i.number, 'is_same', r.delta_value = i.amount
                                     AND r.product_code <=> i.product_code AND r.reservation_id IS NULL))
    INTO v_known
    FROM JSON_TABLE(p_items, '$[*]' COLUMNS (
        number        FOR ORDINALITY,
        quota_type    VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
        amount        BIGINT PATH '$.amount',
        biz_type      VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_type',
        biz_id        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_id',
        product_code  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')) AS i
    STRAIGHT_JOIN JSON_TABLE(p_limits, '$[*]' COLUMNS (
        quota_id    BIGINT UNSIGNED PATH '$.quota_id',
        tenant_id   VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.tenant_id',
        quota_type  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type')) AS l
        ON l.quota_type = i.quota_type
    STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
        ON r.quota_id = l.quota_id AND r.biz_type = i.biz_type AND r.biz_id = i.biz_id
        AND r.operation_type = 'CONSUME' AND r.refund_id = ''
        AND r.origin_tenant_id = IF(l.tenant_id = p_tenant_id, '', p_tenant_id)
    FOR SHARE OF r;

    SELECT MIN(IF(judged.is_reused, judged.number, NULL)),
           JSON_ARRAYAGG(IF(judged.is_fresh, JSON_OBJECT(
               'number', judged.number, 'quota_type', judged.quota_type, 'amount', judged.amount,
               'biz_type', judged.biz_type, 'biz_id', judged.biz_id, 'product_code', judged.product_code), NULL))
    INTO v_at, p_fresh
    FROM (SELECT i.*,
                 k.is_same IS NULL AND (i.biz_id IS NULL OR i.number = i.first_number) AS is_fresh,
                 k.is_same = 0 OR (i.biz_id IS NOT NULL
                                   AND NOT (i.amount = i.first_amount
                                            AND i.product_code <=> i.first_product_code)) AS is_reused
          FROM (SELECT item.*,
                       FIRST_VALUE(number) OVER same_key AS first_number,
                       FIRST_VALUE(amount) OVER same_key AS first_amount,
                       FIRST_VALUE(product_code) OVER same_key AS first_product_code
                FROM JSON_TABLE(p_items, '$[*]' COLUMNS (
                    number        FOR ORDINALITY,
                    quota_type    VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
                    amount        BIGINT PATH '$.amount',
                    biz_type      VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_type',
                    biz_id        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_id',
                    product_code  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')
                ) AS item
                WINDOW same_key AS (PARTITION BY quota_type, biz_type, biz_id ORDER BY number)) AS i
          LEFT JOIN (SELECT number, MIN(is_same) AS is_same
                     FROM JSON_TABLE(COALESCE(v_known, JSON_ARRAY()), '$[*]' COLUMNS (
                         number   INT     PATH '$.number',
                         is_same  BOOLEAN PATH '$.is_same')) AS known
                     GROUP BY number) AS k ON k.number = i.number) AS judged;

    IF v_at IS NOT NULL THEN
        SET v_message = CONCAT('key_reused: the key of p_items[', v_at - 1,
                               '] is of another amount, product or operation; use a key of its own');
        SIGNAL SQLSTATE '45002' SET MESSAGE_TEXT = v_message;
    END IF;
END
