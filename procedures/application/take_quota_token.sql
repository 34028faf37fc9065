-- take_quota_token: take one token of a tenant's concurrency and rate limits, answered with a row.
--
-- As acquire_quota_token, without its OUT parameter: that is lost where a proxy sends the CALL to one server and the
-- SELECT after it to another. Give a CONCURRENT token back by return_quota_token.
--
--   p_tenant_id, p_quota_type   who takes a token of what
--
-- Answers  one row, as consume_quota; retry_after_ms of a CONCURRENT limit: until the first of the leases that hold
--          tokens lapses, NULL where only tokens without an end hold them
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   docs/design.md, sections 1 to 3
-- Example  CALL take_quota_token('CH_123', 'REDEEM_CODE');

CREATE PROCEDURE take_quota_token (
    IN p_tenant_id   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Take one token of a tenant''s concurrency and rate limits, answered with a row.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_status, v_transaction, v_ignored  VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id  BIGINT UNSIGNED;
    DECLARE v_used_count, v_retry_after_ms  BIGINT;
    DECLARE v_next_reset_time  DATETIME;

    CALL charge_quota('TOKEN', p_tenant_id, p_quota_type, 1, NULL, NULL, NULL, v_ignored, NULL, NULL, TRUE,
                      v_transaction, v_status, v_quota_id, v_used_count, v_next_reset_time, v_retry_after_ms);
    SELECT v_status = 'GRANTED' AS success, v_status AS status, v_quota_id AS quota_id, q.limit_type, q.hard_limit,
           v_used_count AS used_count, GREATEST(IF(q.limit_type = 'CONCURRENT', COALESCE(q.concurrent_tokens, 0),
                                                   q.hard_limit) - v_used_count, 0) AS remaining, q.next_reset_time,
           COALESCE(v_retry_after_ms, (
               SELECT GREATEST(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), MIN(f.expires_at)) DIV 1000 + 1, 1)
               FROM quota_reservations AS f
               WHERE v_status = 'EXCEEDED' AND q.concurrent_tokens > 0 AND f.quota_id = q.quota_id
                 AND f.status = 'HELD')) AS retry_after_ms, v_transaction AS `transaction`
    FROM (SELECT 1) AS one LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id;
END
