-- check_quota_items: internal: refuse a batch that is malformed, naming its first bad item.
--
--   p_items   JSON text: an array of 1 to 1000 objects {quota_type, amount, biz_type, biz_id,
--             product_code}; the last three may be left out or null
--   p_parsed  the same as JSON, which need not be parsed again
--
-- Raises   45001 invalid_argument
-- Source   DESIGN, section 3
-- Example  CALL check_quota_items('[{"quota_type": "REDEEM_CODE", "amount": 1}]', v_items);

CREATE PROCEDURE check_quota_items (
    IN  p_items   LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_parsed  JSON
)
    COMMENT 'internal: refuse a batch that is malformed, naming its first bad item.'
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_type     VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_at       INT;
    DECLARE v_problem  VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    IF p_items IS NULL OR NOT JSON_VALID(p_items) THEN
        SET v_problem = IF(p_items IS NULL, 'p_items is NULL', 'p_items is malformed JSON');
    ELSE
        SET p_parsed = p_items;
        SET v_type = JSON_TYPE(p_parsed);
        IF v_type <> 'ARRAY' OR JSON_LENGTH(p_parsed) NOT BETWEEN 1 AND 1000 THEN
            SET v_problem = 'p_items must be an array of 1 to 1000 items';
        END IF;
    END IF;

    IF v_problem IS NULL THEN
        SELECT judged.item_index, judged.problem INTO v_at, v_problem
        FROM (SELECT number - 1 AS item_index,
                     CASE
                         WHEN JSON_TYPE(whole) COLLATE utf8mb4_0900_bin <> 'OBJECT'
                             THEN 'must be an object'
                         WHEN JSON_LENGTH(JSON_REMOVE(whole, '$.quota_type', '$.amount', '$.biz_type', '$.biz_id',
                                                      '$.product_code')) > 0
                             THEN 'has a key that is not known to consume_quota_batch'
                         WHEN quota_type IS NULL OR TRIM(quota_type) = '' OR CHAR_LENGTH(quota_type) > 32
                             THEN 'needs a quota_type of 1 to 32 characters'
                         WHEN amount IS NULL OR amount < 1 OR NOT COALESCE(
                             JSON_TYPE(JSON_EXTRACT(whole, '$.amount')) COLLATE utf8mb4_0900_bin LIKE '%INTEGER', FALSE)
                             THEN 'needs an amount that is a whole number of at least 1'
                         WHEN biz_id IS NOT NULL AND (TRIM(biz_id) = '' OR CHAR_LENGTH(biz_id) > 64)
                             THEN 'has a biz_id that is blank or longer than 64 characters'
                         WHEN biz_id IS NOT NULL AND (biz_type IS NULL OR TRIM(biz_type) = '')
                             OR CHAR_LENGTH(biz_type) > 32
                             THEN 'needs a biz_type of 1 to 32 characters beside its biz_id'
                         WHEN TRIM(product_code) = '' OR CHAR_LENGTH(product_code) > 64
                             THEN 'has a product_code that is blank or longer than 64 characters'
                     END AS problem
              FROM JSON_TABLE(p_parsed, '$[*]' COLUMNS (
                  number        FOR ORDINALITY,
                  whole         JSON PATH '$',
                  quota_type    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
                  amount        BIGINT PATH '$.amount',
                  biz_type      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_type',
                  biz_id        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_id',
                  product_code  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')
              ) AS item) AS judged
        WHERE judged.problem IS NOT NULL
        ORDER BY judged.item_index
        LIMIT 1;
        SET v_problem = CONCAT('p_items[', v_at, '] ', v_problem);
    END IF;

    IF v_problem IS NOT NULL THEN
        SET v_problem = CONCAT('invalid_argument: ', v_problem);
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_problem;
    END IF;
END
