-- check_quota_number: internal: refuse a number that is NULL or below its least value.
--
--   p_parameter   the name of the parameter, for the message
--   p_value       what was given for it
--   p_least       the least value that makes sense
--
-- Raises   45001 invalid_argument
-- Source   DESIGN, section 3
-- Example  CALL check_quota_number('p_amount', p_amount, 1);

CREATE PROCEDURE check_quota_number (
    IN p_parameter  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_value      BIGINT,
    IN p_least      BIGINT
)
    COMMENT 'internal: refuse a number that is NULL or below its least value.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_message VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

    IF p_value IS NULL OR p_value < p_least THEN
        SET v_message = CONCAT('invalid_argument: ', p_parameter, ' must be at least ', p_least,
                               ', not ', COALESCE(p_value, 'NULL'));
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_message;
    END IF;
END
