-- convert_quota_time: internal: a tenant's wall clock at a moment.
--
--   p_time_zone  tenants.time_zone; SYSTEM is the server's own @@GLOBAL.time_zone, so that
--                NOW() of a session that keeps the default compares with _time columns
--   p_utc        the moment, UTC
--   p_local      the wall clock there
--
-- Raises   45001 invalid_argument for a zone the server does not know
-- Source   DESIGN, section 2
-- Example  CALL convert_quota_time('Asia/Shanghai', UTC_TIMESTAMP(6), v_local);

CREATE PROCEDURE convert_quota_time (
    IN  p_time_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_utc        DATETIME(6),
    OUT p_local      DATETIME(6)
)
    COMMENT 'internal: a tenant''s wall clock at a moment.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_message  VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

    SET p_local = CONVERT_TZ(p_utc, '+00:00', IF(p_time_zone = 'SYSTEM', @@GLOBAL.time_zone, p_time_zone));
    IF p_local IS NULL THEN
        SET v_message = CONCAT('invalid_argument: unknown time zone ', LEFT(p_time_zone, 32),
                               '; name a known one, or load the time zone tables');
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_message;
    END IF;
END
