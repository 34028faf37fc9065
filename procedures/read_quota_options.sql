-- read_quota_options: internal: check define_quota's options, and lay them over a definition.
--
-- An option left out keeps its value; JSON null goes back to the default. A name that is not
-- known, or that this limit type has no use for, is refused: a slip must not pass for a setting.
--
--   p_limit_type   of the quota
--   p_options      JSON text, or NULL
--   p_definition   as describe_quota gives it, then with the options
--
-- Raises   45001 invalid_argument, naming the option
-- Source   DESIGN, sections 2 and 3
-- Example  CALL read_quota_options('DAILY', '{"slot_count": 8}', v_definition);

CREATE PROCEDURE read_quota_options (
    IN    p_limit_type  VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_options     LONGTEXT    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_definition  JSON
)
    COMMENT 'internal: check define_quota''s options, and lay them over a definition.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_names    JSON;
    DECLARE v_name     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_path     VARCHAR(600) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_value    JSON;
    DECLARE v_type     VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;  -- of the value; NULL: JSON null
    DECLARE v_text     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_number   DECIMAL(40,6);
    DECLARE v_time     DATETIME;
    DECLARE v_problem  VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_at       INT DEFAULT 0;

    IF NOT JSON_VALID(p_options) THEN
        SET v_problem = 'p_options is malformed JSON';
    ELSEIF p_options IS NOT NULL THEN
        SET v_type = JSON_TYPE(p_options);
        SET v_names = IF(v_type = 'OBJECT', JSON_KEYS(p_options), NULL);
        SET v_problem = IF(v_type <> 'OBJECT', 'p_options must be a JSON object', NULL);
    END IF;

    WHILE v_problem IS NULL AND v_at < COALESCE(JSON_LENGTH(v_names), 0) DO
        SET v_name = LEFT(JSON_UNQUOTE(JSON_EXTRACT(v_names, CONCAT('$[', v_at, ']'))), 64);
        SET v_path = JSON_QUOTE(v_name);
        SET v_path = CONCAT('$.', v_path);
        SET v_value = JSON_EXTRACT(p_options, v_path);
        SET v_type = JSON_TYPE(v_value);
        SET v_type = NULLIF(v_type, 'NULL');
        SET v_text = IF(v_type = 'STRING', LEFT(JSON_UNQUOTE(v_value), 64), NULL);
        SET v_time = NULL;
        BEGIN
            DECLARE CONTINUE HANDLER FOR 1292 BEGIN END;
            SET v_time = CAST(v_text AS DATETIME);
        END;
        SET v_number = IF(v_type IN ('INTEGER', 'UNSIGNED INTEGER', 'DECIMAL', 'DOUBLE')
                          AND ABS(v_value) < 1000000000000, v_value, NULL);

        CASE
            WHEN v_name IN ('effective_time', 'expire_time', 'period_anchor') THEN
                SET p_definition = JSON_SET(p_definition, v_path, v_time);
                SET v_problem = CASE
                    WHEN v_name = 'period_anchor' AND p_limit_type IN ('TOTAL', 'RATE', 'CONCURRENT')
                        THEN 'is for limits with periods'
                    WHEN v_type IS NOT NULL AND v_time IS NULL THEN 'must be a date and time'
                END;
            WHEN v_name = 'product_codes' THEN
                SET p_definition = JSON_SET(p_definition, v_path, v_value);
                SET v_problem = IF(v_type <> 'ARRAY', 'must be an array of product codes', NULL);
            WHEN v_name = 'refill_per_second' THEN
                SET p_definition = JSON_SET(p_definition, v_path, v_number);
                SET v_problem = CASE
                    WHEN p_limit_type <> 'RATE' THEN 'is for RATE limits'
                    WHEN COALESCE(v_number, 0) <= 0 THEN 'must be a number of tokens above 0'
                END;
            WHEN v_name = 'enforcement' THEN
                SET p_definition = JSON_SET(p_definition, v_path, COALESCE(v_text, 'ENFORCE'));
                SET v_problem = IF(v_type IS NOT NULL AND NOT COALESCE(v_text IN ('ENFORCE', 'SHADOW'), FALSE),
                                   'must be ENFORCE or SHADOW', NULL);
            WHEN v_name = 'slot_count' THEN
                SET p_definition = JSON_SET(p_definition, v_path, CAST(COALESCE(v_number, 0) AS SIGNED));
                SET v_problem = CASE
                    WHEN p_limit_type IN ('RATE', 'CONCURRENT') THEN 'is for counted limits'
                    WHEN v_type IS NOT NULL AND NOT COALESCE(v_number BETWEEN 0 AND 1024
                                                             AND v_number = FLOOR(v_number), FALSE) THEN
                        'must be a whole number from 0 to 1024'
                END;
            ELSE
                SET v_problem = 'is not known to define_quota';
        END CASE;
        SET v_problem = CONCAT('option ', LEFT(v_name, 40), ' ', v_problem);
        SET v_at = v_at + 1;
    END WHILE;

    IF v_problem IS NULL AND p_limit_type = 'RATE' THEN
        SET v_type = JSON_TYPE(JSON_EXTRACT(p_definition, '$.refill_per_second'));
        SET v_problem = IF(v_type = 'NULL', 'a RATE limit needs the option refill_per_second', NULL);
    END IF;
    IF v_problem IS NULL
       AND JSON_EXTRACT(p_definition, '$.expire_time') <= JSON_EXTRACT(p_definition, '$.effective_time') THEN
        SET v_type = JSON_TYPE(JSON_EXTRACT(p_definition, '$.expire_time'));  -- JSON null is less than all others
        SET v_problem = IF(v_type = 'NULL', NULL, 'option expire_time must be after effective_time');
    END IF;
    IF v_problem IS NOT NULL THEN
        SET v_problem = CONCAT('invalid_argument: ', v_problem);
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_problem;
    END IF;
END
