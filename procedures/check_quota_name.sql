-- check_quota_name: internal: refuse an identifier that is NULL or blank.
--
--   p_parameter   the name of the parameter, for the message
--   p_value       what was given for it
--
-- Raises   45001 invalid_argument
-- Source   DESIGN, section 3
-- Example  CALL check_quota_name('p_tenant_id', p_tenant_id);

CREATE PROCEDURE check_quota_name (
    IN p_parameter  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_value      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: refuse an identifier that is NULL or blank.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_message VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

    IF p_value IS NULL OR TRIM(p_value) = '' THEN
        SET v_message = CONCAT('invalid_argument: ', p_parameter,
                               IF(p_value IS NULL, ' is NULL', ' is blank'), '; name one');
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_message;
    END IF;
END
