-- renew_quota_lease: hold a lease for longer, counted from now.
--
-- For a holder that is still at work: renew well before the lease lapses. A lapsed lease cannot be renewed, since its
-- token may be somebody else's by now: stop, and acquire again.
--
--   p_lease_id     from acquire_quota_lease
--   p_ttl_seconds  seconds from now until it lapses, 1 to 31536000
--
-- Answers  one row, as consume_quota, then lease_id, expires_at (UTC) and expires_in_ms. Status RENEWED; with success
--          0: EXPIRED, RELEASED, NOT_FOUND
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   docs/design.md, section 3
-- Example  CALL renew_quota_lease('5b8a7c1e-0000-4000-8000-000000000000', 30);

CREATE PROCEDURE renew_quota_lease (
    IN p_lease_id     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_ttl_seconds  INT
)
    COMMENT 'Hold a lease for longer, counted from now.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    IF NOT COALESCE(p_ttl_seconds BETWEEN 1 AND 31536000, FALSE) THEN
        CALL validate_quota_argument('p_ttl_seconds', p_ttl_seconds, 1, 31536000);
    END IF;
    CALL settle_quota_hold('RENEW', p_lease_id, NULL, p_ttl_seconds);
END
