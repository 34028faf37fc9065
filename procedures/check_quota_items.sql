-- check_quota_items: internal: refuse a batch that is malformed, naming its first bad item.
--
-- Types are looked at in the JSON itself: JSON_TABLE would turn what it cannot convert into NULL, and
-- so an item with a bad key into one without a key.
--
--   p_items   JSON text: an array of 1 to 1000 objects {quota_type, amount, biz_type, biz_id,
--             product_code}; the last three may be left out or null
--   p_parsed  the same items as a JSON array, each with its number n from 0
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
        SELECT n, problem INTO v_at, v_problem
        FROM (SELECT n, CASE
                     WHEN kind <> 'OBJECT' THEN 'must be an object'
                     WHEN has_more THEN 'has a key that is not known to consume_quota_batch'
                     WHEN NOT COALESCE(quota_type_kind = 'STRING' AND TRIM(quota_type) <> ''
                                       AND CHAR_LENGTH(quota_type) <= 32, FALSE)
                         THEN 'needs a quota_type of 1 to 32 characters'
                     WHEN NOT COALESCE(amount_kind IN ('INTEGER', 'UNSIGNED INTEGER')
                                       AND CAST(amount AS DECIMAL(65)) BETWEEN 1 AND 9223372036854775807, FALSE)
                         THEN 'needs an amount that is a whole number of at least 1'
                     WHEN biz_id_kind <> 'NULL' AND NOT (biz_id_kind = 'STRING' AND TRIM(biz_id) <> ''
                                                         AND CHAR_LENGTH(biz_id) <= 128)
                         THEN 'has a biz_id that is no text, blank or longer than 128 characters'
                     WHEN biz_id_kind <> 'NULL' AND NOT COALESCE(biz_type_kind = 'STRING' AND TRIM(biz_type) <> '',
                                                                   FALSE)
                          OR biz_type_kind NOT IN ('NULL', 'STRING') OR CHAR_LENGTH(biz_type) > 32
                         THEN 'needs a biz_type of 1 to 32 characters beside its biz_id'
                     WHEN product_code_kind <> 'NULL' AND NOT (product_code_kind = 'STRING' AND TRIM(product_code) <> ''
                                                               AND CHAR_LENGTH(product_code) <= 64)
                         THEN 'has a product_code that is no text, blank or longer than 64 characters'
                     END AS problem
              FROM (SELECT place - 1 AS n, amount,
                           JSON_TYPE(whole) COLLATE utf8mb4_0900_bin AS kind,
                           JSON_LENGTH(JSON_REMOVE(whole, '$.quota_type', '$.amount', '$.biz_type', '$.biz_id',
                                                   '$.product_code')) > 0 AS has_more,
                           JSON_TYPE(amount) COLLATE utf8mb4_0900_bin AS amount_kind,
                           JSON_TYPE(quota_type) COLLATE utf8mb4_0900_bin AS quota_type_kind,
                           JSON_TYPE(biz_type) COLLATE utf8mb4_0900_bin AS biz_type_kind,
                           JSON_TYPE(biz_id) COLLATE utf8mb4_0900_bin AS biz_id_kind,
                           JSON_TYPE(product_code) COLLATE utf8mb4_0900_bin AS product_code_kind,
                           JSON_UNQUOTE(quota_type) COLLATE utf8mb4_0900_bin AS quota_type,
                           JSON_UNQUOTE(biz_type) COLLATE utf8mb4_0900_bin AS biz_type,
                           JSON_UNQUOTE(biz_id) COLLATE utf8mb4_0900_bin AS biz_id,
                           JSON_UNQUOTE(product_code) COLLATE utf8mb4_0900_bin AS product_code
                    FROM JSON_TABLE(p_parsed, '$[*]' COLUMNS (
                        place         FOR ORDINALITY,
                        whole         JSON PATH '$',
                        amount        JSON PATH '$.amount',
                        quota_type    JSON PATH '$.quota_type',
                        biz_type      JSON PATH '$.biz_type',
                        biz_id        JSON PATH '$.biz_id',
                        product_code  JSON PATH '$.product_code')) AS item) AS typed) AS judged
        WHERE problem IS NOT NULL
        ORDER BY n
        LIMIT 1;
        SET v_problem = CONCAT('p_items[', v_at, '] ', v_problem);
    END IF;

    IF v_problem IS NOT NULL THEN
        SET v_problem = CONCAT('invalid_argument: ', v_problem);
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_problem;
    END IF;
    SELECT JSON_ARRAYAGG(JSON_INSERT(whole, '$.n', place - 1)) INTO p_parsed
    FROM JSON_TABLE(p_parsed, '$[*]' COLUMNS (place FOR ORDINALITY, whole JSON PATH '$')) AS item;
END
