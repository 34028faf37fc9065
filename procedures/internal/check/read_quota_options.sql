-- read_quota_options: internal: check define_quota's options, and lay them over a definition.
--
-- An option left out keeps its value; JSON null goes back to the default. A name that is not known, or that this
-- limit type has no use for, is refused: a slip must not pass for a setting.
--
--   p_limit_type   of the quota
--   p_options      JSON text, or NULL
--   p_definition   a JSON object, with the default where a member is missing or null
--
-- Raises   45001 invalid_argument, naming the option
-- Source   docs/design.md, sections 2 and 3

CREATE PROCEDURE read_quota_options (
    IN    p_limit_type  VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_options     LONGTEXT    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_definition  JSON
)
    COMMENT 'internal: check define_quota''s options, and lay them over a definition.'
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_options, v_report  JSON;
    DECLARE v_name, v_rule, v_problem  TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

    IF NOT JSON_VALID(p_options) THEN
        SET v_problem = 'p_options is malformed JSON';
    ELSE
        SET v_options = COALESCE(p_options, '{}');
        SET v_report = JSON_SCHEMA_VALIDATION_REPORT(CONCAT(
            '{"type": "object", "additionalProperties": false, "properties": {',
            IF(p_limit_type IN ('TOTAL', 'RATE', 'CONCURRENT'), '', '"period_anchor": {"type": ["string", "null"]},'),
            IF(p_limit_type = 'RATE', '',
               '"slot_count": {"type": ["number", "null"], "minimum": 0, "maximum": 1024, "multipleOf": 1},'),
            IF(p_limit_type <> 'RATE', '',
               '"refill_per_second": {"type": "number", "minimum": 0.0000005, "maximum": 999999999999},'),
            '"effective_time": {"type": ["string", "null"]}, "expire_time": {"type": ["string", "null"]},
             "product_codes": {"type": ["array", "null"]}, "enforcement": {"enum": ["ENFORCE", "SHADOW", null]}}}'),
            v_options);
        SET v_name = SUBSTRING(JSON_UNQUOTE(JSON_EXTRACT(v_report, '$."document-location"')), 3, 40),  -- of #/name
            v_rule = JSON_UNQUOTE(JSON_EXTRACT(v_report, '$."schema-failed-keyword"'));
        SET v_problem = CASE
            WHEN v_rule = 'additionalProperties' THEN CONCAT('option ', v_name, ' is ', CASE v_name
                WHEN 'period_anchor' THEN 'for limits with periods'
                WHEN 'slot_count' THEN 'for counted and CONCURRENT limits'
                WHEN 'refill_per_second' THEN 'for RATE limits' ELSE 'not known to define_quota' END)
            WHEN v_name = '' THEN 'p_options must be a JSON object'
            ELSE CONCAT('option ', v_name, ' must be ', CASE v_name
                WHEN 'product_codes' THEN 'an array of product codes'
                WHEN 'refill_per_second' THEN 'a number of tokens above 0'
                WHEN 'enforcement' THEN 'ENFORCE or SHADOW'
                WHEN 'slot_count' THEN 'a whole number from 0 to 1024' ELSE 'a date and time' END) END;
    END IF;

    IF v_problem IS NULL THEN
        SET p_definition = JSON_MERGE_PATCH(p_definition, v_options);
        SELECT CASE
            WHEN effective IS NOT NULL AND effective_time IS NULL THEN 'option effective_time must be a date and time'
            WHEN expire IS NOT NULL AND expire_time IS NULL THEN 'option expire_time must be a date and time'
            WHEN anchor IS NOT NULL AND period_anchor IS NULL THEN 'option period_anchor must be a date and time'
            WHEN expire_time <= effective_time THEN 'option expire_time must be after effective_time'
            WHEN p_limit_type = 'RATE' AND refill IS NULL THEN 'a RATE limit needs the option refill_per_second' END
        INTO v_problem
        FROM JSON_TABLE(p_definition, '$' COLUMNS (
            effective JSON PATH '$.effective_time', effective_time DATETIME PATH '$.effective_time',
            expire JSON PATH '$.expire_time', expire_time DATETIME PATH '$.expire_time',
            anchor JSON PATH '$.period_anchor', period_anchor DATETIME PATH '$.period_anchor',
            refill JSON PATH '$.refill_per_second')) AS d;
    END IF;
    IF v_problem IS NOT NULL THEN
        SET v_problem = CONCAT('invalid_argument: ', v_problem);
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_problem;
    END IF;
END
