-- lock_quota_hold: internal: lock a reservation or lease: its quotas' rows by quota_id, then its own.
--
-- Which quotas these are never changes, so a plain read finds them; where that finds none
-- inside the caller's transaction, whose snapshot may be older than the hold, a locking
-- read looks again.
--
--   p_reservation_id, p_kind   which; RESERVATION or LEASE
--   p_transaction   what open_quota_transaction answered
--   p_quotas        JSON array of the quota_ids
--   p_found         HELD if all of it is held, else the status of the row settled first; NULL
--                   if there is no such hold
--   p_held, p_confirmed   units held, and kept by a confirmation
--   p_expires_at    UTC
--
-- Raises   nothing of its own
-- Source   DESIGN, section 5
-- Example  see settle_quota_hold

CREATE PROCEDURE lock_quota_hold (
    IN  p_reservation_id  CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_kind            VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_transaction     VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_quotas          JSON,
    OUT p_found           VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_held            BIGINT,
    OUT p_confirmed       BIGINT,
    OUT p_expires_at      DATETIME(6)
)
    COMMENT 'internal: lock a reservation or lease: its quotas'' rows by quota_id, then its own.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SELECT JSON_ARRAYAGG(quota_id) INTO p_quotas
    FROM quota_reservations
    WHERE reservation_id = p_reservation_id AND kind = p_kind;
    IF p_quotas IS NULL AND p_transaction = 'JOINED' THEN
        SELECT JSON_ARRAYAGG(quota_id) INTO p_quotas
        FROM quota_reservations
        WHERE reservation_id = p_reservation_id AND kind = p_kind
        FOR SHARE;
    END IF;

    IF p_quotas IS NOT NULL THEN
        CALL lock_quota_rows(p_quotas);

        SELECT status, amount, confirmed_amount, expires_at INTO p_found, p_held, p_confirmed, p_expires_at
        FROM JSON_TABLE(p_quotas, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$')) AS l
        STRAIGHT_JOIN quota_reservations AS r FORCE INDEX (PRIMARY)
            ON r.reservation_id = p_reservation_id AND r.quota_id = l.quota_id
        ORDER BY r.status = 'HELD', r.quota_id
        LIMIT 1
        FOR UPDATE OF r;
    END IF;
END
