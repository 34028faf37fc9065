-- confirm_quota_reservation: keep what a reservation holds, or part of it.
--
-- The rest comes back, into the period it was held in, even if that is closed by now. If confirm, cancel and expiry
-- race, exactly one succeeds; the others report it.
--
--   p_reservation_id  from reserve_quota
--   p_amount          units to keep, 1 or more; NULL: all
--
-- Answers  one row, as consume_quota, then reservation_id; the limit shown is the tightest. Status CONFIRMED;
--          REPLAYED if it was confirmed so before; with success 0: CANCELLED, EXPIRED, NOT_FOUND
-- Raises   45001 invalid_argument (more than is held too), 45002 key_reused (another amount), 45003 clock_pinned
-- Source   docs/design.md, section 3
-- Example  CALL confirm_quota_reservation('5b8a7c1e-0000-4000-8000-000000000000', NULL);

CREATE PROCEDURE confirm_quota_reservation (
    IN p_reservation_id  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount          DECIMAL(40,10)
)
    COMMENT 'Keep what a reservation holds, or part of it.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    IF NOT COALESCE(p_amount BETWEEN 1 AND 9223372036854775807 AND p_amount = FLOOR(p_amount), TRUE) THEN
        CALL validate_quota_argument('p_amount', p_amount, 1, 9223372036854775807);
    END IF;
    CALL settle_quota_hold('CONFIRM', p_reservation_id, p_amount, NULL);
END
