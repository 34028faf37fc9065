-- validate_quota_argument: internal: refuse a name or a number that no call can take.
--
-- Public procedures take wider parameters than the columns are, because a server that is not strict cuts an argument
-- to its parameter. They take DECIMAL(40,10) for an amount, because a BIGINT is rounded to.
--
--   p_parameter   the name of the parameter, for the message
--   p_value       what was given for it
--   p_least       the least number that makes sense; NULL: p_value is a name
--   p_most        the greatest number, 9223372036854775807 where there is none; of a name: characters
--
-- Raises   45001 invalid_argument
-- Source   docs/design.md, section 3

CREATE PROCEDURE validate_quota_argument (
    IN p_parameter  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_value      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_least      BIGINT,
    IN p_most       BIGINT
)
    COMMENT 'internal: refuse a name or a number that no call can take.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_number   DECIMAL(40,10) DEFAULT IF(p_least IS NULL, NULL, p_value);
    DECLARE v_message  VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT CASE
        WHEN p_least IS NULL THEN CASE
            WHEN p_value IS NULL THEN ' is NULL; name one'
            WHEN TRIM(p_value) = '' THEN ' is blank; name one'
            WHEN CHAR_LENGTH(p_value) > p_most THEN CONCAT(' is longer than ', p_most, ' characters; shorten it') END
        WHEN NOT COALESCE(v_number BETWEEN p_least AND p_most AND v_number = FLOOR(v_number), FALSE) THEN CONCAT(CASE
            WHEN v_number > p_most THEN CONCAT(' must be at most ', p_most)
            WHEN v_number >= p_least THEN ' must be a whole number'
            ELSE CONCAT(' must be at least ', p_least) END,
            ', not ', COALESCE(TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM v_number)), 'NULL')) END;

    IF v_message IS NOT NULL THEN
        SET v_message = CONCAT('invalid_argument: ', p_parameter, v_message);
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_message;
    END IF;
END
