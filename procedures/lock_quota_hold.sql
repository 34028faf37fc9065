-- lock_quota_hold: internal: lock a hold on several limits, in the order of all locks.
--
-- Level by level, from the tenant to its ancestors, then by limit_type: the quotas' rows, and under
-- each the hold's. Also for a hold that the caller's snapshot does not show: a row shows in it once
-- this transaction has changed it. Which limits a hold is on never changes, so a plain read finds
-- them.
--
--   p_reservation_id  which hold
--   p_first_id, p_last_id   its least and greatest quota_id, as the caller found them; NULL: not
--                     found, look again
--   p_found           HELD if all its parts are held, else the status of one that is not
--
-- Source   DESIGN, section 5

CREATE PROCEDURE lock_quota_hold (
    IN    p_reservation_id  CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_first_id        BIGINT UNSIGNED,
    INOUT p_last_id         BIGINT UNSIGNED,
    OUT   p_found           VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: lock a hold on several limits, in the order of all locks.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_locked  INT;

    IF p_first_id IS NULL THEN
        UPDATE quota_reservations FORCE INDEX (PRIMARY)
        SET updated_at = UTC_TIMESTAMP(6)
        WHERE reservation_id = p_reservation_id;
        SELECT MIN(quota_id), MAX(quota_id) INTO p_first_id, p_last_id
        FROM quota_reservations
        WHERE reservation_id = p_reservation_id;
    END IF;

    SELECT COUNT(q.used_count), MAX(IF(r.status = 'HELD', NULL, r.status)) INTO v_locked, p_found
    FROM (SELECT h.quota_id
          FROM quota_reservations AS h
          LEFT JOIN tenant_quotas AS l ON l.quota_id = h.quota_id
          WHERE h.reservation_id = p_reservation_id
          ORDER BY h.level_number, l.limit_type
          LIMIT 1000000) AS part
    LEFT JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = part.quota_id
    STRAIGHT_JOIN quota_reservations AS r FORCE INDEX (PRIMARY)
        ON r.reservation_id = p_reservation_id AND r.quota_id = part.quota_id
    FOR UPDATE OF q, r;
END
