-- check_quota_name: internal: refuse an identifier that is NULL, blank or too long.
--
-- Public procedures take wider parameters than the columns are: where the caller's
-- sql_mode is not strict, the server cuts an argument to its parameter without a word,
-- and two keys that begin alike would become one.
--
--   p_parameter   the name of the parameter, for the message
--   p_value       what was given for it
--   p_longest     characters at most
--
-- Raises   45001 invalid_argument
-- Source   DESIGN, section 3
-- Example  CALL check_quota_name('p_tenant_id', p_tenant_id, 64);

CREATE PROCEDURE check_quota_name (
    IN p_parameter  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_value      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_longest    INT
)
    COMMENT 'internal: refuse an identifier that is NULL, blank or too long.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_message VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

    IF p_value IS NULL OR TRIM(p_value) = '' OR CHAR_LENGTH(p_value) > p_longest THEN
        SET v_message = CONCAT('invalid_argument: ', p_parameter, CASE
            WHEN p_value IS NULL THEN ' is NULL; name one'
            WHEN TRIM(p_value) = '' THEN ' is blank; name one'
            ELSE CONCAT(' is longer than ', p_longest, ' characters; shorten it')
        END);
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_message;
    END IF;
END
