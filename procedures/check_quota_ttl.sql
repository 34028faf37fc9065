-- check_quota_ttl: internal: refuse a time to live that is none, or longer than a year.
--
--   p_ttl_seconds   what was given for it
--
-- Raises   45001 invalid_argument
-- Source   DESIGN, section 3
-- Example  CALL check_quota_ttl(p_ttl_seconds);

CREATE PROCEDURE check_quota_ttl (
    IN p_ttl_seconds  BIGINT
)
    COMMENT 'internal: refuse a time to live that is none, or longer than a year.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    CALL check_quota_number('p_ttl_seconds', p_ttl_seconds, 1);
    IF p_ttl_seconds > 31536000 THEN
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
            'invalid_argument: p_ttl_seconds must be at most 31536000, a year';
    END IF;
END
