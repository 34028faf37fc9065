-- end_lapsed_quota_holds: internal: give back the lapsed reservations and leases of one quota.
--
-- Under the quota's row lock, which the caller holds. A plain look finds the next hold, and
-- settle_quota_hold locks it by its key.
--
--   p_quota_id     whose
--   p_transaction  JOINED: look for holds that are younger than the caller's snapshot too. If there may be
--                  some, that leaves the gap behind them locked until it ends. OWN: do not
--   p_ended        holds that ended
--
-- Source   docs/design.md, sections 2 and 3

CREATE PROCEDURE end_lapsed_quota_holds (
    IN  p_quota_id     BIGINT UNSIGNED,
    IN  p_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_ended        INT
)
    COMMENT 'internal: give back the lapsed reservations and leases of one quota.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_hold_id, v_after_id, v_status, v_ignored
            VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT '';
    DECLARE v_after DATETIME(6) DEFAULT '1000-01-01';
    DECLARE v_looks_again BOOLEAN DEFAULT p_transaction = 'JOINED';
    DECLARE v_quota_id BIGINT UNSIGNED DEFAULT p_quota_id;
    DECLARE v_used_count BIGINT;

    SET p_ended = 0;
    WHILE v_hold_id IS NOT NULL DO
        SET v_hold_id = NULL;
        SELECT reservation_id, expires_at INTO v_hold_id, v_after
        FROM quota_reservations FORCE INDEX (quota_reservations_held)
        WHERE quota_id = p_quota_id AND status = 'HELD' AND expires_at BETWEEN v_after AND UTC_TIMESTAMP(6)
          AND (expires_at > v_after OR reservation_id > v_after_id)
        ORDER BY expires_at, reservation_id LIMIT 1;
        IF v_hold_id IS NOT NULL THEN
            SET v_after_id = v_hold_id;
            CALL settle_quota_hold('EXPIRE', v_hold_id, NULL, NULL, v_quota_id, v_status, v_used_count,
                                   v_ignored, v_ignored);
            SET p_ended = p_ended + (v_status = 'EXPIRED');
        ELSEIF v_looks_again THEN
            -- Those that the snapshot shows, as they are now, by their keys: do leases hold more than that?
            SELECT MAX(q.limit_type) <> 'CONCURRENT' OR MAX(q.leased_count) <> COALESCE(
                       SUM(IF(r.status = 'HELD' AND r.expires_at > UTC_TIMESTAMP(6), r.amount, 0)), 0)
            INTO v_looks_again
            FROM tenant_quotas AS q
            LEFT JOIN (SELECT reservation_id FROM quota_reservations
                       WHERE quota_id = p_quota_id AND status = 'HELD' LIMIT 1000000) AS h ON TRUE
            LEFT JOIN quota_reservations AS r FORCE INDEX (PRIMARY)
                ON r.reservation_id = h.reservation_id AND r.quota_id = p_quota_id
            WHERE q.quota_id = p_quota_id FOR UPDATE OF q FOR SHARE OF r;
            IF v_looks_again THEN  -- a row shows in the snapshot once this transaction has changed it
                UPDATE quota_reservations FORCE INDEX (quota_reservations_held)
                SET updated_at = UTC_TIMESTAMP(6)
                WHERE quota_id = p_quota_id AND status = 'HELD' AND expires_at <= UTC_TIMESTAMP(6);
                SET v_after = '1000-01-01', v_after_id = '', v_hold_id = '', v_looks_again = FALSE;
            END IF;
        END IF;
    END WHILE;
END
