-- check_quota_number: internal: refuse a number that is NULL, has a fraction or is out of range.
--
-- A procedure whose parameter is a BIGINT never sees a fraction: the server rounds it first. So
-- a public one takes DECIMAL(40,10) where a slip would be charged for.
--
--   p_parameter   the name of the parameter, for the message
--   p_value       what was given for it
--   p_least       the least value that makes sense
--   p_most        the greatest; 9223372036854775807 where none is
--
-- Raises   45001 invalid_argument
-- Source   DESIGN, section 3
-- Example  CALL check_quota_number('p_amount', p_amount, 1, 9223372036854775807);

CREATE PROCEDURE check_quota_number (
    IN p_parameter  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_value      DECIMAL(40,10),
    IN p_least      BIGINT,
    IN p_most       BIGINT
)
    COMMENT 'internal: refuse a number that is NULL, has a fraction or is out of range.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_message VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

    IF NOT COALESCE(p_value BETWEEN p_least AND p_most AND p_value = FLOOR(p_value), FALSE) THEN
        SET v_message = CONCAT('invalid_argument: ', p_parameter, CASE
            WHEN p_value > p_most THEN CONCAT(' must be at most ', p_most)
            WHEN p_value >= p_least THEN ' must be a whole number'
            ELSE CONCAT(' must be at least ', p_least)
        END, ', not ', COALESCE(TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM p_value)), 'NULL'));
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_message;
    END IF;
END
