-- confirm_quota_reservation: keep what a reservation holds, or part of it.
--
-- What is not kept comes back, into the period it was held in, even where that is closed by
-- now. Of confirming, cancelling and lapsing one wins, and the others are told.
--
--   p_reservation_id  from reserve_quota
--   p_amount          units to keep, 1 or more; NULL: all
--
-- Answers  one row, as consume_quota, then reservation_id; the limit shown is the tightest.
--          Status CONFIRMED; REPLAYED if it was confirmed so before; with success 0:
--          CANCELLED, EXPIRED, NOT_FOUND
-- Raises   45001 invalid_argument (more than is held too), 45002 key_reused (confirmed with
--          another amount), 45003 clock_pinned
-- Source   DESIGN, section 3
-- Example  CALL confirm_quota_reservation('5b8a7c1e-0000-4000-8000-000000000000', NULL);

CREATE PROCEDURE confirm_quota_reservation (
    IN p_reservation_id  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount          BIGINT
)
    COMMENT 'Keep what a reservation holds, or part of it.'
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

    CALL check_quota_name('p_reservation_id', p_reservation_id, 36);
    IF p_amount IS NOT NULL THEN
        CALL check_quota_number('p_amount', p_amount, 1);
    END IF;
    CALL settle_quota_hold('CONFIRM', p_reservation_id, p_amount, NULL, NULL,
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
           p_reservation_id   AS reservation_id;
END
