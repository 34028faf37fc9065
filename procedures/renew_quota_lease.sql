-- renew_quota_lease: hold a lease for longer, counted from now.
--
-- For a holder that is still at work: renew well before the lease lapses. A lapsed lease
-- cannot be renewed, since its token may be somebody else's by now: stop, and acquire anew.
--
--   p_lease_id     from acquire_quota_lease
--   p_ttl_seconds  seconds from now until it lapses, 1 to 31536000
--
-- Answers  one row, as consume_quota, then lease_id and expires_at (UTC). Status RENEWED;
--          with success 0: EXPIRED, RELEASED, NOT_FOUND
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   DESIGN, section 3
-- Example  CALL renew_quota_lease('5b8a7c1e-0000-4000-8000-000000000000', 30);

CREATE PROCEDURE renew_quota_lease (
    IN p_lease_id     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_ttl_seconds  INT
)
    COMMENT 'Hold a lease for longer, counted from now.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_success          BOOLEAN;
    DECLARE v_status           VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id         BIGINT UNSIGNED;
    DECLARE v_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_hard_limit       BIGINT;
    DECLARE v_used_count       BIGINT;
    DECLARE v_remaining        BIGINT;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_retry_after_ms   BIGINT;
    DECLARE v_transaction      VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_expires_at       DATETIME(6);

    CALL check_quota_name('p_lease_id', p_lease_id, 36);
    CALL check_quota_ttl(p_ttl_seconds);
    CALL settle_quota_hold('RENEW', p_lease_id, NULL, p_ttl_seconds, NULL,
                           v_success, v_status, v_quota_id, v_limit_type, v_hard_limit, v_used_count, v_remaining,
                           v_next_reset_time, v_retry_after_ms, v_transaction, v_expires_at);

    SELECT v_success          AS success,
           v_status           AS status,
           v_quota_id         AS quota_id,
           v_limit_type       AS limit_type,
           v_hard_limit       AS hard_limit,
           v_used_count       AS used_count,
           v_remaining        AS remaining,
           v_next_reset_time  AS next_reset_time,
           v_retry_after_ms   AS retry_after_ms,
           v_transaction      AS `transaction`,
           p_lease_id         AS lease_id,
           v_expires_at       AS expires_at;
END
