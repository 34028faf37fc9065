-- acquire_quota_lease: take one token of a tenant's concurrency limits, until a time.
--
-- For a holder that may crash: the token comes back when the lease lapses, at once for the next acquirer and without
-- waiting for the sweep. Every CONCURRENT limit of the quota type, the tenant's own and its ancestors', all or
-- nothing. Tokens share it.
--
--   p_tenant_id, p_quota_type   who takes a token of what
--   p_holder        who holds it, for people and monitoring
--   p_ttl_seconds   seconds until it lapses, 1 to 31536000; renew it in time
--
-- Answers  one row, as consume_quota, then lease_id, expires_at (UTC) and expires_in_ms; retry_after_ms: until the
--          first of the leases that hold the tokens lapses
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   docs/design.md, sections 2 and 3
-- Example  CALL acquire_quota_lease('CH_123', 'REDEEM_CODE', 'worker-7', 30);

CREATE PROCEDURE acquire_quota_lease (
    IN p_tenant_id    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_holder       VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_ttl_seconds  INT
)
    COMMENT 'Take one token of a tenant''s concurrency limits, until a time.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_status, v_transaction  VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_lease_id          CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
            DEFAULT INSERT(INSERT(BIN_TO_UUID(RANDOM_BYTES(16)), 15, 1, '4'), 20, 1, 'a');
    DECLARE v_quota_id          BIGINT UNSIGNED;
    DECLARE v_used_count, v_retry_after_ms  BIGINT;
    DECLARE v_next_reset_time   DATETIME;

    IF NOT COALESCE(p_holder >= '!' AND CHAR_LENGTH(p_holder) <= 64
                    AND p_ttl_seconds BETWEEN 1 AND 31536000, FALSE) THEN
        CALL validate_quota_argument('p_holder', p_holder, NULL, 64);
        CALL validate_quota_argument('p_ttl_seconds', p_ttl_seconds, 1, 31536000);
    END IF;
    CALL charge_quota('LEASE', p_tenant_id, p_quota_type, 1, NULL, NULL, NULL, v_lease_id, p_ttl_seconds, p_holder,
                      TRUE, v_transaction, v_status, v_quota_id, v_used_count, v_next_reset_time, v_retry_after_ms);
    SELECT v_status IN ('GRANTED', 'REPLAYED') AS success, v_status AS status, v_quota_id AS quota_id,
           q.limit_type, q.hard_limit, v_used_count AS used_count,
           GREATEST(COALESCE(q.concurrent_tokens, 0) - v_used_count, 0) AS remaining, q.next_reset_time,
           COALESCE(v_retry_after_ms, (
               SELECT GREATEST(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), MIN(f.expires_at)) DIV 1000 + 1, 1)
               FROM quota_reservations AS f
               WHERE v_status = 'EXCEEDED' AND q.concurrent_tokens > 0 AND f.quota_id = q.quota_id
                 AND f.status = 'HELD')) AS retry_after_ms, v_transaction AS `transaction`,
           v_lease_id AS lease_id, h.expires_at,
           GREATEST(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), h.expires_at) DIV 1000, 0) AS expires_in_ms
    FROM (SELECT MAX(expires_at) AS expires_at FROM quota_reservations WHERE reservation_id = v_lease_id) AS h
    LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id;
END
