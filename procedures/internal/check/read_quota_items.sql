-- read_quota_items: internal: read the items of a batch, and leave out those that were charged before.
--
-- It refuses a batch that is malformed, naming its first bad item. A JSON schema looks at the types: JSON_TABLE would
-- turn what it cannot convert into NULL, and so an item with a bad key into one without a key. A key that stands
-- twice in the batch counts once. The ledger is read under a shared lock, because the caller's snapshot may be older
-- than the first charge. At REPEATABLE READ that locks the gaps where keys are missing: lock the quotas first.
--
--   p_items      JSON text, as in consume_quota_batch
--   p_tenant_id  look for the keys in its ledger and its ancestors'; NULL: do not look
--   p_fresh      the items to charge as a JSON array, each with its number n, from 0, in p_items; NULL: none
--
-- Raises   45001 invalid_argument; 45002 key_reused for a key of another amount, product or operation
-- Source   docs/design.md, section 3

CREATE PROCEDURE read_quota_items (
    IN  p_items      LONGTEXT    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_tenant_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_fresh      JSON
)
    COMMENT 'internal: read the items of a batch, and leave out those that were charged before.'
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_report, v_known  JSON;  -- known: the numbers of the items that are in the ledger
    DECLARE v_place, v_rule, v_problem  TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;  -- place: #/7/amount
    DECLARE v_at      INT;

    IF p_items IS NULL OR NOT JSON_VALID(p_items) THEN
        SET v_problem = IF(p_items IS NULL, 'p_items is NULL', 'p_items is malformed JSON');
    ELSE
        SET p_fresh = p_items;
        SET v_report = JSON_SCHEMA_VALIDATION_REPORT('{
            "type": "array", "minItems": 1, "maxItems": 1000, "items": {
                "type": "object", "additionalProperties": false, "required": ["quota_type", "amount"],
                "properties": {
                    "quota_type":   {"type": "string", "maxLength": 32, "pattern": "[^ ]"},
                    "amount":       {"type": "integer", "minimum": 1, "maximum": 9223372036854775807},
                    "biz_type":     {"type": ["string", "null"], "maxLength": 32},
                    "biz_id":       {"type": ["string", "null"], "maxLength": 128, "pattern": "[^ ]"},
                    "product_code": {"type": ["string", "null"], "maxLength": 64, "pattern": "[^ ]"}},
                "anyOf": [
                    {"properties": {"biz_id": {"type": "null"}}},
                    {"properties": {"biz_type": {"type": "string", "pattern": "[^ ]"}}, "required": ["biz_type"]}]}}',
            p_fresh);
        SET v_place = JSON_UNQUOTE(JSON_EXTRACT(v_report, '$."document-location"'));
    END IF;
    IF v_place = '#' THEN
        SET v_problem = 'p_items must be an array of 1 to 1000 items';
    ELSEIF v_place IS NOT NULL THEN
        SET v_at = SUBSTRING_INDEX(SUBSTRING_INDEX(v_place, '/', 2), '/', -1),
            v_rule = JSON_UNQUOTE(JSON_EXTRACT(v_report, '$."schema-failed-keyword"'));
        SET v_problem = CONCAT('p_items[', v_at, '] ', CASE
            WHEN v_rule = 'additionalProperties' THEN 'has a key that is not known to consume_quota_batch'
            WHEN v_rule = 'required' AND JSON_CONTAINS_PATH(p_fresh, 'one', CONCAT('$[', v_at, '].quota_type'))
                OR v_place LIKE '%/amount' THEN 'needs an amount that is a whole number of at least 1'
            WHEN v_rule = 'required' OR v_place LIKE '%/quota_type' THEN 'needs a quota_type of 1 to 32 characters'
            WHEN v_place LIKE '%/biz_id' THEN 'has a biz_id that is no text, blank or longer than 128 characters'
            WHEN v_place LIKE '%/product_code' THEN 'has a product_code that is no text, blank or over 64 characters'
            WHEN v_rule = 'type' AND v_place NOT LIKE '#/%/%' THEN 'must be an object'
            ELSE 'needs a biz_type of 1 to 32 characters beside its biz_id' END);
    END IF;
    IF v_problem IS NOT NULL THEN
        SET v_problem = CONCAT('invalid_argument: ', v_problem);
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_problem;
    END IF;

    SELECT MIN(IF(is_reused, last_n, NULL)), JSON_ARRAYAGG(JSON_INSERT(whole, '$.n', n)) INTO v_at, p_fresh
    FROM (SELECT MIN(place) - 1 AS n, MAX(place) - 1 AS last_n, ANY_VALUE(whole) AS whole,
                 MIN(amount) < MAX(amount)
                 OR MIN(COALESCE(product_code, '')) < MAX(COALESCE(product_code, '')) AS is_reused
          FROM JSON_TABLE(p_fresh, '$[*]' COLUMNS (
              place FOR ORDINALITY, whole JSON PATH '$', amount BIGINT PATH '$.amount',
              quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
              biz_type      VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_type',
              biz_id        VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_id',
              product_code  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')) AS item
          GROUP BY quota_type, biz_type, biz_id, IF(biz_id IS NULL, place, 0)) AS by_key;
    IF v_at IS NULL AND p_tenant_id IS NOT NULL THEN
        WITH RECURSIVE level (tenant_id, depth) AS (
            SELECT p_tenant_id, 1
            UNION ALL (SELECT t.parent_tenant_id, depth + 1
                       FROM level STRAIGHT_JOIN tenants AS t FORCE INDEX (PRIMARY) ON t.tenant_id = level.tenant_id
                       WHERE t.parent_tenant_id IS NOT NULL AND depth < 64 FOR SHARE OF t))
        SELECT JSON_ARRAYAGG(i.n), MIN(IF(r.delta_value = i.amount AND r.reservation_id IS NULL AND (
                   r.product_code <=> i.product_code OR r.product_code IS NULL AND r.period_start IS NULL
                                                        AND q.limit_type <> 'TOTAL'), NULL, i.n))
        INTO v_known, v_at
        FROM level STRAIGHT_JOIN JSON_TABLE(p_fresh, '$[*]' COLUMNS (
            n INT PATH '$.n', amount BIGINT PATH '$.amount',
            quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
            biz_type      VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_type',
            biz_id        VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_id',
            product_code  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')) AS i
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
            ON q.tenant_id = level.tenant_id AND q.quota_type = i.quota_type
        STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
            ON r.quota_id = q.quota_id AND r.biz_type = i.biz_type AND r.biz_id = i.biz_id
            AND r.operation_type = 'CONSUME' AND r.refund_id = ''
            AND r.origin_tenant_id = IF(level.tenant_id = p_tenant_id, '', p_tenant_id) FOR SHARE OF r;
        SELECT JSON_ARRAYAGG(whole) INTO p_fresh
        FROM JSON_TABLE(p_fresh, '$[*]' COLUMNS (whole JSON PATH '$', n INT PATH '$.n')) AS item
        LEFT JOIN (SELECT DISTINCT known_n FROM JSON_TABLE(v_known, '$[*]' COLUMNS (known_n INT PATH '$')) AS each_n
                  ) AS known ON known_n = n
        WHERE known_n IS NULL;
    END IF;
    IF v_at IS NOT NULL THEN
        SET v_problem = CONCAT('key_reused: the key of p_items[', v_at,
                               '] is of another amount, product or operation; use a key of its own');
        SIGNAL SQLSTATE '45002' SET MESSAGE_TEXT = v_problem;
    END IF;
END
