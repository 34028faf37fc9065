-- release_quota_lease: give a lease's token back.
--
-- Releasing twice, or after the lease has lapsed, frees nobody else's token.
--
--   p_lease_id   from acquire_quota_lease
--
-- Answers  one row, as renew_quota_lease. Status RELEASED; REPLAYED if it was released before; with success 0:
--          EXPIRED, NOT_FOUND
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   docs/design.md, section 3
-- Example  CALL release_quota_lease('5b8a7c1e-0000-4000-8000-000000000000');

CREATE PROCEDURE release_quota_lease (
    IN p_lease_id  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Give a lease''s token back.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL settle_quota_hold('RELEASE', p_lease_id, NULL, NULL);
END
