-- find_quota_wait: internal: how long it is until a tenant's wall clock shows a time.
--
--   p_time_zone       tenants.time_zone
--   p_now             UTC
--   p_until           tenant wall clock; NULL: never
--   p_retry_after_ms  milliseconds, rounded up, 0 or more; NULL: never
--
-- Raises   nothing
-- Source   DESIGN, section 3
-- Example  CALL find_quota_wait('Asia/Shanghai', UTC_TIMESTAMP(6), v_period_end, p_retry_after_ms);

CREATE PROCEDURE find_quota_wait (
    IN  p_time_zone       VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_now             DATETIME(6),
    IN  p_until           DATETIME(6),
    OUT p_retry_after_ms  BIGINT
)
    COMMENT 'internal: how long it is until a tenant''s wall clock shows a time.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_until  DATETIME(6) DEFAULT CONVERT_TZ(
        p_until, IF(p_time_zone = 'SYSTEM', @@GLOBAL.time_zone, p_time_zone), '+00:00');

    SET p_retry_after_ms = (GREATEST(TIMESTAMPDIFF(MICROSECOND, p_now, v_until), 0) + 999) DIV 1000;
END
