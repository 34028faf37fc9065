-- cancel_quota_reservation: give back all that a reservation holds.
--
-- It comes back into the period it was held in. If confirm, cancel and expiry race, exactly one succeeds; the others
-- report it. To undo a confirmed reservation, refund it.
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
    CALL settle_quota_hold('CANCEL', p_reservation_id, NULL, NULL);
END
