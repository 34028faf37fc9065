-- cancel_quota_reservation: give back all that a reservation holds.
--
-- It comes back into the period it was held in. If confirm, cancel and expiry race, exactly one
-- succeeds; the others report it. To undo a confirmed reservation, refund it.
--
--   p_reservation_id  from reserve_quota
--
-- Answers  one row, as consume_quota, then reservation_id; the limit shown is the tightest. Status CANCELLED;
--          REPLAYED if it was cancelled before; with success 0: CONFIRMED, EXPIRED, NOT_FOUND
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   docs/design.md, section 3
-- Example  CALL cancel_quota_reservation('5b8a7c1e-0000-4000-8000-000000000000');

CREATE PROCEDURE cancel_quota_reservation (
    IN p_reservation_id  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Give back all that a reservation holds.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_status, v_transaction VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id BIGINT UNSIGNED;
    DECLARE v_used_count BIGINT;
    DECLARE v_expires_at DATETIME(6);

    IF NOT COALESCE(p_reservation_id >= '!' AND CHAR_LENGTH(p_reservation_id) <= 36, FALSE) THEN
        CALL validate_quota_argument('p_reservation_id', p_reservation_id, NULL, 36);
    END IF;
    CALL settle_quota_hold('CANCEL', p_reservation_id, NULL, NULL,
                           v_quota_id, v_status, v_used_count, v_transaction, v_expires_at);
    SELECT v_status IN ('CANCELLED', 'REPLAYED') AS success, v_status AS status, v_quota_id AS quota_id, q.limit_type,
           q.hard_limit, v_used_count AS used_count, GREATEST(q.hard_limit - v_used_count, 0) AS remaining,
           q.next_reset_time, CAST(NULL AS SIGNED) AS retry_after_ms, v_transaction AS `transaction`,
           p_reservation_id AS reservation_id
    FROM (SELECT 1) AS one LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id;
END
